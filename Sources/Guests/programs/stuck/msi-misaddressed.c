// The periodic device shall interrupt processor 2 by message, but its driver gives it the address of the
// IOAPIC, FECh in bits 31:20, for that of the local APICs, FEEh: what the device writes is no interrupt.
#include "guest.h"

enum { VECTOR_DEVICE = 0x51, WORKER = 2, PERIOD = 5000000 };

static void serve(struct frame *frame) {
  answer(frame);
  outl(PERIODIC_STATUS, PERIODIC_PENDING);
}

// Without a timer the device is all that wakes it.
static void part(uint32_t vp) {
  if (vp != WORKER) return;
  apic_timer_stop();
  outl(PERIODIC_ADDRESS, (near_miss ? APIC_BASE_ADDRESS : IOAPIC_ADDRESS) | MESSAGE_DESTINATION(WORKER));
  outl(PERIODIC_DATA, VECTOR_DEVICE);
  outl(PERIODIC_PERIOD, PERIOD);
  outl(PERIODIC_CONTROL, PERIODIC_ENABLE | PERIODIC_MESSAGE);
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_DEVICE, serve);
  play(&(struct play){.part = part});
}
