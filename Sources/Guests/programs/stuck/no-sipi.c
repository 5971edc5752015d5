// The boot processor starts the others with INIT and SIPI, but forgets the SIPI of the last one. A SIPI with
// vector 8, from whoever sends it, sets it right.
#include "guest.h"

static void part(uint32_t vp) {
  uint32_t last = processor_count() - 1;
  if (vp != 0) return;
  processor_prepare(last, join_play);
  processor_init(last);
  if (near_miss) processor_startup(last);
  rest(20);
  print("waiting for processor %u\n", last);
  while (!contexts[0][last].online) idle();
  print("no-sipi: all processors are up\n");
}

void guest_main(void) {
  require(2, 1);
  play(&(struct play){.part = part, .left_out = 1ull << (processor_count() - 1)});
}
