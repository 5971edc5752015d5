// VTL1 of processor 2 has work without end, and VTL0 a timer. VTL1 has not asked to be told (VINA) when VTL0
// has an interrupt, so it stays, and VTL0 never gets its tick.
#include "guest.h"

enum { VECTOR_VINA = 0x31, WORKER = 2 };

static void notice(struct frame *frame) { (void)frame; }

static void secure_start(void) {
  set_handler(1, VECTOR_VINA, notice);
  apic_enable();
  if (near_miss) enable_vina(VECTOR_VINA);
  enable_interrupts();
}

NAMED static void sweep(void) {
  volatile uint8_t *vina_asserted = &assist_pages[this_context()->vp].vina_asserted;
  while (!(*vina_asserted & 1)) cpu_pause();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  sweep();
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static void part(uint32_t vp) {
  if (vp != WORKER) return;
  for (;;) {
    struct vtl_call call = {0};
    vtl_call(&call);
  }
}

void guest_main(void) {
  require(3, 2);
  play(&(struct play){.part = part, .secure = &secure});
}
