// VTL1 of processor 2 runs with interrupts disabled. When VTL1 of processor 1 sends it an interrupt it is
// entered, since its IF does not count for that, takes nothing, and returns: to be entered again at once.
#include "guest.h"

enum { VECTOR_CALL = 0x61, CALLER = 1, WORKER = 2 };

static void secure_start(void) {
  set_handler(1, VECTOR_CALL, answer);
  apic_enable();
  if (this_context()->vp != WORKER || near_miss) enable_interrupts();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  apic_send(WORKER, ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  if (vp != CALLER) return;
  for (uint32_t round = 1;; round++) {
    rest(10);
    struct vtl_call call = {0};
    vtl_call(&call);
    wait_for_answers(round);
  }
}

void guest_main(void) {
  require(3, 2);
  play(&(struct play){.part = part, .secure = &secure});
}
