// Processor 1 interrupts processor 2 again and again. The third time the handler returns without an EOI: its
// vector stays in service, and the next interrupt of that class waits in the IRR. Higher vectors, such as the
// timer's, still get through.
#include "guest.h"

enum { VECTOR_WORK = 0x51, CALLER = 1, WORKER = 2, FORGETFUL_ROUND = 3 };

NAMED static void work(struct frame *frame) {
  answer(frame);
  if (answers == FORGETFUL_ROUND && !near_miss) leave_in_service();
}

static void part(uint32_t vp) {
  if (vp != CALLER) return;
  for (;;) {
    rest(5);
    ask(WORKER, VECTOR_WORK);
  }
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_WORK, work);
  play(&(struct play){.part = part});
}
