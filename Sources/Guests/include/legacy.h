// The interrupt controllers and the timer that a PC had first: a pair of 8259s and an 8254.
#pragma once

#include "cpu.h"

enum pic_port { PIC_MASTER = 0x20, PIC_SLAVE = 0xA0, PIC_LEVELS = 0x4D0 };
enum pic_command { PIC_EOI = 0x20, PIC_READ_IRR = 0x0A, PIC_READ_ISR = 0x0B };
#define PIC_DATA(chip) ((uint16_t)((chip) + 1))
#define PIC_CASCADE 2
#define PIC_SPURIOUS 7

// Initializes both chips: `vector` is that of IRQ 0, and 8 above it that of IRQ 8. All masked.
static inline void pic_initialize(uint8_t vector) {
  for (int slave = 0; slave < 2; slave++) {
    uint16_t chip = slave ? PIC_SLAVE : PIC_MASTER;
    outb(chip, 0x11);
    outb(PIC_DATA(chip), (uint8_t)(vector + 8 * slave));
    outb(PIC_DATA(chip), slave ? PIC_CASCADE : 1 << PIC_CASCADE);
    outb(PIC_DATA(chip), 1);
    outb(PIC_DATA(chip), 0xFF);
  }
}

// Unmasks the IRQs of `irqs`, bit n IRQ n, and masks the others.
static inline void pic_open(uint16_t irqs) {
  if (irqs >> 8) irqs |= 1 << PIC_CASCADE;
  outb(PIC_DATA(PIC_MASTER), (uint8_t)~irqs);
  outb(PIC_DATA(PIC_SLAVE), (uint8_t)(~irqs >> 8));
}

static inline uint8_t pic_read(uint16_t chip, uint8_t command) {
  outb(chip, command);
  return inb(chip);
}

#define PIT_FREQUENCY 1193182
enum pit_port { PIT_COUNTER_0 = 0x40, PIT_COUNTER_2 = 0x42, PIT_CONTROL = 0x43, PIT_GATE = 0x61 };
enum pit_control { PIT_BOTH_BYTES = 3 << 4, PIT_ONE_SHOT = 0 << 1, PIT_RATE = 2 << 1, PIT_SQUARE = 3 << 1 };

static inline void pit_start(uint8_t mode, uint16_t count) {
  outb(PIT_CONTROL, PIT_BOTH_BYTES | mode);
  outb(PIT_COUNTER_0, (uint8_t)count);
  outb(PIT_COUNTER_0, (uint8_t)(count >> 8));
}

// Latches the count of counter 0.
static inline uint16_t pit_count(void) {
  outb(PIT_CONTROL, 0);
  uint8_t low = inb(PIT_COUNTER_0);
  return (uint16_t)(inb(PIT_COUNTER_0) << 8 | low);
}
