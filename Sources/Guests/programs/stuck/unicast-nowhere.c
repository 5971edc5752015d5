// VTL1 of processor 2 gives its APIC another ID, as it may in xAPIC mode. VTL0 of processor 1 wants to call
// VTL0 of processor 2, and uses that ID: in VTL0's group nobody has it.
#include "guest.h"

enum { VECTOR_CALL = 0x41, CALLER = 1, WORKER = 2, OTHER_ID = 0x12 };

static volatile uint32_t ids[VTLS];

static void secure_start(void) {
  apic_enable();
  enable_interrupts();
  if (this_context()->vp != WORKER) return;
  apic_write(APIC_ID, OTHER_ID << 24);
  ids[1] = apic_id();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  if (vp == WORKER) ids[0] = apic_id();
  if (vp != CALLER) return;
  rest(10);
  uint32_t id = ids[near_miss ? 0 : 1];
  print("processor %u calls the APIC with ID %x\n", CALLER, id);
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
