// Mode-based execution control: pages that user mode may execute and the kernel may not, and when the two are one
// (TLFS, "Mode Based Execution Control").
#include "guest.h"

enum {
  TYPE_GPA_INTERCEPT = 0x80000001,
  REGISTER_VSM_CAPABILITIES = 0xD0006,
  ENABLE_MBEC = 1,
  CR4_SMEP = 1 << 20,
  PRESENT = 1,
  WRITABLE = 2,
  USER = 4,
  R = 1,
  RW = 3,
  KX = 4,
  UX = 8,
};
enum { SELECTOR_USER_DATA = 0x2B, SELECTOR_USER_CODE = 0x33 };

// User mode finds the page at USER_ADDRESS, the kernel at its own address. UD2 for the one, RET for the other.
#define USER_ADDRESS (1ull << 39)
_Alignas(4096) static uint8_t page[4096] = {0x0F, 0x0B, [16] = 0xC3};
_Alignas(4096) static uint64_t tables[3][512];
extern uint64_t page_map[];
static uint64_t gdt[8];
_Alignas(16) static uint8_t stack[4096];

// The kernel's stack while user mode runs, and what ended it.
uint64_t kernel_stack;
extern uint8_t back_in_kernel[];
static uint8_t user_vector;

// Runs user mode at an address until its first exception.
void run_user(uint64_t address);
__asm__(".globl run_user\nrun_user:\n"
        "pushq %rbx\n\tpushq %rbp\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\tpushq %r15\n"
        "movq %rsp, kernel_stack\n"
        "pushq $0x2B\n\tpushq $0\n\tpushq $2\n\tpushq $0x33\n\tpushq %rdi\n\tiretq\n"
        ".globl back_in_kernel\nback_in_kernel:\n"
        "popq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbp\n\tpopq %rbx\n\tret\n");

static void leave_user(struct frame *frame) {
  if ((frame->cs & 3) != 3) panic("exception %lu at %lx", frame->vector, frame->rip);
  user_vector = (uint8_t)frame->vector;
  frame->cs = SELECTOR_CODE;
  frame->ss = SELECTOR_DATA;
  frame->rip = (uint64_t)back_in_kernel;
  frame->rsp = kernel_stack;
}

static void prepare_user(void) {
  tables[2][0] = (uint64_t)page | PRESENT | USER;
  tables[1][0] = (uint64_t)tables[2] | PRESENT | WRITABLE | USER;
  tables[0][0] = (uint64_t)tables[1] | PRESENT | WRITABLE | USER;
  page_map[1] = (uint64_t)tables[0] | PRESENT | WRITABLE | USER;
  for (uint32_t i = 0; i < 5; i++) gdt[i] = this_context()->gdt[i];
  gdt[5] = 0x00CFF3000000FFFF;
  gdt[6] = 0x00AFFB000000FFFF;
  struct table_register table = {sizeof gdt - 1, (uint64_t)gdt};
  __asm__ volatile("lgdt %0" : : "m"(table));
  // A return to user mode empties GS where its selector is the kernel's.
  struct context *context = this_context();
  __asm__ volatile("movw %w0, %%gs" : : "r"(0));
  wrmsr(MSR_GS_BASE, (uint64_t)context);
  context->tss.rsp[0] = (uint64_t)stack + sizeof stack;
  set_handler(0, VECTOR_INVALID_OPCODE, leave_user);
  write_cr4(read_cr4() | CR4_SMEP);
}

static void protect(uint32_t flags) {
  CHECK(intercept_protect((uint64_t)page, flags) == 0, "flags %x", flags);
}

static void set_mbec(uint64_t value) {
  CHECK(intercept_set_register(0, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, value) == 0, "VsmVpSecureConfigVtl0 %lx", value);
}

// What may be executed with these rights; VTL1 gives way, so that both come to their end.
static void expect_rights(const char *name, uint32_t flags, bool kernel, bool user) {
  protect(flags);
  uint32_t before = intercepted.count;
  ((void (*)(void))(page + 16))();
  CHECK((intercepted.count == before) == kernel, "%s: kernel", name);
  protect(flags);
  before = intercepted.count;
  user_vector = 0;
  run_user(USER_ADDRESS);
  CHECK(user_vector == VECTOR_INVALID_OPCODE, "%s: vector %u", name, (uint32_t)user_vector);
  CHECK((intercepted.count == before) == user, "%s: user", name);
}

static void test_modes(void) {
  set_mbec(1);
  expect_rights("RW", RW, false, false);
  expect_rights("RW+UX", RW | UX, false, true);
  expect_rights("R+UX", R | UX, false, true);
  expect_rights("RX", R | KX | UX, true, true);
  // Without SMEP the kernel's right is for both.
  write_cr4(read_cr4() & ~(uint64_t)CR4_SMEP);
  expect_rights("RW+UX without SMEP", RW | UX, false, false);
  write_cr4(read_cr4() | CR4_SMEP);
  expect_rights("RW+UX", RW | UX, false, true);
  // And without MBEC on this VP.
  set_mbec(0);
  expect_rights("RW+UX without MBEC", RW | UX, false, false);
  set_mbec(1);
}

// HV_X64_MEMORY_INTERCEPT_MESSAGE of a fetch in user mode: execution state 17h has CPL 3, CS is user mode's.
static void test_message(void) {
  protect(R);
  uint32_t before = intercepted.count;
  run_user(USER_ADDRESS);
  CHECK(intercepted.count == before + 1, "%u intercepts", intercepted.count - before);
  static const uint8_t expected[] = {
    0,    0,    0,    0,                                        // VP index
    0,    2,    0x17, 0,                                        // length 0, CR8 0; execute; CPL 3, PE, LMA; VTL0
    0,    0,    0,    0,    0,    0,    0,    0,                // CS base
    0xFF, 0xFF, 0xFF, 0xFF, 0x33, 0,    0xFB, 0xA0,             // limit, selector, attributes
    0,    0,    0,    0,    0x80, 0,    0,    0,                // RIP: 8000000000h
    2,    0,    1,    0,    0,    0,    0,    0,                // RFLAGS: RF
    6,    0,    0,    0,    0,    0,    0,    0,                // write-back, no bytes, no GVA, TPR 0
    0,    0,    0,    0,    0,    0,    0,    0,                // GVA
  };
  for (uint32_t i = 0; i < sizeof expected; i++)
    CHECK(intercepted.message[16 + i] == expected[i], "byte %x of the payload is %2x, expected %2x", i,
          (uint32_t)intercepted.message[16 + i], (uint32_t)expected[i]);
  CHECK(*(uint64_t *)(intercepted.message + 0x48) == (uint64_t)page, "GPA %lx",
        *(uint64_t *)(intercepted.message + 0x48));
}

void guest_main(void) {
  intercepts_enable_with(ENABLE_MBEC);
  uint64_t capabilities = intercept_get_register(0, REGISTER_VSM_CAPABILITIES);
  CHECK(capabilities & 1 << 1, "VsmCapabilities %lx", capabilities);
  uint64_t status = intercept_get_register(0, REGISTER_VSM_PARTITION_STATUS);
  CHECK(status >> 20 == 3, "VsmPartitionStatus %lx", status);
  CHECK(intercept_set_register(0, REGISTER_VSM_PARTITION_CONFIG, 0x1F) == 0, "VsmPartitionConfig");
  prepare_user();
  intercept_set_answer(ANSWER_GRANT);
  test_modes();
  test_message();
  uint64_t vp_status = 0;
  get_vp_register(HV_VP_SELF, 0, REGISTER_VSM_VP_STATUS, &vp_status);
  CHECK(vp_status == 0x30010, "VsmVpStatus %lx", vp_status);
  finish("intercept-execute");
}
