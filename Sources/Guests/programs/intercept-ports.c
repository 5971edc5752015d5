// I/O ports at which VTL1 stops VTL0: the messages byte by byte, and that the port was not touched (TLFS,
// HvCallInstallIntercept, HV_X64_IO_PORT_INTERCEPT_MESSAGE).
#include "guest.h"

enum {
  TYPE_PORT_INTERCEPT = 0x80010000,
  SCRATCH = 0x3FF, // of COM1: keeps what is written
  STRING_OP = 8,
  REP_PREFIX = 16,
  MASK_READ = 1,
  MASK_WRITE = 2,
};
#define RAX_PATTERN 0xA0A0A0A0A0A0A000
#define RCX_PATTERN 0xC1C1C1C1C1C1C1C1
#define RDX_PATTERN 0xD2D2D2D2D2D20000
#define RSI_PATTERN 0x6666666666666666
#define RDI_PATTERN 0x7777777777777777

static uint8_t buffer[8] = {1, 2, 3, 4, 5, 6, 7, 8};

// What an instruction begins and ends with.
struct port_registers {
  uint64_t rax, rcx, rsi, rdi;
};

// The port is in DX.
#define PORT_INSTRUCTION(name, instruction)                                              \
  extern uint8_t at_##name[];                                                            \
  NAMED static void do_##name(uint16_t port, struct port_registers *r) {                 \
    __asm__ volatile(PROVOKE(name, instruction)                                          \
                     : "+a"(r->rax), "+c"(r->rcx), "+S"(r->rsi), "+D"(r->rdi)            \
                     : "d"(RDX_PATTERN | port)                                           \
                     : "memory", "cc");                                                  \
  }
PORT_INSTRUCTION(out, "outb %%al, %%dx")
PORT_INSTRUCTION(out4, "outl %%eax, %%dx")
PORT_INSTRUCTION(in, "inb %%dx, %%al")
PORT_INSTRUCTION(in2, "inw %%dx, %%ax")
PORT_INSTRUCTION(outs, "outsb")
PORT_INSTRUCTION(rep_outs, "rep outsl")
PORT_INSTRUCTION(ins, "insb")
PORT_INSTRUCTION(rep_ins, "rep insw")

static uint64_t word(const uint8_t *at) {
  uint64_t value = 0;
  for (uint32_t i = 8; i; i--) value = value << 8 | at[i - 1];
  return value;
}

// HV_INPUT_INSTALL_INTERCEPT.
struct install_intercept {
  uint64_t partition;
  uint32_t mask, type;
  uint64_t parameter;
};

static uint16_t install(uint32_t mask, uint32_t type, uint64_t parameter) {
  static struct install_intercept input;
  input = (struct install_intercept){HV_PARTITION_SELF, mask, type, parameter};
  return intercept_hypercall(HVCALL_INSTALL_INTERCEPT, &input);
}

static void watch(uint16_t port, uint32_t mask) {
  CHECK(install(mask, 0, port) == 0, "port %x mask %u", (uint32_t)port, mask);
}

// Runs an instruction that VTL1 skips, and looks at the message.
static void expect_stopped(const char *name, void (*instruction)(uint16_t, struct port_registers *),
                           const uint8_t *at, uint8_t length, uint8_t access, uint16_t port, uint8_t info,
                           uint64_t rcx) {
  struct port_registers before = {RAX_PATTERN | 0xAA, rcx, RSI_PATTERN, RDI_PATTERN}, after = before;
  uint32_t count = intercepted.count;
  instruction(port, &after);
  EXPECT_MESSAGE(name, count, MESSAGE_HEADER(TYPE_PORT_INTERCEPT, 0x80, length, access, at), {0x38, 2, port},
                 {0x3A, 1, info}, {0x3B, 1, 15}, {0x40, 8, before.rax}, {0x48, 8, word(at)},
                 {0x50, 7, word(at + 8)}, {0x58, 8, 0}, {0x60, 8, 0xC0930010FFFFFFFF}, {0x68, 8, 0},
                 {0x70, 8, 0xC0930010FFFFFFFF}, {0x78, 8, rcx}, {0x80, 8, RSI_PATTERN}, {0x88, 8, RDI_PATTERN});
  CHECK(after.rax == before.rax && after.rcx == rcx && after.rsi == RSI_PATTERN && after.rdi == RDI_PATTERN,
        "%s: rax %lx rcx %lx rsi %lx rdi %lx", name, after.rax, after.rcx, after.rsi, after.rdi);
}

static void test_messages(void) {
  outb(SCRATCH, 0x55);
  watch(SCRATCH, MASK_READ | MASK_WRITE);
  expect_stopped("OUT", do_out, at_out, 1, ACCESS_WRITE, SCRATCH, 1, RCX_PATTERN);
  expect_stopped("OUT of 4 bytes", do_out4, at_out4, 1, ACCESS_WRITE, SCRATCH, 4, RCX_PATTERN);
  expect_stopped("IN", do_in, at_in, 1, ACCESS_READ, SCRATCH, 1, RCX_PATTERN);
  expect_stopped("IN of 2 bytes", do_in2, at_in2, 2, ACCESS_READ, SCRATCH, 2, RCX_PATTERN);
  expect_stopped("OUTS", do_outs, at_outs, 1, ACCESS_WRITE, SCRATCH, 1 | STRING_OP, RCX_PATTERN);
  expect_stopped("REP OUTS", do_rep_outs, at_rep_outs, 2, ACCESS_WRITE, SCRATCH, 4 | STRING_OP | REP_PREFIX, 5);
  expect_stopped("INS", do_ins, at_ins, 1, ACCESS_READ, SCRATCH, 1 | STRING_OP, RCX_PATTERN);
  expect_stopped("REP INS", do_rep_ins, at_rep_ins, 3, ACCESS_READ, SCRATCH, 2 | STRING_OP | REP_PREFIX, 5);
  watch(SCRATCH, 0);
  CHECK(inb(SCRATCH) == 0x55, "the port was touched: %x", (uint32_t)inb(SCRATCH));
}

// A string with no elements touches no port.
static void test_empty_string(void) {
  watch(SCRATCH, MASK_READ | MASK_WRITE);
  struct port_registers r = {0, 0, (uint64_t)buffer, (uint64_t)buffer};
  uint32_t before = intercepted.count;
  do_rep_outs(SCRATCH, &r);
  CHECK(intercepted.count == before, "%u intercepts", intercepted.count - before);
  watch(SCRATCH, 0);
}

// Reads and writes are told apart, neighbours left alone, and all ports of an access count.
static void test_which(void) {
  watch(SCRATCH, MASK_WRITE);
  uint32_t before = intercepted.count;
  CHECK(inb(SCRATCH) == 0x55, "%x", (uint32_t)inb(SCRATCH));
  outb(SCRATCH - 2, inb(SCRATCH - 2));
  CHECK(intercepted.count == before, "%u intercepts", intercepted.count - before);
  outb(SCRATCH, 1);
  CHECK(intercepted.count == before + 1 && inb(SCRATCH) == 0x55, "%u", intercepted.count - before);
  watch(SCRATCH, MASK_READ);
  outb(SCRATCH, 0x66);
  CHECK(intercepted.count == before + 1, "%u", intercepted.count - before);
  inl(SCRATCH - 3);
  CHECK(intercepted.count == before + 2, "%u", intercepted.count - before);
  watch(SCRATCH, 0);
  CHECK(inb(SCRATCH) == 0x66, "%x", (uint32_t)inb(SCRATCH));
  // Beside a string that is let through, element by element.
  watch(0x80, MASK_WRITE);
  struct port_registers r = {0, 3, (uint64_t)buffer, 0};
  before = intercepted.count;
  do_rep_outs(0x84, &r);
  CHECK(r.rcx == 0 && r.rsi == (uint64_t)buffer + 12 && intercepted.count == before, "rcx %lx rsi %lx", r.rcx,
        r.rsi);
  watch(0x80, 0);
}

static void out_scratch(uint64_t value) {
  struct port_registers r = {value, 0, 0, 0};
  do_out(SCRATCH, &r);
}

static void test_refusal(void) {
  watch(SCRATCH, MASK_WRITE);
  intercept_set_answer(ANSWER_FAULT);
  struct recovery got = catch_exception(out_scratch, 0);
  CHECK(got.caught && got.vector == VECTOR_GENERAL_PROTECTION && got.rip == (uint64_t)at_out, "vector %u RIP %lx",
        (uint32_t)got.vector, got.rip);
  watch(SCRATCH, 0);
}

static void test_statuses(void) {
  static struct install_intercept input = {HV_PARTITION_SELF, MASK_WRITE, 0, SCRATCH};
  CHECK(hypercall_status(hypercall(HVCALL_INSTALL_INTERCEPT, (uint64_t)&input, 0)) == HV_ACCESS_DENIED, "VTL0");
  CHECK(install(4, 0, SCRATCH) == HV_INVALID_PARAMETER, "execute");
  CHECK(install(8, 0, SCRATCH) == HV_INVALID_PARAMETER, "a reserved access");
  for (uint32_t type = 1; type < 0x15; type++)
    CHECK(install(MASK_WRITE, type, 0) == HV_INVALID_PARAMETER, "type %x", type);
  input.partition = 1;
  CHECK(intercept_hypercall(HVCALL_INSTALL_INTERCEPT, &input) == HV_ACCESS_DENIED, "another partition");
}

void guest_main(void) {
  intercepts_enable();
  intercept_set_answer(ANSWER_SKIP);
  test_statuses();
  test_messages();
  test_empty_string();
  test_which();
  test_refusal();
  finish("intercept-ports");
}
