// VTL1 of processor 1 sends an IPI to all other VTL1s and waits in VTL1 until they have answered. When the
// groups of APICs are encoded in APIC IDs the broadcast reaches nobody, and the processor never leaves VTL1.
#include "guest.h"

enum { VECTOR_CALL = 0x61, CALLER = 1, SERVICE_CALL_ALL = 1 };

static volatile bool vtl1_enabled;
static volatile uint32_t answers;
static volatile uint32_t joined;

static void answer(struct frame *frame) {
  (void)frame;
  __atomic_add_fetch(&answers, 1, __ATOMIC_ACQ_REL);
}

static void secure_start(void) {
  set_handler(1, VECTOR_CALL, answer);
  apic_enable();
  __atomic_add_fetch(&joined, 1, __ATOMIC_ACQ_REL);
  enable_interrupts();
}

NAMED static void wait_for_answers(void) {
  while (answers < processor_count() - 1) cpu_pause();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  apic_send(0, ICR_ALL_BUT_SELF | ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  wait_for_answers();
  return RETURN_FAST;
}

static const struct secure_program secure = {secure_start, secure_call};

// The caller stops its timer in VTL0, so that nothing but the answers is missing.
static void call_all(void) {
  idle_until(rdtsc() + 20 * TICKS_PER_MILLISECOND);
  while (joined < processor_count()) idle();
  apic_timer_stop();
  print("processor %u calls the VTL1s of %u others\n", CALLER, processor_count() - 1);
  struct vtl_call call = {.service = SERVICE_CALL_ALL};
  vtl_call(&call);
  print("lost-broadcast: all %u others have answered\n", answers);
  guest_exit(0);
}

static void run(void) {
  uint32_t vp = this_context()->vp;
  tick_start(TICK_PERIODIC, 10 * TICKS_PER_MILLISECOND);
  enable_interrupts();
  while (!vtl1_enabled) idle();
  if (vp != 0) vtl1_join();
  if (vp == CALLER) call_all();
  for (;;) idle();
}

void guest_main(void) {
  if (processor_count() < 2 || boot_info.vtl_count < 2 || !hypercall_available())
    panic("this needs two processors and VTL1");
  processors_start(run);
  vtl1_enable(&secure);
  vtl1_enabled = true;
  run();
}
