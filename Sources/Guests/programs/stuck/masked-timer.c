// Processor 2 sleeps 5 ms at a time, on a one-shot timer. The third time its LVT entry is masked when the
// timer expires: the expiry is lost, and nothing else will wake it.
#include "guest.h"

enum { VECTOR_ALARM = 0x61, SLEEPER = 2, MASKED_ROUND = 3 };

NAMED static void sleep(uint32_t round) {
  uint32_t masked = round == MASKED_ROUND && !near_miss ? LVT_MASKED : 0;
  apic_timer(LVT_ONE_SHOT | masked, VECTOR_ALARM, 5 * TICKS_PER_MILLISECOND);
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
