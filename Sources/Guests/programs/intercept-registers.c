// Writes of control, table and task registers that VTL1 hears of first: their messages byte by byte, and that nothing
// was written (TLFS, CrInterceptControl, HV_X64_REGISTER_INTERCEPT_MESSAGE).
#include "guest.h"

enum {
  REGISTER_CR0 = 0x40000,
  REGISTER_CR4 = 0x40003,
  CR0_WP = 1 << 16,
  CR0_NE = 1 << 5,
  CR0_TS = 1 << 3,
  CR4_OSXSAVE = 1 << 18,
  CR4_PGE = 1 << 7,
  CR4_DE = 1 << 3,
  TYPE_REGISTER_INTERCEPT = 0x80010006,
};

extern uint8_t at_cr0[], at_cr4[], at_clts[], at_lmsw[], at_xsetbv[], at_lgdt[], at_lidt[], at_lldt[], at_ltr[];

NAMED static void write_cr0_here(uint64_t value) {
  __asm__ volatile(PROVOKE(cr0, "movq %0, %%cr0") : : "a"(value) : "memory", "cc");
}
NAMED static void write_cr4_here(uint64_t value) {
  __asm__ volatile(PROVOKE(cr4, "movq %0, %%cr4") : : "a"(value) : "memory", "cc");
}
NAMED static void clear_task_switched(void) { __asm__ volatile(PROVOKE(clts, "clts") : : : "memory", "cc"); }
NAMED static void load_machine_status(uint16_t value) {
  __asm__ volatile(PROVOKE(lmsw, "lmsw %w0") : : "a"(value) : "memory", "cc");
}
NAMED static void write_xcr0(uint64_t value) {
  __asm__ volatile(PROVOKE(xsetbv, "xsetbv")
                   :
                   : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                   : "memory", "cc");
}
NAMED static void load_gdtr(const struct table_register *table) {
  __asm__ volatile(PROVOKE(lgdt, "lgdt (%0)") : : "a"(table) : "memory", "cc");
}
NAMED static void load_idtr(const struct table_register *table) {
  __asm__ volatile(PROVOKE(lidt, "lidt (%0)") : : "a"(table) : "memory", "cc");
}
NAMED static void load_ldtr(uint16_t selector) {
  __asm__ volatile(PROVOKE(lldt, "lldt %w0") : : "a"(selector) : "memory", "cc");
}
NAMED static void load_tr(uint16_t selector) {
  __asm__ volatile(PROVOKE(ltr, "ltr %w0") : : "a"(selector) : "memory", "cc");
}

static struct table_register stored_gdtr(void) {
  struct table_register table;
  __asm__ volatile("sgdt %0" : "=m"(table));
  return table;
}
static struct table_register stored_idtr(void) {
  struct table_register table;
  __asm__ volatile("sidt %0" : "=m"(table));
  return table;
}
static uint16_t stored_ldtr(void) {
  uint16_t selector;
  __asm__ volatile("sldt %0" : "=m"(selector));
  return selector;
}

static void arm(uint64_t control, uint64_t cr0_mask, uint64_t cr4_mask) {
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CR0_MASK, cr0_mask) == 0, "CR0 mask");
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CR4_MASK, cr4_mask) == 0, "CR4 mask");
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CONTROL, control) == 0, "control %lx", control);
}

static void test_control_registers(void) {
  arm(1 << 0 | 1 << 1, CR0_WP, CR4_DE);
  uint64_t cr0 = read_cr0(), cr4 = read_cr4();
  uint32_t before = intercepted.count;
  write_cr0_here(cr0 ^ CR0_WP);
  EXPECT_MESSAGE("CR0", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_cr0),
                 {0x3C, 4, REGISTER_CR0}, {0x40, 8, cr0 ^ CR0_WP});
  CHECK(read_cr0() == cr0, "CR0 %lx, expected %lx", read_cr0(), cr0);
  before = intercepted.count;
  write_cr4_here(cr4 ^ CR4_DE);
  EXPECT_MESSAGE("CR4", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_cr4),
                 {0x3C, 4, REGISTER_CR4}, {0x40, 8, cr4 ^ CR4_DE});
  CHECK(read_cr4() == cr4, "CR4 %lx, expected %lx", read_cr4(), cr4);
  // Bits that are not in the masks.
  before = intercepted.count;
  write_cr0_here(cr0 ^ CR0_NE);
  CHECK(read_cr0() == (cr0 ^ CR0_NE), "CR0 %lx", read_cr0());
  write_cr0_here(cr0);
  write_cr4_here(cr4 ^ CR4_PGE);
  CHECK(read_cr4() == (cr4 ^ CR4_PGE), "CR4 %lx", read_cr4());
  write_cr4_here(cr4);
  CHECK(intercepted.count == before, "%u intercepts", intercepted.count - before);
}

// The other ways to write CR0.
static void test_machine_status(void) {
  uint64_t cr0 = read_cr0();
  arm(0, 0, 0);
  write_cr0(cr0 | CR0_TS);
  arm(1 << 0, CR0_TS, 0);
  uint32_t before = intercepted.count;
  clear_task_switched();
  EXPECT_MESSAGE("CLTS", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 2, ACCESS_WRITE, at_clts),
                 {0x3C, 4, REGISTER_CR0}, {0x40, 8, cr0 & ~(uint64_t)CR0_TS});
  before = intercepted.count;
  load_machine_status((uint16_t)(cr0 & 7));
  EXPECT_MESSAGE("LMSW", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_lmsw),
                 {0x3C, 4, REGISTER_CR0}, {0x40, 8, cr0 & ~(uint64_t)CR0_TS});
  CHECK(read_cr0() == (cr0 | CR0_TS), "CR0 %lx", read_cr0());
  arm(0, 0, 0);
  write_cr0(cr0);
}

static void test_extended_control(void) {
  arm(1 << 2, 0, 0);
  write_cr4(read_cr4() | CR4_OSXSAVE);
  uint32_t before = intercepted.count;
  write_xcr0(3);
  EXPECT_MESSAGE("XCR0", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_xsetbv),
                 {0x3C, 4, 0x40005}, {0x40, 8, 3});
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  CHECK(low == 1, "XCR0 %x", low);
}

static void test_tables(void) {
  arm(0xF << 15, 0, 0);
  struct table_register gdtr = stored_gdtr(), idtr = stored_idtr(), other = {0x123, 0x112233445566};
  uint32_t before = intercepted.count;
  load_gdtr(&other);
  EXPECT_MESSAGE("GDTR", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_lgdt),
                 {0x3C, 4, 0x70001}, {0x46, 2, 0x123}, {0x48, 8, 0x112233445566});
  CHECK(stored_gdtr().base == gdtr.base, "GDTR %lx", stored_gdtr().base);
  before = intercepted.count;
  load_idtr(&other);
  EXPECT_MESSAGE("IDTR", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_lidt),
                 {0x3C, 4, 0x70000}, {0x46, 2, 0x123}, {0x48, 8, 0x112233445566});
  CHECK(stored_idtr().base == idtr.base, "IDTR %lx", stored_idtr().base);
  uint16_t ldtr = stored_ldtr();
  before = intercepted.count;
  load_ldtr(0);
  EXPECT_MESSAGE("LDTR", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_lldt),
                 {0x3C, 4, 0x60006});
  CHECK(stored_ldtr() == ldtr, "LDTR %x", (uint32_t)stored_ldtr());
}

// A 16-byte descriptor of an available TSS, behind the GDT's own: base 12345678h, limit 67h.
static void test_task(void) {
  static uint64_t gdt[8];
  struct table_register old = stored_gdtr(), other = {sizeof gdt - 1, (uint64_t)gdt};
  for (uint32_t i = 0; i < 5; i++) gdt[i] = ((uint64_t *)old.base)[i];
  gdt[6] = 0x1200893456780067;
  gdt[7] = 0;
  arm(0, 0, 0);
  load_gdtr(&other);
  arm(1 << 18, 0, 0);
  uint32_t before = intercepted.count;
  load_tr(0x30);
  // HV_X64_SEGMENT_REGISTER: base, limit, selector, attributes; the type is busy, as it would be in the register.
  EXPECT_MESSAGE("TR", before, MESSAGE_HEADER(TYPE_REGISTER_INTERCEPT, 0x40, 3, ACCESS_WRITE, at_ltr),
                 {0x3C, 4, 0x60007}, {0x40, 8, 0x12345678}, {0x48, 8, 0x008B003000000067});
  CHECK(gdt[6] == 0x1200893456780067, "the descriptor became busy: %lx", gdt[6]);
  arm(0, 0, 0);
  load_gdtr(&old);
}

// VTL1 may refuse, and VTL0 finds a fault at the instruction.
static void test_refusal(void) {
  arm(1 << 0, CR0_WP, 0);
  intercept_set_answer(ANSWER_FAULT);
  uint64_t cr0 = read_cr0();
  struct recovery got = catch_exception(write_cr0_here, cr0 ^ CR0_WP);
  CHECK(got.caught && got.vector == VECTOR_GENERAL_PROTECTION && got.error == 0, "vector %u error %lx",
        (uint32_t)got.vector, got.error);
  CHECK(got.rip == (uint64_t)at_cr0, "RIP %lx", got.rip);
  CHECK(read_cr0() == cr0, "CR0 %lx", read_cr0());
}

// VTL1 gives in: the instruction runs again, and does what it says.
static void test_permission(void) {
  uint64_t cr0 = read_cr0();
  intercept_allow(REGISTER_CR_INTERCEPT_CR0_MASK, 0);
  intercept_set_answer(ANSWER_ALLOW);
  uint32_t before = intercepted.count;
  write_cr0_here(cr0 ^ CR0_WP);
  CHECK(intercepted.count == before + 1, "%u intercepts", intercepted.count - before);
  CHECK(read_cr0() == (cr0 ^ CR0_WP), "CR0 %lx", read_cr0());
  write_cr0(cr0);
}

static void test_statuses(void) {
  uint64_t value;
  CHECK(set_vp_register(HV_VP_SELF, HV_INPUT_VTL(1), REGISTER_CR_INTERCEPT_CONTROL, 0) == HV_ACCESS_DENIED,
        "VTL0 writes VTL1's");
  CHECK(set_vp_register(HV_VP_SELF, 0, REGISTER_CR_INTERCEPT_CONTROL, 0) == HV_ACCESS_DENIED, "VTL0 has one");
  CHECK(get_vp_register(HV_VP_SELF, 0, REGISTER_CR_INTERCEPT_CR0_MASK, &value) == HV_ACCESS_DENIED, "VTL0 has one");
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CONTROL, 1 << 29) == HV_INVALID_REGISTER_VALUE,
        "a reserved bit");
  arm(0x1FFFFFFF, 0x1234, 0x5678);
  CHECK(intercept_get_register(0, REGISTER_CR_INTERCEPT_CONTROL) == 0x1FFFFFFF, "control");
  CHECK(intercept_get_register(0, REGISTER_CR_INTERCEPT_CR0_MASK) == 0x1234, "CR0 mask");
  CHECK(intercept_get_register(0, REGISTER_CR_INTERCEPT_CR4_MASK) == 0x5678, "CR4 mask");
  arm(0, 0, 0);
}

void guest_main(void) {
  intercepts_enable();
  test_statuses();
  intercept_set_answer(ANSWER_SKIP);
  test_control_registers();
  test_machine_status();
  test_extended_control();
  test_tables();
  test_task();
  test_refusal();
  test_permission();
  finish("intercept-registers");
}
