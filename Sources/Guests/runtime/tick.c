#include "guest.h"

static void ticked(struct frame *frame) {
  (void)frame;
  struct context *context = this_context();
  context->ticks++;
  if (!context->tick_due) return;
  context->tick_due += context->tick_period;
  wrmsr(MSR_TSC_DEADLINE, context->tick_due);
}

void tick_start(enum tick_mode mode, uint64_t period) {
  struct context *context = this_context();
  set_handler(context->vtl, VECTOR_TIMER, ticked);
  context->tick_period = period;
  context->tick_start = rdtsc();
  context->tick_due = mode == TICK_DEADLINE ? context->tick_start + period : 0;
  if (mode == TICK_DEADLINE)
    apic_timer(LVT_DEADLINE, VECTOR_TIMER, context->tick_due);
  else
    apic_timer(LVT_PERIODIC, VECTOR_TIMER, period);
}

void idle(void) { halt_with_interrupts(); }

void idle_until(uint64_t tsc) {
  while (rdtsc() < tsc) idle();
}
