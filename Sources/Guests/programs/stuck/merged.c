// Processor 1 sends the same vector to processor 2 twice while that has interrupts disabled, and waits until
// both are counted. A bit in the IRR is all there is: the second is one with the first (SDM Vol. 3A, 12.8.4).
#include "guest.h"

enum { VECTOR_COUNTED = 0x41, CALLER = 1, WORKER = 2, SENT = 2 };

static volatile bool busy;

NAMED static void work_undisturbed(void) {
  disable_interrupts();
  busy = true;
  spin_for(TICKS_PER_MILLISECOND);
  enable_interrupts();
}

NAMED static void send_and_count(void) {
  apic_write(APIC_ICR2, WORKER << 24);
  for (uint32_t sent = 1; sent <= SENT; sent++) {
    apic_write(APIC_ICR, ICR_FIXED | ICR_ASSERT | VECTOR_COUNTED);
    while (near_miss && answers < sent) idle();
  }
  while (answers < SENT) halt_with_interrupts();
}

static void part(uint32_t vp) {
  if (vp == WORKER) {
    rest(10);
    work_undisturbed();
  }
  if (vp != CALLER) return;
  while (!busy) cpu_pause();
  send_and_count();
  print("merged: all are counted\n");
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_COUNTED, answer);
  play(&(struct play){.part = part});
}
