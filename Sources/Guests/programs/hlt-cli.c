// Processor 2 waits for work in HLT, and processor 1 gives it some with an IPI. The fourth time processor 2
// forgets STI: it halts with interrupts disabled, and the IPI waits in its IRR for good.
#include "guest.h"

enum { VECTOR_WORK = 0x41, GIVER = 1, WORKER = 2, HEALTHY_ROUNDS = 3 };

static volatile uint32_t given;
static volatile uint32_t done;

static void notice(struct frame *frame) { (void)frame; }

NAMED static void wait_for_work(void) {
  disable_interrupts();
  while (done == given) {
    if (done == HEALTHY_ROUNDS) __asm__ volatile("hlt" : : : "memory");
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
}

// The worker has no timer, so nothing but the IPI is held back.
static void work(void) {
  for (;;) {
    wait_for_work();
    done++;
  }
}

static void give_work(void) {
  for (;;) {
    idle_until(rdtsc() + 10 * TICKS_PER_MILLISECOND);
    given++;
    print("processor %u gives work %u to processor %u\n", GIVER, given, WORKER);
    apic_send(WORKER, ICR_FIXED | ICR_ASSERT | VECTOR_WORK);
    while (done != given) idle();
  }
}

static void run(void) {
  uint32_t vp = this_context()->vp;
  if (vp == WORKER) work();
  tick_start(TICK_PERIODIC, 10 * TICKS_PER_MILLISECOND);
  enable_interrupts();
  if (vp == GIVER) give_work();
  for (;;) idle();
}

void guest_main(void) {
  if (processor_count() < 3) panic("this needs three processors");
  set_handler(0, VECTOR_WORK, notice);
  processors_start(run);
  run();
}
