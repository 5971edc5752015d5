// VTL0 of processor 1 calls processor 2 by an ID with a bit too many, 12h. Where groups are encoded in the
// high 28 bits of APIC IDs that is the APIC of processor 2's VTL1, which nobody in VTL0 may reach; the posted
// router delivers it there.
#include "guest.h"

enum { VECTOR_CALL = 0x41, CALLER = 1, WORKER = 2, GROUP_BIT = 0x10 };

static void secure_start(void) {
  apic_enable();
  enable_interrupts();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  if (vp != CALLER) return;
  uint32_t id = WORKER | (near_miss ? 0 : GROUP_BIT);
  print("VTL0 of processor %u calls the APIC with ID %x\n", CALLER, id);
  for (;;) {
    rest(10);
    ask(id, VECTOR_CALL);
  }
}

void guest_main(void) {
  require(3, 2);
  set_handler(0, VECTOR_CALL, answer);
  play(&(struct play){.part = part, .secure = &secure});
}
