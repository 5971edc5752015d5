// VTL1 of processor 2 raises its TPR for something it does, and returns to VTL0 without lowering it. What
// VTL1 of processor 1 sends it then waits: VTL1's own TPR, and nothing else, decides whether it is entered.
#include "guest.h"

enum { VECTOR_CALL = 0x61, CALLER = 1, WORKER = 2, TPR_HIGH = 0x80 };
enum { SERVICE_WORK = 1, SERVICE_CALL = 2 };

static volatile bool ready;

static void secure_start(void) {
  set_handler(1, VECTOR_CALL, answer);
  apic_enable();
  enable_interrupts();
}

NAMED static void work_undisturbed(void) {
  apic_write(APIC_TPR, TPR_HIGH);
  spin_for(TICKS_PER_MILLISECOND / 10);
  if (near_miss) apic_write(APIC_TPR, 0);
}

static enum vtl_return secure_call(struct registers *registers) {
  if (registers->rdx == SERVICE_WORK)
    work_undisturbed();
  else
    apic_send(WORKER, ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  struct vtl_call call = {.service = vp == WORKER ? SERVICE_WORK : SERVICE_CALL};
  if (vp == WORKER) {
    vtl_call(&call);
    ready = true;
  }
  if (vp != CALLER) return;
  while (!ready) idle();
  for (uint32_t round = 1;; round++) {
    rest(10);
    vtl_call(&call);
    wait_for_answers(round);
  }
}

void guest_main(void) {
  require(3, 2);
  play(&(struct play){.part = part, .secure = &secure});
}
