// Processor 1 has work for one of processors 0, 2 and 3, whichever is the least busy: four times a
// millisecond it sends lowest-priority interrupts to all three. The posted router of `rfc-2023` compares
// nothing; it hashes the vector, and with 40h each of them goes to processor 2, which cannot keep up while
// the others idle. Other vectors spread.
#include "guest.h"

enum { VECTOR_WORK = 0x40, CALLER = 1, WORKERS = 1 << 0 | 1 << 2 | 1 << 3, WORKER_COUNT = 3 };

static void secure_start(void) { apic_enable(); }

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  return RETURN_FAST;
}

// VTL1 is here only for its local APICs: with a second group the patch has no logical map, and asks
// everybody.
static const struct secure_program secure = {.start = secure_start, .call = secure_call};

NAMED static void work(struct frame *frame) {
  answer(frame);
  spin_for(TICKS_PER_MILLISECOND * 2 / 5);
}

static void part(uint32_t vp) {
  if (vp != CALLER) return;
  tick_start(TICK_PERIODIC, TICKS_PER_MILLISECOND / 4);
  for (uint32_t round = 0;; round++) {
    idle();
    uint8_t vector = (uint8_t)(VECTOR_WORK + (near_miss ? round % WORKER_COUNT : 0));
    apic_send(WORKERS, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | vector);
  }
}

void guest_main(void) {
  require(4, 2);
  for (uint8_t i = 0; i < WORKER_COUNT; i++) set_handler(0, VECTOR_WORK + i, work);
  play(&(struct play){.part = part, .secure = &secure});
}
