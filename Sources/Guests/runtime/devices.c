#include "guest.h"

void serial_listen(void) {
  enum { FIFO_ENABLE = 1 << 0, RECEIVED = 1 << 0, OUT2 = 1 << 3 };
  outb(SERIAL_FIFO_CONTROL, FIFO_ENABLE);
  outb(SERIAL_INTERRUPT_ENABLE, RECEIVED);
  outb(SERIAL_MODEM_CONTROL, OUT2); // the way to the line
}
