// VTL1 of processor 1 sends an IPI to all other VTL1s and waits in VTL1 until they have answered. When the
// groups of APICs are encoded in APIC IDs the broadcast reaches nobody, and the processor never leaves VTL1.
// Requests to one processor at a time arrive: those are the near miss.
#include "guest.h"

enum { VECTOR_CALL = 0x61, CALLER = 1, SERVICE_CALL_ALL = 1 };

static void secure_start(void) {
  set_handler(1, VECTOR_CALL, answer);
  apic_enable();
  enable_interrupts();
}

NAMED static void wait_in_vtl1(void) {
  while (answers < processor_count() - 1) cpu_pause();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  if (!near_miss) apic_send(0, ICR_ALL_BUT_SELF | ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  for (uint32_t vp = 0; near_miss && vp < processor_count(); vp++)
    if (vp != CALLER) apic_send(vp, ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  wait_in_vtl1();
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

// The caller stops its timer in VTL0, so that nothing but the answers is missing.
static void part(uint32_t vp) {
  if (vp != CALLER) return;
  rest(20);
  apic_timer_stop();
  print("processor %u calls the VTL1s of %u others\n", CALLER, processor_count() - 1);
  struct vtl_call call = {.service = SERVICE_CALL_ALL};
  vtl_call(&call);
  print("lost-broadcast: all %u others have answered\n", answers);
  guest_exit(0);
}

void guest_main(void) {
  require(2, 2);
  play(&(struct play){.part = part, .secure = &secure});
}
