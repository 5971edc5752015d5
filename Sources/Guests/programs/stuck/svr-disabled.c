// Processor 2 sets its spurious-interrupt vector and forgets that bit 8 of the same register enables the
// APIC: what processor 1 sends is not accepted (SDM Vol. 3A, 12.4.7.2).
#include "guest.h"

enum { VECTOR_WORK = 0x41, CALLER = 1, WORKER = 2, OTHER_SPURIOUS = 0xEF };

static volatile bool ready;

NAMED static void wait_for_work(void) {
  apic_timer_stop();
  apic_write(APIC_SVR, OTHER_SPURIOUS | (near_miss ? SVR_ENABLE : 0));
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
