// The instructions C has no words for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// For functions in which a processor waits: whoever looks on sees their names.
#define NAMED __attribute__((noinline))

#define MSR_APIC_BASE 0x1B
#define MSR_TSC_DEADLINE 0x6E0
#define MSR_EFER 0xC0000080
#define MSR_GS_BASE 0xC0000101

#define RFLAGS_IF (1 << 9)

static inline uint64_t rdmsr(uint32_t msr) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint8_t inb(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline void outb(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t inl(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint64_t rdtsc(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
}

struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

#define CONTROL_REGISTER(n)                                         \
  static inline uint64_t read_cr##n(void) {                         \
    uint64_t value;                                                 \
    __asm__ volatile("movq %%cr" #n ", %0" : "=r"(value));          \
    return value;                                                   \
  }                                                                 \
  static inline void write_cr##n(uint64_t value) {                  \
    __asm__ volatile("movq %0, %%cr" #n : : "r"(value) : "memory"); \
  }
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
CONTROL_REGISTER(8)

static inline void invlpg(uint64_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }

static inline void cpu_pause(void) { __asm__ volatile("pause" : : : "memory"); }
static inline void disable_interrupts(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void enable_interrupts(void) { __asm__ volatile("sti" : : : "memory"); }

// Halts until an interrupt was taken. STI opens the window only after HLT, so a wake-up cannot slip in
// between.
static inline void halt_with_interrupts(void) { __asm__ volatile("sti\n\thlt" : : : "memory"); }

static inline uint64_t read_flags(void) {
  uint64_t flags;
  __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
  return flags;
}

// Disables interrupts and says whether they were enabled; `restore_interrupts` undoes it.
static inline bool save_interrupts(void) {
  bool enabled = read_flags() & RFLAGS_IF;
  disable_interrupts();
  return enabled;
}

static inline void restore_interrupts(bool enabled) {
  if (enabled) enable_interrupts();
}

static inline void spin_until(uint64_t tsc) {
  while (rdtsc() < tsc) cpu_pause();
}

static inline void spin_for(uint64_t ticks) { spin_until(rdtsc() + ticks); }
