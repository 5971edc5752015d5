// The IOAPIC (82093AA data sheet). Registers are two accesses, an index and the data: these functions may be
// called on any processor, also in handlers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_ADDRESS 0xFEC00000
#define IOAPIC_PINS 24

enum ioapic_register { IOAPIC_ID = 0, IOAPIC_VERSION = 1, IOAPIC_ARBITRATION = 2, IOAPIC_TABLE = 0x10 };

// Bits of a redirection entry beside the vector; delivery modes and ICR_LOGICAL are as in the ICR.
enum redirection {
  ROUTE_SEND_PENDING = 1 << 12,
  ROUTE_ACTIVE_LOW = 1 << 13,
  ROUTE_REMOTE_IRR = 1 << 14,
  ROUTE_LEVEL = 1 << 15,
  ROUTE_MASKED = 1 << 16,
};

uint32_t ioapic_read(uint8_t index);
void ioapic_write(uint8_t index, uint32_t value);

// Sends a pin's interrupt to a destination; `entry` is bits 31:0 of the entry. An unmasked pin goes to the
// new destination with its old entry for a moment.
void ioapic_route(uint8_t pin, uint32_t destination, uint32_t entry);
// Bits 31:0 of a pin's entry.
uint32_t ioapic_entry(uint8_t pin);
void ioapic_mask(uint8_t pin, bool masked);
