// Processor 2 sleeps on TSC deadlines. It takes the frequency of the TSC for ticks in a millisecond, not in a
// second: 100 ms become 100 s.
#include "guest.h"

enum { VECTOR_ALARM = 0x61, SLEEPER = 2, MILLISECONDS = 100 };

NAMED static void sleep(uint32_t round) {
  uint64_t ticks_per_millisecond = near_miss ? TICKS_PER_MILLISECOND : boot_info.tsc_hz;
  apic_timer(LVT_DEADLINE, VECTOR_ALARM, rdtsc() + MILLISECONDS * ticks_per_millisecond);
  wait_for_answers(round);
}

static void part(uint32_t vp) {
  if (vp != SLEEPER) return;
  for (uint32_t round = 1;; round++) sleep(round);
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_ALARM, answer);
  play(&(struct play){.part = part});
}
