// The periodic device interrupts processor 2 by its line, level-triggered. The third time the handler gives
// the pin another vector before its EOI: the EOI is for the old one, which no pin has, so remote IRR stays
// set and the pin waits for an EOI that cannot come, with its line up.
#include "guest.h"

enum { VECTOR_DEVICE = 0x51, VECTOR_MOVED = 0x52, WORKER = 2, MOVING_ROUND = 3, PERIOD = 5000000 };

static void move(void) { ioapic_route(LINE_PERIODIC, WORKER, ROUTE_LEVEL | VECTOR_MOVED); }

NAMED static void serve(struct frame *frame) {
  answer(frame);
  outl(PERIODIC_STATUS, PERIODIC_PENDING);
  if (answers != MOVING_ROUND) return;
  if (near_miss) {
    apic_eoi();
    leave_in_service(); // that was the EOI
  }
  move();
}

// Without a timer the device is all that wakes it.
static void part(uint32_t vp) {
  if (vp != WORKER) return;
  apic_timer_stop();
  ioapic_route(LINE_PERIODIC, WORKER, ROUTE_LEVEL | VECTOR_DEVICE);
  outl(PERIODIC_PERIOD, PERIOD);
  outl(PERIODIC_CONTROL, PERIODIC_ENABLE);
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_DEVICE, serve);
  set_handler(0, VECTOR_MOVED, serve);
  play(&(struct play){.part = part});
}
