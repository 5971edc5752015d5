#include "guest.h"

void connection_device(enum connection_operation operation, uint32_t connection, uint32_t vp, uint32_t sint) {
  outl(0x3000, connection << 24 | (uint32_t)operation << 16 | vp << 8 | sint);
}

uint16_t post_message(uint32_t connection, uint32_t type, uint64_t payload) {
  bool enabled = save_interrupts();
  uint64_t *input = (uint64_t *)this_context()->hypercall_input;
  input[0] = connection;
  input[1] = 8ull << 32 | type;
  input[2] = payload;
  uint64_t result = hypercall(HVCALL_POST_MESSAGE, (uint64_t)input, 0);
  restore_interrupts(enabled);
  return hypercall_status(result);
}

uint16_t signal_event(uint32_t connection, uint32_t flag) {
  uint64_t input = (uint64_t)flag << 32 | connection;
  return hypercall_status(hypercall(HVCALL_SIGNAL_EVENT | HYPERCALL_FAST, input, 0));
}
