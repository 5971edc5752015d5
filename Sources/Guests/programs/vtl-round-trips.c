// VTL calls and returns, as many as the command line says ("calls=N"): what one costs is the difference of two
// runs. With "ipis=N" processor 0 interrupts VTL1 of processor 1 instead, which preempts its VTL0.
#include "guest.h"

enum { VECTOR_VTL1 = 0x72 };

static void ignore(struct frame *frame) { (void)frame; }

static void secure_start(void) {
  set_handler(1, VECTOR_VTL1, ignore);
  enable_interrupts();
}

// Service 0 returns at once; service 1 sends R8 interrupts to VTL1 of processor 1, one after the other.
static enum vtl_return secure_call(struct registers *registers) {
  if (registers->rdx != 1) return RETURN_FAST;
  for (uint64_t i = 0; i < registers->r8; i++) {
    uint64_t before = contexts[1][1].counts[VECTOR_VTL1];
    apic_send(1, VECTOR_VTL1);
    while (*(volatile uint64_t *)&contexts[1][1].counts[VECTOR_VTL1] == before) cpu_pause();
  }
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static volatile bool enabled, joined;

static void run(void) {
  while (!enabled) cpu_pause();
  vtl1_join();
  joined = true;
  for (;;) cpu_pause();
}

void guest_main(void) {
  uint64_t interrupts = command_line_number("ipis", 0);
  if (boot_info.vtl_count < 2 || !hypercall_available()) panic("this needs VTL1");
  if (interrupts && processor_count() < 2) panic("this needs two processors");
  if (processor_count() > 1) processors_start(run);
  vtl1_enable(&secure);
  enabled = true;
  while (interrupts && !joined) cpu_pause();
  for (uint64_t i = command_line_number("calls", 0); i; i--) {
    struct vtl_call call = {0};
    vtl_call(&call);
  }
  struct vtl_call call = {.service = 1, .a = interrupts};
  vtl_call(&call);
  finish("vtl-round-trips");
}
