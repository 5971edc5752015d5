// VTL1 of processor 1 calls VTL1 of processor 3 by hypercall, and VTL0 waits for the answer. But VTL1 is not
// enabled on processor 3.
#include "guest.h"

enum { VECTOR_CALL = 0x61, CALLER = 1, WORKER = 3 };

static void secure_start(void) {
  set_handler(1, VECTOR_CALL, answer);
  apic_enable();
  enable_interrupts();
}

static enum vtl_return secure_call(struct registers *registers) {
  registers->r8 = send_synthetic_ipi(VECTOR_CALL, HV_INPUT_VTL(1), 1 << WORKER);
  return RETURN_FAST;
}

static struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  if (vp != CALLER) return;
  for (uint32_t round = 1;; round++) {
    rest(10);
    struct vtl_call call = {0};
    vtl_call(&call);
    if (round == 1) print("VTL1 of processor %u is called, status %x\n", WORKER, (uint32_t)call.a);
    wait_for_answers(round);
  }
}

void guest_main(void) {
  require(4, 2);
  if (!near_miss) secure.without = 1 << WORKER;
  play(&(struct play){.part = part, .secure = &secure});
}
