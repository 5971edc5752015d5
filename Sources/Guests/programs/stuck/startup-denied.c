// The boot processor enables VTL1 on all others first, and then starts the last one with INIT and SIPI: where
// a higher VTL is enabled both are dropped (TLFS, "Virtual Secure Mode"). HvCallStartVirtualProcessor is the
// way.
#include "guest.h"

static void secure_start(void) {
  apic_enable();
  enable_interrupts();
}

static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  return RETURN_FAST;
}

static struct secure_program secure = {.start = secure_start, .call = secure_call};

static void start(uint32_t vp) {
  processor_prepare(vp, join_play);
  if (near_miss) {
    uint16_t status = start_virtual_processor(vp);
    if (status) panic("processor %u does not start: status %x", vp, status);
  } else {
    processor_init(vp);
    processor_startup(vp);
  }
}

static void part(uint32_t vp) {
  uint32_t last = processor_count() - 1;
  if (vp != 0) return;
  rest(10);
  start(last);
  print("waiting for processor %u\n", last);
  while (!contexts[0][last].online) idle();
  print("startup-denied: all processors are up\n");
}

void guest_main(void) {
  require(3, 2);
  play(&(struct play){.part = part, .secure = &secure, .left_out = 1ull << (processor_count() - 1)});
}
