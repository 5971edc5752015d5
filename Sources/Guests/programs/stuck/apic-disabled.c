// Processor 2 clears the global enable bit of its APIC (IA32_APIC_BASE bit 11), on the way to another mode
// from which it never comes back: no interrupt finds it, not even INIT.
#include "guest.h"

enum { VECTOR_WORK = 0x41, CALLER = 1, WORKER = 2 };

static volatile bool ready;

NAMED static void wait_for_work(void) {
  apic_timer_stop();
  wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~(uint64_t)APIC_BASE_ENABLE);
  if (near_miss) apic_enable();
  ready = true;
  for (;;) idle();
}

static void part(uint32_t vp) {
  if (vp == WORKER) wait_for_work();
  if (vp != CALLER) return;
  while (!ready) idle();
  for (;;) {
    rest(10);
    ask(WORKER, VECTOR_WORK);
  }
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_WORK, answer);
  play(&(struct play){.part = part});
}
