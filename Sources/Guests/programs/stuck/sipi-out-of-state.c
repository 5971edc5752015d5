// The boot processor starts the last one again while it runs, with a SIPI but without the INIT before it. A
// processor that does not wait for a SIPI ignores it (SDM Vol. 3A, 9.4).
#include "guest.h"

static volatile bool restarted;

static void second_life(void) {
  restarted = true;
  join_play();
}

static void part(uint32_t vp) {
  uint32_t last = processor_count() - 1;
  if (vp != 0 || restarted) return;
  rest(40);
  processor_prepare(last, second_life);
  if (near_miss) processor_init(last);
  processor_startup(last);
  print("waiting for processor %u to start again\n", last);
  while (!restarted) idle();
  print("sipi-out-of-state: it has\n");
}

void guest_main(void) {
  require(2, 1);
  play(&(struct play){.part = part});
}
