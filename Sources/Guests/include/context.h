// A context: one VTL of one processor. GS points to the one that runs, since GS base is private to each VTL.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAX_VPS 64
#define VTLS 2

// The task state segment of 64-bit mode: stacks to switch to (SDM Vol. 3A, 8.7).
struct __attribute__((packed)) tss {
  uint32_t reserved0;
  uint64_t rsp[3];
  uint64_t reserved1;
  uint64_t ist[7]; // ist[0] is IST1
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_map;
};

enum selector { SELECTOR_CODE = 0x08, SELECTOR_DATA = 0x10, SELECTOR_TSS = 0x18 };

struct recovery;

struct context {
  struct context *self;
  uint32_t vp;
  uint32_t vtl;
  volatile bool online;
  bool x2apic;
  volatile uint32_t lazy_eoi; // bit 0: the next EOI may be to clear this; set by the core
  bool left_in_service;       // by the handler that runs: it wants no EOI
  bool entered;               // VTL1 only: it has set itself up
  struct recovery *recovery;  // where a caught exception continues, or null
  volatile uint64_t ticks;    // of the timer that `tick.h` runs
  uint64_t tick_period;       // in TSC ticks
  uint64_t tick_start;
  uint64_t tick_due;
  volatile uint64_t strays;      // interrupts nobody here has a handler for
  volatile uint64_t counts[256]; // interrupts and exceptions taken, by vector
  uint64_t gdt[5];
  struct tss tss;
  // Hypercall parameters must not cross a page.
  _Alignas(512) uint8_t hypercall_input[256];
  uint8_t hypercall_output[256];
};

extern struct context contexts[VTLS][MAX_VPS];

#define STACK_SIZE 8192
extern uint8_t stacks[VTLS][MAX_VPS][STACK_SIZE];
extern uint8_t fault_stacks[VTLS][MAX_VPS][STACK_SIZE]; // IST1

// Fills in a context and its descriptor tables.
void context_prepare(uint32_t vp, uint32_t vtl);
// Makes a prepared VTL0 context the running one: loads its descriptor tables and GS.
void context_load(struct context *context);

// How often a context has taken a vector.
static inline uint64_t interrupt_count(uint32_t vp, uint32_t vtl, uint8_t vector) {
  return contexts[vtl][vp].counts[vector];
}

static inline struct context *this_context(void) {
  struct context *context;
  __asm__("movq %%gs:0, %0" : "=r"(context));
  return context;
}
