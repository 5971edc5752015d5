// A periodic timer per processor, and idling between its ticks.
#pragma once

#include <stdint.h>

#define TICKS_PER_MILLISECOND (boot_info.tsc_hz / 1000)

// Starts the running context's timer, in TSC ticks per period. In deadline mode each tick arms the next.
enum tick_mode { TICK_PERIODIC, TICK_DEADLINE };
void tick_start(enum tick_mode mode, uint64_t period);

// Halts until something happened. Call it with interrupts enabled.
void idle(void);
// Idles until the TSC is past a point.
void idle_until(uint64_t tsc);
