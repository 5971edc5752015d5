// Processor 2 reads what comes in at the serial port, at an edge-triggered interrupt a byte. For a while it
// masks the pin. The edge that comes meanwhile is not replayed, and as nobody has read the byte the line
// stays up: there will not be another edge.
#include "guest.h"

enum { VECTOR_SERIAL = 0x41, READER = 2 };

static void drain(void) {
  while (inb(SERIAL_LINE_STATUS) & SERIAL_DATA_READY) inb(SERIAL_DATA);
}

static void receive(struct frame *frame) {
  answer(frame);
  drain();
}

NAMED static void work_undisturbed(void) {
  ioapic_mask(LINE_SERIAL, true);
  spin_for(12 * TICKS_PER_MILLISECOND);
  ioapic_mask(LINE_SERIAL, false);
  if (near_miss) drain();
}

// Without a timer the serial port is all that wakes it.
static void part(uint32_t vp) {
  if (vp != READER) return;
  apic_timer_stop();
  ioapic_route(LINE_SERIAL, READER, VECTOR_SERIAL);
  serial_listen();
  wait_for_answers(2);
  work_undisturbed();
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_SERIAL, receive);
  play(&(struct play){.part = part});
}
