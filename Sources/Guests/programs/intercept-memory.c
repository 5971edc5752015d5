// Accesses to memory that VTL1 denies: their messages byte by byte, and what comes of VTL1's answers (TLFS, "Memory
// Access Protections", HV_X64_MEMORY_INTERCEPT_MESSAGE).
#include "guest.h"

enum { TYPE_GPA_INTERCEPT = 0x80000001 };
enum { MAY_READ = 1, MAY_WRITE = 2, MAY_EXECUTE = 12, MAY_ALL = 15 };

_Alignas(4096) static uint8_t page[4096], tables[3][4096], distant[4096];
extern uint64_t page_map[];
uint64_t stack_pointer; // before the instruction

// An instruction with a known value in every register, and the address in RBX.
#define TOUCH(name, instruction)                                                                            \
  void touch_##name(uint64_t address);                                                                      \
  extern uint8_t at_##name[];                                                                               \
  __asm__(".globl touch_" #name "\ntouch_" #name ":\n"                                                      \
          "pushq %rbx\n\tpushq %rbp\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\tpushq %r15\n"              \
          "movq %rdi, %rbx\n\tmovq %rsp, stack_pointer\n\tpushq $2\n\tpopfq\n"                              \
          "movabsq $0xA0A0A0A0A0A0A0A0, %rax\n\tmovabsq $0xC1C1C1C1C1C1C1C1, %rcx\n"                        \
          "movabsq $0xD2D2D2D2D2D2D2D2, %rdx\n\tmovabsq $0xB5B5B5B5B5B5B5B5, %rbp\n"                        \
          "movabsq $0x6666666666666666, %rsi\n\tmovabsq $0x7777777777777777, %rdi\n"                        \
          "movabsq $0x8888888888888888, %r8\n\tmovabsq $0x9999999999999999, %r9\n"                          \
          "movabsq $0x1010101010101010, %r10\n\tmovabsq $0x1111111111111111, %r11\n"                        \
          "movabsq $0x1212121212121212, %r12\n\tmovabsq $0x1313131313131313, %r13\n"                        \
          "movabsq $0x1414141414141414, %r14\n\tmovabsq $0x1515151515151515, %r15\n"                        \
          ".globl at_" #name "\nat_" #name ": " instruction "\n"                                            \
          "popq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbp\n\tpopq %rbx\n\tret\n")

TOUCH(write, "movb $0x5A, 0x10(%rbx)");
TOUCH(read, "movq (%rbx), %rax");
TOUCH(far, "movq (%rbx), %rax");

// DS and SS: flat data, selector 10h. The general registers: RAX RCX RDX RBX RSP RBP RSI RDI R8...R15.
#define MESSAGE_REGISTERS(rbx)                                                                             \
  {0x68, 8, 0xC0930010FFFFFFFF}, {0x78, 8, 0xC0930010FFFFFFFF}, {0x80, 8, 0xA0A0A0A0A0A0A0A0},              \
    {0x88, 8, 0xC1C1C1C1C1C1C1C1}, {0x90, 8, 0xD2D2D2D2D2D2D2D2}, {0x98, 8, rbx}, {0xA0, 8, stack_pointer}, \
    {0xA8, 8, 0xB5B5B5B5B5B5B5B5}, {0xB0, 8, 0x6666666666666666}, {0xB8, 8, 0x7777777777777777},            \
    {0xC0, 8, 0x8888888888888888}, {0xC8, 8, 0x9999999999999999}, {0xD0, 8, 0x1010101010101010},            \
    {0xD8, 8, 0x1111111111111111}, {0xE0, 8, 0x1212121212121212}, {0xE8, 8, 0x1313131313131313},            \
    {0xF0, 8, 0x1414141414141414}, {0xF8, 8, 0x1515151515151515}
// As for a fault, RF is set.
#define MESSAGE_FAULT(length, access, at) \
  MESSAGE_HEADER_WITH(TYPE_GPA_INTERCEPT, 0xF0, length, access, at, 0x10002)
// Write-back; the instruction's length; access info; TPR 0; GVA; GPA; the instruction, which is at most 8 bytes.
#define MESSAGE_ACCESS(info, gva, gpa, at, length)                                                     \
  {0x38, 4, 6}, {0x3C, 1, length}, {0x3D, 1, info}, {0x40, 8, gva}, {0x48, 8, gpa},                     \
    {0x50, 8, word(at) & (~0ull >> (64 - 8 * (length)))}, {0x58, 8, 0}

static uint64_t word(const uint8_t *at) {
  uint64_t value = 0;
  for (uint32_t i = 8; i; i--) value = value << 8 | at[i - 1];
  return value;
}

static void protect(const void *address, uint32_t flags) {
  uint16_t status = intercept_protect((uint64_t)address, flags);
  CHECK(status == 0, "protecting %lx: status %x", (uint64_t)address, (uint32_t)status);
}

static void test_write(void) {
  protect(page, MAY_READ);
  uint32_t before = intercepted.count;
  touch_write((uint64_t)page);
  EXPECT_MESSAGE("write", before, MESSAGE_FAULT(4, ACCESS_WRITE, at_write),
                 MESSAGE_ACCESS(0, 0, (uint64_t)page + 0x10, at_write, 4),
                 MESSAGE_REGISTERS((uint64_t)page));
  CHECK(*(volatile uint8_t *)(page + 0x10) == 0, "written: %x", (uint32_t)page[0x10]);
}

// VTL1 allows it and the same instruction runs again.
static void test_grant(void) {
  intercept_set_answer(ANSWER_GRANT);
  uint32_t before = intercepted.count;
  touch_write((uint64_t)page);
  CHECK(intercepted.count == before + 1, "%u intercepts", intercepted.count - before);
  CHECK(*(volatile uint8_t *)(page + 0x10) == 0x5A, "%x", (uint32_t)page[0x10]);
}

static void test_read(void) {
  protect(page, 0);
  intercept_set_answer(ANSWER_SKIP);
  uint32_t before = intercepted.count;
  touch_read((uint64_t)page + 8);
  EXPECT_MESSAGE("read", before, MESSAGE_FAULT(3, ACCESS_READ, at_read),
                 MESSAGE_ACCESS(0, 0, (uint64_t)page + 8, at_read, 3),
                 MESSAGE_REGISTERS((uint64_t)page + 8));
}

static void run_page(uint64_t address) { ((void (*)(void))address)(); }

// An instruction that cannot be fetched has no bytes; the length is that of the CALL. VTL0 finds the fault there.
static void test_execute(void) {
  protect(page, MAY_READ | MAY_WRITE);
  intercept_set_answer(ANSWER_FAULT);
  uint32_t before = intercepted.count;
  struct recovery got = catch_exception(run_page, (uint64_t)page);
  CHECK(intercepted.count == before + 1, "%u intercepts", intercepted.count - before);
  CHECK(intercepted.message[0x14] == 2 && intercepted.message[0x15] == ACCESS_EXECUTE, "length %x access %x",
        (uint32_t)intercepted.message[0x14], (uint32_t)intercepted.message[0x15]);
  CHECK(word(intercepted.message + 0x28) == (uint64_t)page, "RIP %lx", word(intercepted.message + 0x28));
  CHECK(intercepted.message[0x3C] == 0, "%u bytes", (uint32_t)intercepted.message[0x3C]);
  CHECK(word(intercepted.message + 0x48) == (uint64_t)page, "GPA %lx", word(intercepted.message + 0x48));
  CHECK(got.caught && got.vector == VECTOR_GENERAL_PROTECTION && got.rip == (uint64_t)page, "vector %u RIP %lx",
        (uint32_t)got.vector, got.rip);
  protect(page, MAY_ALL);
}

// The accessed bit of a page-table entry cannot be set: the GPA is the entry's, the GVA the access's, and it is not the
// access itself that is denied.
static void test_walk(void) {
  enum { PRESENT = 1, WRITABLE = 2 };
  uint64_t address = 1ull << 39 | 5 << 12;
  ((uint64_t *)tables[2])[5] = (uint64_t)distant | PRESENT | WRITABLE;
  ((uint64_t *)tables[1])[0] = (uint64_t)tables[2] | PRESENT | WRITABLE;
  ((uint64_t *)tables[0])[0] = (uint64_t)tables[1] | PRESENT | WRITABLE;
  page_map[1] = (uint64_t)tables[0] | PRESENT | WRITABLE;
  protect(tables[2], MAY_READ);
  intercept_set_answer(ANSWER_GRANT);
  uint32_t before = intercepted.count;
  touch_far(address + 0x28);
  EXPECT_MESSAGE("walk", before, MESSAGE_FAULT(3, ACCESS_WRITE, at_far),
                 MESSAGE_ACCESS(1, address + 0x28, (uint64_t)tables[2] + 5 * 8, at_far, 3),
                 MESSAGE_REGISTERS(address + 0x28));
  CHECK(((volatile uint64_t *)tables[2])[5] & 1 << 5, "entry %lx", ((uint64_t *)tables[2])[5]);
}

// The parameters of VTL0's hypercalls: at the VMCALL, without a GVA.
static void test_parameters(void) {
  protect(page, 0);
  intercept_set_answer(ANSWER_GRANT);
  uint32_t before = intercepted.count;
  uint64_t result = hypercall(HVCALL_GET_VP_REGISTERS | HYPERCALL_REPS(1), (uint64_t)page, (uint64_t)distant);
  CHECK(hypercall_status(result) != 0, "an empty page is no input");
  CHECK(intercepted.count == before + 1, "%u intercepts", intercepted.count - before);
  CHECK(intercepted.message[0x14] == 3 && intercepted.message[0x15] == ACCESS_READ, "length %x access %x",
        (uint32_t)intercepted.message[0x14], (uint32_t)intercepted.message[0x15]);
  CHECK(intercepted.message[0x3D] == 0 && word(intercepted.message + 0x40) == 0, "a GVA");
  CHECK(word(intercepted.message + 0x48) == (uint64_t)page, "GPA %lx", word(intercepted.message + 0x48));
}

void guest_main(void) {
  intercepts_enable();
  // Protection on, all of memory free at first.
  CHECK(intercept_set_register(0, REGISTER_VSM_PARTITION_CONFIG, 0x1F) == 0, "VsmPartitionConfig");
  intercept_set_answer(ANSWER_SKIP);
  test_write();
  test_grant();
  test_read();
  test_execute();
  test_walk();
  test_parameters();
  finish("intercept-memory");
}
