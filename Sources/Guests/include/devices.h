// The devices with interrupts. ../README.md has their registers.
#pragma once

#include "cpu.h"

enum line { LINE_SERIAL = 4, LINE_PERIODIC = 17 };

// COM1.
enum serial_port {
  SERIAL_DATA = 0x3F8,
  SERIAL_INTERRUPT_ENABLE = 0x3F9,
  SERIAL_FIFO_CONTROL = 0x3FA,
  SERIAL_MODEM_CONTROL = 0x3FC,
  SERIAL_LINE_STATUS = 0x3FD,
};
enum serial_line_status { SERIAL_DATA_READY = 1 << 0, SERIAL_OVERRUN = 1 << 1, SERIAL_EMPTY = 1 << 5 };

// Turns the FIFO on and lets each byte that comes interrupt.
void serial_listen(void);

// The periodic device.
enum periodic_port {
  PERIODIC_CONTROL = 0xB00,
  PERIODIC_PERIOD = 0xB04,
  PERIODIC_STATUS = 0xB08,
  PERIODIC_COUNT = 0xB0C,
  PERIODIC_ADDRESS = 0xB10,
  PERIODIC_ADDRESS_HIGH = 0xB14,
  PERIODIC_DATA = 0xB18,
};
enum periodic_control { PERIODIC_ENABLE = 1 << 0, PERIODIC_MESSAGE = 1 << 1, PERIODIC_MASK = 1 << 2 };
#define PERIODIC_PENDING 1

// A message is a write to APIC_BASE_ADDRESS, with an APIC ID in bits 19:12 (SDM Vol. 3A, 12.11).
#define MESSAGE_DESTINATION(id) ((uint32_t)(id) << 12)

// The test line that drives a pin.
static inline void set_line(uint8_t pin, bool high) { outb((uint16_t)(0x2000 + pin), high); }
