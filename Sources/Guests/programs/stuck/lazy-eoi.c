// Processor 2 ends its interrupts by clearing a byte that the core has set for it, KVM's PV EOI, and works on
// without ever asking the core for anything. Until it does, the vector still stands in its ISR: that looks
// like a missing EOI, and is none.
#include "guest.h"

enum { VECTOR_CALL = 0x51, CALLER = 1, WORKER = 2 };

// Nothing in here leaves to the core.
NAMED static void work(void) {
  for (;;) __asm__ volatile(".rept 16\n\trdtsc\n\t.endr" : : : "eax", "edx");
}

static void part(uint32_t vp) {
  if (vp == WORKER) {
    apic_timer_stop();
    if (!near_miss) lazy_eoi_enable(true);
    work();
  }
  if (vp != CALLER) return;
  rest(10);
  ask(WORKER, VECTOR_CALL);
  print("lazy-eoi: processor %u has answered\n", WORKER);
}

void guest_main(void) {
  require(3, 1);
  if (!paravirtual_available()) panic("this needs KVM's paravirtual interface");
  set_handler(0, VECTOR_CALL, answer);
  play(&(struct play){.part = part});
}
