// Processor 1 gives processor 2 work, which that wants to begin after 100 ms of sleep. But it takes the
// frequency of the TSC for ticks in a millisecond, not in a second: 100 ms become 100 s.
#include "guest.h"

enum { VECTOR_WORK = 0x41, VECTOR_ALARM = 0x61, CALLER = 1, SLEEPER = 2, MILLISECONDS = 100 };

static volatile uint32_t asked, alarms;

static void take_request(struct frame *frame) { (void)frame, asked++; }
static void take_alarm(struct frame *frame) { (void)frame, alarms++; }

// Halts until there are `count`: interrupts are off between the look and HLT.
NAMED static void wait_for(volatile uint32_t *what, uint32_t count) {
  disable_interrupts();
  while (*what < count) {
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
}

NAMED static void sleep(uint32_t round) {
  uint64_t ticks_per_millisecond = near_miss ? TICKS_PER_MILLISECOND : boot_info.tsc_hz;
  apic_timer(LVT_DEADLINE, VECTOR_ALARM, rdtsc() + MILLISECONDS * ticks_per_millisecond);
  wait_for(&alarms, round);
}

static void part(uint32_t vp) {
  if (vp == CALLER) rest(10);
  for (uint32_t round = 1; vp == CALLER; round++) {
    apic_send(SLEEPER, ICR_FIXED | ICR_ASSERT | VECTOR_WORK);
    wait_for_answers(round);
  }
  if (vp == SLEEPER) apic_timer_stop();
  for (uint32_t round = 1; vp == SLEEPER; round++) {
    wait_for(&asked, round);
    sleep(round);
    answers++;
  }
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_WORK, take_request);
  set_handler(0, VECTOR_ALARM, take_alarm);
  play(&(struct play){.part = part});
}
