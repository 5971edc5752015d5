#include "guest.h"

bool near_miss;
volatile uint32_t answers;

static const struct play *playing;
static volatile bool vtl1_enabled;

void require(uint32_t processors, uint32_t vtls) {
  if (processor_count() < processors) panic("this needs %u processors", processors);
  if (vtls > 1 && (boot_info.vtl_count < vtls || !hypercall_available())) panic("this needs VTL1");
  near_miss = command_line_has("near-miss");
}

static bool left_out(uint32_t vp) { return playing->left_out >> vp & 1; }

static void wait_for_vtl1s(void) {
  for (uint32_t vp = 0; vp < processor_count(); vp++)
    while (!left_out(vp) && vtl1_planned(vp) && !contexts[1][vp].online) idle();
}

void join_play(void) {
  uint32_t vp = this_context()->vp;
  tick_start(TICK_PERIODIC, 10 * TICKS_PER_MILLISECOND);
  enable_interrupts();
  if (playing->secure) {
    while (!vtl1_enabled) idle();
    if (vp != 0 && vtl1_planned(vp)) vtl1_join();
    wait_for_vtl1s();
  }
  playing->part(vp);
  for (;;) idle();
}

_Noreturn void play(const struct play *play) {
  playing = play;
  for (uint32_t vp = 1; vp < processor_count(); vp++)
    if (!left_out(vp)) processor_start(vp, join_play);
  if (play->secure) {
    vtl1_enable(play->secure);
    vtl1_enabled = true;
  }
  join_play();
  __builtin_unreachable();
}

void rest(uint32_t milliseconds) { idle_until(rdtsc() + milliseconds * TICKS_PER_MILLISECOND); }

void answer(struct frame *frame) {
  (void)frame;
  __atomic_add_fetch(&answers, 1, __ATOMIC_ACQ_REL);
}

NAMED void wait_for_answers(uint32_t count) {
  disable_interrupts();
  while (answers < count) {
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
}

void ask(uint32_t destination, uint8_t vector) {
  uint32_t before = answers;
  apic_send(destination, ICR_FIXED | ICR_ASSERT | vector);
  wait_for_answers(before + 1);
}
