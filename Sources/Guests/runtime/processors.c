#include "guest.h"

enum { TRAMPOLINE = 0x8000 };

extern const uint8_t trampoline[], trampoline_end[];

// What the processor that is being started finds: one at a time.
uint64_t starting_stack;
struct context *starting_context;
static void (*starting_entry)(void);

uint32_t processor_count(void) { return boot_info.vp_count; }

__attribute__((used)) void start_processor_context(struct context *context) {
  void (*entry)(void) = starting_entry;
  context_load(context);
  apic_enable();
  context->online = true;
  entry();
  panic("processor %u has nothing to do", context->vp);
}

void processor_prepare(uint32_t vp, void (*entry)(void)) {
  volatile uint8_t *low_memory = (volatile uint8_t *)TRAMPOLINE;
  for (int i = 0; i < trampoline_end - trampoline; i++) low_memory[i] = trampoline[i];
  context_prepare(vp, 0);
  starting_context = &contexts[0][vp];
  starting_context->online = false;
  starting_stack = (uint64_t)stacks[0][vp] + STACK_SIZE;
  starting_entry = entry;
}

void processor_init(uint32_t vp) {
  apic_send(vp, ICR_INIT | ICR_ASSERT);
  spin_for(boot_info.tsc_hz / 100000);
}

void processor_startup(uint32_t vp) { apic_send(vp, ICR_STARTUP | ICR_ASSERT | TRAMPOLINE >> 12); }

void processor_await(uint32_t vp) {
  uint64_t limit = rdtsc() + boot_info.tsc_hz;
  while (!contexts[0][vp].online) {
    if (rdtsc() > limit) panic("processor %u does not start", vp);
    cpu_pause();
  }
}

void processor_start(uint32_t vp, void (*entry)(void)) {
  processor_prepare(vp, entry);
  processor_init(vp);
  processor_startup(vp);
  processor_await(vp);
}

void processors_start(void (*entry)(void)) {
  for (uint32_t vp = 1; vp < processor_count(); vp++) processor_start(vp, entry);
}
