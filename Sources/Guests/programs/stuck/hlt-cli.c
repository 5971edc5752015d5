// Processor 2 waits for work in HLT, and processor 1 gives it some with an IPI. The fourth time processor 2
// forgets STI: it halts with interrupts disabled, and the IPI waits in its IRR for good.
#include "guest.h"

enum { VECTOR_WORK = 0x41, GIVER = 1, WORKER = 2, HEALTHY_ROUNDS = 3 };

NAMED static void wait_for_work(uint32_t done) {
  disable_interrupts();
  while (answers == done) {
    if (done == HEALTHY_ROUNDS && !near_miss) __asm__ volatile("hlt" : : : "memory");
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
}

static void part(uint32_t vp) {
  if (vp == WORKER) {
    // Without a timer nothing but the IPI is held back.
    apic_timer_stop();
    for (uint32_t done = 0;; done++) wait_for_work(done);
  }
  if (vp != GIVER) return;
  for (;;) {
    rest(10);
    if (answers <= HEALTHY_ROUNDS)
      print("processor %u gives work %u to processor %u\n", GIVER, answers + 1, WORKER);
    ask(WORKER, VECTOR_WORK);
  }
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_WORK, answer);
  play(&(struct play){.part = part});
}
