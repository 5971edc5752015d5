// The boot processor starts the others with INIT and SIPI, but forgets the SIPI of the last one. A SIPI with
// vector 8, from whoever sends it, sets it right.
#include "guest.h"

static volatile uint32_t online = 1;

static void tick(void) {
  tick_start(TICK_PERIODIC, 10 * TICKS_PER_MILLISECOND);
  enable_interrupts();
}

static void run(void) {
  __atomic_add_fetch(&online, 1, __ATOMIC_ACQ_REL);
  tick();
  for (;;) idle();
}

void guest_main(void) {
  uint32_t last = processor_count() - 1;
  if (last == 0) panic("this needs two processors");
  for (uint32_t vp = 1; vp < last; vp++) processor_start(vp, run);
  processor_init(last, run);
  tick();
  idle_until(rdtsc() + 20 * TICKS_PER_MILLISECOND);
  print("%u of %u processors are up; waiting for processor %u\n", online, processor_count(), last);
  while (online < processor_count()) idle();
  print("no-sipi: all processors are up\n");
}
