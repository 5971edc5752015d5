// Each exception a program can cause: its vector, error code, where RIP points, and the stack its handler
// runs on.
#include "guest.h"

enum { NOT_PRESENT_PAGE = 0, GATE_PRESENT = 0x80 };
#define NON_CANONICAL 0x8000000000000000

extern uint64_t first_page_table[];

// Where each provoked instruction begins.
extern uint8_t at_ud2[], at_divide[], at_load[], at_store[], after_int3[], at_rdmsr[], at_load_selector[];

static void provoke_invalid_opcode(uint64_t unused) {
  (void)unused;
  __asm__ volatile(".globl at_ud2\nat_ud2: ud2");
}

static void provoke_divide(uint64_t divisor) {
  __asm__ volatile(".globl at_divide\nat_divide: divq %0" : : "r"(divisor), "a"(1ull), "d"(0ull) : "cc");
}

static void provoke_load(uint64_t address) {
  uint64_t value;
  __asm__ volatile(".globl at_load\nat_load: movq (%1), %0" : "=r"(value) : "r"(address) : "memory");
}

static void provoke_store(uint64_t address) {
  __asm__ volatile(".globl at_store\nat_store: movb $1, (%0)" : : "r"(address) : "memory");
}

static void provoke_fetch(uint64_t address) { ((void (*)(void))address)(); }

static void provoke_breakpoint(uint64_t unused) {
  (void)unused;
  __asm__ volatile("int3\n.globl after_int3\nafter_int3: nop");
}

static void provoke_rdmsr(uint64_t msr) {
  __asm__ volatile(".globl at_rdmsr\nat_rdmsr: rdmsr" : : "c"((uint32_t)msr) : "rax", "rdx");
}

static void provoke_load_selector(uint64_t selector) {
  __asm__ volatile(".globl at_load_selector\nat_load_selector: movw %w0, %%ds" : : "r"(selector));
}

static void provoke_interrupt_gate(uint64_t unused) {
  (void)unused;
  __asm__ volatile("int $0x70");
}

static void provoke_load_stack(uint64_t address) {
  __asm__ volatile("movq %%rbp, %%rbx\n\tmovq %0, %%rbp\n\tmovq (%%rbp), %%rax\n\tmovq %%rbx, %%rbp"
                   :
                   : "r"(address)
                   : "rax", "rbx", "memory");
}

static void expect(const char *name, struct recovery got, uint8_t vector, uint64_t error, const void *rip) {
  CHECK(got.caught, "%s: nothing happened", name);
  CHECK(got.vector == vector, "%s: vector %u", name, (uint32_t)got.vector);
  CHECK(got.error == error, "%s: error %lx, expected %lx", name, got.error, error);
  if (rip) CHECK(got.rip == (uint64_t)rip, "%s: rip %lx, expected %lx", name, got.rip, (uint64_t)rip);
}

static bool on_fault_stack(uint64_t stack) {
  uint64_t bottom = (uint64_t)fault_stacks[0][0];
  return stack >= bottom && stack < bottom + STACK_SIZE;
}

static void test_faults_and_traps(void) {
  expect("#UD", catch_exception(provoke_invalid_opcode, 0), VECTOR_INVALID_OPCODE, 0, at_ud2);
  expect("#DE by zero", catch_exception(provoke_divide, 0), VECTOR_DIVIDE, 0, at_divide);
  expect("#BP", catch_exception(provoke_breakpoint, 0), VECTOR_BREAKPOINT, 0, after_int3);
  expect("#GP non-canonical", catch_exception(provoke_load, NON_CANONICAL), VECTOR_GENERAL_PROTECTION, 0,
         at_load);
  expect("#SS non-canonical", catch_exception(provoke_load_stack, NON_CANONICAL), 12, 0, 0);
  expect("#GP no such MSR", catch_exception(provoke_rdmsr, 0xBAD0BAD), VECTOR_GENERAL_PROTECTION, 0,
         at_rdmsr);
  // The error code names the selector: bits 15:3 index, 2 table, 1 IDT, 0 external (SDM Vol. 3A, 6.13).
  expect("#GP selector beyond the GDT", catch_exception(provoke_load_selector, 0x7B),
         VECTOR_GENERAL_PROTECTION, 0x78, at_load_selector);
}

// The fetch bit is set only where pages can be made not executable.
static void test_fetch(void) {
  enum { NXE = 1 << 11, ADDRESS = NOT_PRESENT_PAGE + 0x10 };
  uint64_t efer = rdmsr(MSR_EFER);
  wrmsr(MSR_EFER, efer & ~(uint64_t)NXE);
  expect("#PF fetch", catch_exception(provoke_fetch, ADDRESS), VECTOR_PAGE_FAULT, 0, (void *)ADDRESS);
  wrmsr(MSR_EFER, efer | NXE);
  expect("#PF fetch, NXE", catch_exception(provoke_fetch, ADDRESS), VECTOR_PAGE_FAULT, 0x10, (void *)ADDRESS);
  wrmsr(MSR_EFER, efer);
}

// Error code bits: 0 present, 1 write, 2 user, 3 reserved bit, 4 fetch (SDM Vol. 3A, 4.7).
static void test_page_faults(void) {
  struct recovery got = catch_exception(provoke_load, NOT_PRESENT_PAGE + 0x123);
  expect("#PF load", got, VECTOR_PAGE_FAULT, 0, at_load);
  CHECK(got.address == NOT_PRESENT_PAGE + 0x123, "cr2 %lx", got.address);
  got = catch_exception(provoke_store, NOT_PRESENT_PAGE + 0x456);
  expect("#PF store", got, VECTOR_PAGE_FAULT, 2, at_store);
  CHECK(got.address == NOT_PRESENT_PAGE + 0x456, "cr2 %lx", got.address);
  test_fetch();

  enum { PAGE = 0x3000, WRITABLE = 1 << 1 };
  first_page_table[PAGE >> 12] &= ~(uint64_t)WRITABLE;
  invlpg(PAGE);
  got = catch_exception(provoke_store, PAGE + 8);
  expect("#PF store to a read-only page", got, VECTOR_PAGE_FAULT, 3, at_store);
  first_page_table[PAGE >> 12] |= WRITABLE;
  invlpg(PAGE);
  got = catch_exception(provoke_store, PAGE + 8);
  CHECK(!got.caught, "the page is writable again");
}

static void test_stacks(void) {
  struct recovery got = catch_exception(provoke_invalid_opcode, 0);
  CHECK(!on_fault_stack(got.handler_stack), "handler without IST at %lx", got.handler_stack);
  idt[VECTOR_INVALID_OPCODE].ist = 1;
  got = catch_exception(provoke_invalid_opcode, 0);
  CHECK(on_fault_stack(got.handler_stack), "handler with IST1 at %lx", got.handler_stack);
  idt[VECTOR_INVALID_OPCODE].ist = 0;
}

static void test_missing_gates(void) {
  // INT n through a gate that is not present: the error code names the IDT entry.
  idt[0x70].type &= ~GATE_PRESENT;
  expect("#NP gate", catch_exception(provoke_interrupt_gate, 0), VECTOR_SEGMENT_NOT_PRESENT, 0x70 << 3 | 2,
         0);
  idt[0x70].type |= GATE_PRESENT;

  // A #PF that cannot be delivered is a contributory exception on a page fault: #DF (SDM Vol. 3A, table 6-5).
  idt[VECTOR_PAGE_FAULT].type &= ~GATE_PRESENT;
  struct recovery got = catch_exception(provoke_load, NOT_PRESENT_PAGE);
  idt[VECTOR_PAGE_FAULT].type |= GATE_PRESENT;
  expect("#DF", got, VECTOR_DOUBLE_FAULT, 0, 0);
  CHECK(on_fault_stack(got.handler_stack), "#DF handler at %lx", got.handler_stack);
}

static void returned_here(struct frame *frame) { frame->registers.rax++; }

// INT n: every register comes back, and the handler can change one.
static void test_software_interrupt(void) {
  set_handler(0, 0x70, returned_here);
  uint64_t rax = 41, rbx = 0x1122334455667788;
  __asm__ volatile("int $0x70" : "+a"(rax), "+b"(rbx) : : "memory");
  CHECK(rax == 42 && rbx == 0x1122334455667788, "rax %lu rbx %lx", rax, rbx);
  set_handler(0, 0x70, 0);
}

void guest_main(void) {
  test_faults_and_traps();
  test_page_faults();
  test_stacks();
  test_missing_gates();
  test_software_interrupt();
  finish("exceptions");
}
