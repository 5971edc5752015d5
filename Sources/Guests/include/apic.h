// The local APIC of the running context, in xAPIC or x2APIC mode (SDM Vol. 3A, chapter 12).
#pragma once

#include "context.h"
#include "cpu.h"

#define APIC_BASE_ADDRESS 0xFEE00000
#define APIC_BASE_BSP (1 << 8)
#define APIC_BASE_X2APIC (1 << 10)
#define APIC_BASE_ENABLE (1 << 11)

enum apic_register {
  APIC_ID = 0x20,
  APIC_VERSION = 0x30,
  APIC_TPR = 0x80,
  APIC_PPR = 0xA0,
  APIC_EOI = 0xB0,
  APIC_LDR = 0xD0,
  APIC_DFR = 0xE0,
  APIC_SVR = 0xF0,
  APIC_ISR = 0x100,
  APIC_TMR = 0x180,
  APIC_IRR = 0x200,
  APIC_ESR = 0x280,
  APIC_ICR = 0x300,
  APIC_ICR2 = 0x310,
  APIC_LVT_TIMER = 0x320,
  APIC_LVT_LINT0 = 0x350,
  APIC_LVT_LINT1 = 0x360,
  APIC_LVT_ERROR = 0x370,
  APIC_TIMER_INITIAL = 0x380,
  APIC_TIMER_CURRENT = 0x390,
  APIC_TIMER_DIVIDE = 0x3E0,
  APIC_SELF_IPI = 0x3F0,
};

enum icr {
  ICR_FIXED = 0 << 8,
  ICR_LOWEST = 1 << 8,
  ICR_NMI = 4 << 8,
  ICR_INIT = 5 << 8,
  ICR_STARTUP = 6 << 8,
  ICR_EXTERNAL = 7 << 8, // not in the ICR: in the entries of pins, and in messages
  ICR_LOGICAL = 1 << 11,
  ICR_BUSY = 1 << 12,
  ICR_ASSERT = 1 << 14,
  ICR_SELF = 1 << 18,
  ICR_ALL = 2 << 18,
  ICR_ALL_BUT_SELF = 3 << 18,
};

enum lvt { LVT_MASKED = 1 << 16, LVT_ONE_SHOT = 0 << 17, LVT_PERIODIC = 1 << 17, LVT_DEADLINE = 2 << 17 };

#define SVR_ENABLE (1 << 8)
#define DFR_FLAT 0xFFFFFFFF
#define DFR_CLUSTER 0x0FFFFFFF
#define TIMER_DIVIDE_1 0xB

static inline uint32_t apic_read(uint32_t offset) {
  if (this_context()->x2apic) return (uint32_t)rdmsr(0x800 + offset / 16);
  return *(volatile uint32_t *)(uint64_t)(APIC_BASE_ADDRESS + offset);
}

static inline void apic_write(uint32_t offset, uint32_t value) {
  if (this_context()->x2apic)
    wrmsr(0x800 + offset / 16, value);
  else
    *(volatile uint32_t *)(uint64_t)(APIC_BASE_ADDRESS + offset) = value;
}

static inline void apic_eoi(void) { apic_write(APIC_EOI, 0); }

// Is the vector's bit set in IRR, ISR or TMR?
static inline bool apic_bit(uint32_t first, uint8_t vector) {
  return apic_read(first + vector / 32 * 16) >> vector % 32 & 1;
}

// Enables the APIC of the running context in xAPIC mode, software-enabled, ready for flat logical
// destinations.
void apic_enable(void);
// Switches it to x2APIC mode, and back (through disabled: there is no direct way).
void apic_enter_x2apic(void);
void apic_leave_x2apic(void);

// Sends an interrupt: `command` is ICR bits 31:0 without the destination, of ICR_ values and a vector.
void apic_send(uint32_t destination, uint32_t command);

// This processor's APIC ID as the mode shows it.
uint32_t apic_id(void);

// Starts the timer at full speed (divide by 1): `count` ticks, or for LVT_DEADLINE the TSC value.
void apic_timer(uint32_t mode, uint8_t vector, uint64_t count);
void apic_timer_stop(void);
