// Hypercalls with random arguments, from both VTLs of every processor: "calls=N" from VTL0 of each, by "seed=N". What
// is asked for is drawn from values that mean something more often than not. Only what would break the guest itself is
// left out: its hypercall and assist pages, and where its processors execute.
#include "guest.h"

enum { FREE_PAGE = 0x1800, FREE_PAGES = 64 }; // from 24 MiB on: nothing of the guest is there
enum { CONNECTIONS = 8 };

static const uint16_t codes[] = {
  0x02, 0x03, 0x08, 0x0B, 0x0C, 0x0D, 0x0F, 0x13, 0x14, 0x15, 0x4D, 0x50,   0x51,
  0x52, 0x5C, 0x5D, 0x7E, 0x94, 0x99, 0x9A, 0xAC, 0xC0, 0xC1, 0x50, 0x8001,
};
static const uint32_t names[] = {
  0x00000100, 0x00000200, 0x00010003, 0x00040004, 0x00050005, 0x00080004, 0x0008007B, 0x00084802, 0x00084803,
  0x00084808, 0x0008480A, 0x0008480D, 0x0008480F, 0x00084832, 0x00084838, 0x0008483E, 0x00090000, 0x00090003,
  0x00090004, 0x00090017, 0x000A0000, 0x000A0001, 0x000A0002, 0x000A0010, 0x000A0011, 0x000A0012, 0x000A0013,
  0x000A0014, 0x000B0000, 0x000B0001, 0x000B0002, 0x000B0003, 0x000D0002, 0x000D0003, 0x000D0004, 0x000D0005,
  0x000D0006, 0x000D0010, 0x000E0000, 0x000E0001, 0x000E0002, 0x12345678,
};
static const uint64_t values[] = {
  0,      1,       2,       3,       0x10,    0x11,       0x51,      0x10051,
  0x20061, 0x40071, 0x351,   0x100,   0x30001, 0xF,        0xFFFF,    0x18,
  0x1800, 0x1801001, 0x1802001, 0x1001D, 0x3E8,   0x7FFFFFFF, 0xFFFFFFFF, ~0ull,
};

static uint64_t states[VTLS][MAX_VPS];
static volatile uint32_t finished;

// xorshift64 (Marsaglia, 2003).
static uint64_t draw(void) {
  uint64_t *state = &states[this_context()->vtl][this_context()->vp];
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static uint64_t below(uint64_t limit) { return draw() % limit; }
#define ANY(list) ((list)[below(sizeof(list) / sizeof *(list))])

static uint64_t word(void) {
  switch (below(6)) {
  case 0:
    return draw();
  case 1:
    return ANY(names);
  case 2:
    return FREE_PAGE + below(FREE_PAGES);
  default:
    return ANY(values);
  }
}

// VP index, VTL and reserved bytes, as most headers have them.
static uint64_t place(void) {
  uint64_t vp = below(8) ? below(processor_count() + 1) : HV_VP_SELF;
  uint64_t vtl = below(8) ? (uint64_t[]){0, 0x10, 0x11, 1, 0x12}[below(5)] : below(256);
  return vtl << 32 | vp;
}

static void fill(uint16_t code, uint64_t *input) {
  input[0] = below(16) ? HV_PARTITION_SELF : word();
  input[1] = place();
  for (uint32_t i = 2; i < 32; i++) input[i] = word();
  if (code == HVCALL_SET_VP_REGISTERS && below(8))
    for (uint32_t i = 2; i < 32; i += 4) input[i] = ANY(names), input[i + 1] = 0, input[i + 3] = 0;
  // Pages of which the guest uses nothing, so that it can go on.
  if (code == 0x0C) {
    input[1] = below(16) | (input[1] >> 32 << 32);
    for (uint32_t i = 2; i < 32; i++) input[i] = FREE_PAGE + below(FREE_PAGES);
  }
  // Connection and flag; type and size.
  if ((code == HVCALL_POST_MESSAGE || code == HVCALL_SIGNAL_EVENT) && below(8)) {
    input[0] = below(16) << 32 | below(CONNECTIONS + 1);
    input[1] = below(256) << 32 | (below(8) ? 1 : (uint32_t)draw());
  }
  // A set of VPs that is one.
  if (below(2)) input[2] = 0, input[3] = 1, input[4] = below(32);
}

static uint64_t control(uint16_t code) {
  uint64_t control = code;
  if (!below(3)) control |= HYPERCALL_FAST;
  if (!below(4) || code == 0x13 || code == 0x15) control |= below(3) << 17;
  if (below(3)) control |= HYPERCALL_REPS(below(8) ? 1 + below(3) : 1100 + below(2900));
  if (!below(8)) control |= below(4) << 48;
  if (!below(32)) control |= 1ull << below(64);
  // The output of as many elements would go beyond its area, and stay within the page.
  uint64_t reps = control >> 32 & 0xFFF;
  if (reps > 15 && reps < 1100) control &= ~(0xFFFull << 32);
  return control;
}

static void random_call(void) {
  struct context *context = this_context();
  bool enabled = save_interrupts();
  uint16_t code = below(16) ? ANY(codes) : (uint16_t)draw();
  uint64_t *input = (uint64_t *)context->hypercall_input;
  fill(code, input);
  uint64_t word = control(code);
  // A VTL switch has its own stub, which keeps the stack in order.
  if ((uint16_t)word == HVCALL_VTL_CALL || (uint16_t)word == HVCALL_VTL_RETURN) word = HVCALL_SEND_IPI;
  uint64_t rdx = word & HYPERCALL_FAST ? input[0] : (uint64_t)input;
  uint64_t r8 = word & HYPERCALL_FAST ? input[1] : (uint64_t)context->hypercall_output;
  if (!below(64)) rdx = draw();
  hypercall(word, rdx, r8);
  restore_interrupts(enabled);
}


static void secure_start(void) { enable_interrupts(); }

static enum vtl_return secure_call(struct registers *registers) {
  for (uint64_t i = 0; i < registers->r8; i++) random_call();
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};
static volatile bool enabled;

static void run(void) {
  while (!enabled) cpu_pause();
  vtl1_join();
  enable_interrupts();
  for (uint64_t i = command_line_number("calls", 100); i; i--) {
    random_call();
    if (below(4)) continue;
    struct vtl_call call = {.a = 1 + below(3)};
    vtl_call(&call);
  }
  __atomic_add_fetch(&finished, 1, __ATOMIC_RELAXED);
  for (;;) cpu_pause();
}

void guest_main(void) {
  if (boot_info.vtl_count < 2 || !hypercall_available()) panic("this needs VTL1");
  uint64_t seed = command_line_number("seed", 1);
  for (uint32_t vp = 0; vp < processor_count(); vp++)
    for (uint32_t vtl = 0; vtl < VTLS; vtl++)
      states[vtl][vp] = (seed * 64 + vp * 2 + vtl + 1) * 0x9E3779B97F4A7C15ull;
  for (uint32_t vector = VECTOR_FIRST_EXTERNAL; vector < VECTOR_SPURIOUS; vector++) {
    set_handler(0, (uint8_t)vector, ignore_interrupt);
    set_handler(1, (uint8_t)vector, ignore_interrupt);
  }
  for (uint32_t i = 0; i < CONNECTIONS; i++) {
    connection_device(MESSAGE_CONNECTION_MAKE, i, i % processor_count(), i % 3);
    connection_device(EVENT_CONNECTION_MAKE, i, i % processor_count(), i % 3);
  }
  processors_start(run);
  vtl1_enable(&secure);
  enabled = true;
  while (finished < processor_count() - 1) cpu_pause();
  finish("random-hypercalls");
}
