// The synthetic interrupt controller, and connections to its sources (TLFS, "Inter-Partition Communication").
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MSR_SCONTROL 0x40000080
#define MSR_SIEFP 0x40000082
#define MSR_SIMP 0x40000083
#define MSR_EOM 0x40000084
#define MSR_SINT0 0x40000090

#define SINT_MASKED (1 << 16)
#define SINT_AUTO_EOI (1 << 17)
#define SINT_POLLED (1 << 18)

// HV_MESSAGE: what stands in a slot.
struct synic_message {
  volatile uint32_t type; // 0: empty
  uint8_t payload_size;
  volatile uint8_t flags; // bit 0: more wait
  uint8_t reserved[2];
  uint64_t origin;
  uint64_t payload[30];
};
_Static_assert(sizeof(struct synic_message) == 256, "TLFS: HV_MESSAGE");

// What the test device at port 3000h does.
enum connection_operation {
  ROUTE_MAKE = 1,
  ROUTE_BREAK,
  ROUTE_SIGNAL,
  MESSAGE_CONNECTION_MAKE,
  MESSAGE_CONNECTION_BREAK,
  EVENT_CONNECTION_MAKE,
  EVENT_CONNECTION_BREAK,
};
void connection_device(enum connection_operation operation, uint32_t connection, uint32_t vp, uint32_t sint);

// Both return the status. The message's payload is one word.
uint16_t post_message(uint32_t connection, uint32_t type, uint64_t payload);
uint16_t signal_event(uint32_t connection, uint32_t flag);
