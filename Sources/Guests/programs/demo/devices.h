// The devices of VTL0: the serial port's receiver, and the periodic device.
#pragma once

#include <stdint.h>

// Expiries of the periodic device and the interrupts they made: fewer, where two were one.
struct device_sums {
  uint32_t interrupts, expiries;
};
struct device_sums line_sums(void);
struct device_sums message_sums(void);
uint64_t serial_bytes(void);
// Interrupts that no device sent, and lines that somebody typed into.
uint64_t device_strays(void);

void devices_start(uint64_t period); // of the periodic device, in TSC ticks
// Lets the periodic device's owner do what is due. Called at each tick on every processor.
void devices_drive(void);
// Once a second.
void devices_check(void);
