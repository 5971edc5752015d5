// Processor 1 calls processor 2 by its logical ID, flat bit 2, which processor 2 has not put into its LDR.
#include "guest.h"

enum { VECTOR_CALL = 0x41, CALLER = 1, WORKER = 2 };

static volatile bool ready;

static void part(uint32_t vp) {
  if (vp == WORKER) {
    apic_write(APIC_LDR, near_miss ? 1u << (24 + WORKER) : 0);
    ready = true;
  }
  if (vp != CALLER) return;
  while (!ready) idle();
  for (;;) {
    rest(10);
    uint32_t before = answers;
    apic_send(1 << WORKER, ICR_LOGICAL | ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
    wait_for_answers(before + 1);
  }
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_CALL, answer);
  play(&(struct play){.part = part});
}
