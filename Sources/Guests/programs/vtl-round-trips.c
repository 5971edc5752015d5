// VTL calls and returns, as many as the command line says ("calls=N"): what one costs is the difference of two
// runs. With "ipis=N" processor 0 interrupts VTL1 of processor 1 instead, which preempts its VTL0; with "intercepts=N"
// VTL1 hears of as many writes of LSTAR, and lets VTL0 go on behind them.
#include "guest.h"

enum { VECTOR_VTL1 = 0x72 };


static void secure_start(void) {
  set_handler(1, VECTOR_VTL1, ignore_interrupt);
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

static void run_intercepts(uint64_t count) {
  enum { LSTAR_WRITE = 1 << 6, MSR_LSTAR = 0xC0000082 };
  intercepts_enable();
  intercept_set_answer(ANSWER_SKIP);
  intercept_set_register(0, REGISTER_CR_INTERCEPT_CONTROL, LSTAR_WRITE);
  for (uint64_t i = count; i; i--) wrmsr(MSR_LSTAR, i);
  if (intercepted.count != count) panic("%u intercepts", intercepted.count);
  finish("vtl-round-trips");
}

void guest_main(void) {
  uint64_t intercepts = command_line_number("intercepts", 0);
  if (intercepts) run_intercepts(intercepts);
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
