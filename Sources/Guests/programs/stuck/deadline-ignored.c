// Processor 2 changes from its periodic timer to TSC deadlines, but leaves the mode in the LVT entry as it
// was: the write of the deadline does nothing (SDM Vol. 3A, 12.5.4.1), and nothing else will wake it.
#include "guest.h"

enum { VECTOR_ALARM = 0x61, SLEEPER = 2 };

NAMED static void sleep(uint32_t round) {
  wrmsr(MSR_TSC_DEADLINE, rdtsc() + 5 * TICKS_PER_MILLISECOND);
  wait_for_answers(round);
}

static void part(uint32_t vp) {
  if (vp != SLEEPER) return;
  rest(10);
  apic_timer_stop();
  apic_write(APIC_LVT_TIMER, (near_miss ? LVT_DEADLINE : LVT_PERIODIC) | VECTOR_ALARM);
  for (uint32_t round = 1;; round++) sleep(round);
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_ALARM, answer);
  play(&(struct play){.part = part});
}
