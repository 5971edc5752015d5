// RDMSR and WRMSR that VTL1 hears of first: their messages byte by byte, and that nothing was read or written (TLFS,
// CrInterceptControl, HV_X64_MSR_INTERCEPT_MESSAGE).
#include "guest.h"

enum { TYPE_MSR_INTERCEPT = 0x80010001, MSR_MISC_ENABLE = 0x1A0, MSR_LSTAR = 0xC0000082 };

// The MSRs of CrInterceptControl, by the bits for reading and writing; 0 where there is none.
static const struct {
  const char *name;
  uint32_t number, read, write;
} msrs[] = {
  {"IA32_MISC_ENABLE", MSR_MISC_ENABLE, 1 << 3, 1 << 4},
  {"LSTAR", MSR_LSTAR, 1 << 5, 1 << 6},
  {"STAR", 0xC0000081, 1 << 7, 1 << 8},
  {"CSTAR", 0xC0000083, 1 << 9, 1 << 10},
  {"APIC_BASE", 0x1B, 1 << 11, 1 << 12},
  {"EFER", 0xC0000080, 1 << 13, 1 << 14},
  {"SYSENTER_CS", 0x174, 0, 1 << 19},
  {"SYSENTER_EIP", 0x176, 0, 1 << 20},
  {"SYSENTER_ESP", 0x175, 0, 1 << 21},
  {"SFMASK", 0xC0000084, 0, 1 << 22},
  {"TSC_AUX", 0xC0000103, 0, 1 << 23},
};
// Some that are not there: to write them is #GP, unless VTL1 hears of it first.
static const struct {
  uint32_t number, write;
} absent[] = {{0x8C, 1 << 24}, {0x8F, 1 << 24},  {0xDA0, 1 << 25}, {0x6A2, 1 << 26},
              {0x6A4, 1 << 27}, {0x6A6, 1 << 27}, {0x6A8, 1 << 28}};

extern uint8_t at_rdmsr_here[], at_wrmsr_here[];

// RDX:RAX behind RDMSR.
NAMED static uint64_t rdmsr_here(uint32_t msr, uint64_t rdx, uint64_t rax) {
  __asm__ volatile(PROVOKE(rdmsr_here, "rdmsr") : "+a"(rax), "+d"(rdx) : "c"(msr) : "memory", "cc");
  return rdx << 32 | (uint32_t)rax;
}
NAMED static void wrmsr_here(uint32_t msr, uint64_t rdx, uint64_t rax) {
  __asm__ volatile(PROVOKE(wrmsr_here, "wrmsr") : : "c"(msr), "a"(rax), "d"(rdx) : "memory", "cc");
}
static void wrmsr_low(uint64_t msr) { wrmsr_here((uint32_t)msr, 0, 0); }

static void arm(uint64_t control) {
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CONTROL, control) == 0, "control %lx", control);
}

static void expect_read(const char *name, uint32_t number) {
  uint32_t before = intercepted.count;
  uint64_t got = rdmsr_here(number, 0x0123456789ABCDEF, 0xFEDCBA9876543210);
  EXPECT_MESSAGE(name, before, MESSAGE_HEADER(TYPE_MSR_INTERCEPT, 0x40, 2, ACCESS_READ, at_rdmsr_here),
                 {0x38, 4, number}, {0x40, 8, 0x0123456789ABCDEF}, {0x48, 8, 0xFEDCBA9876543210});
  CHECK(got == 0x89ABCDEF76543210, "%s: RDX:RAX %lx", name, got);
}

static void expect_write(const char *name, uint32_t number) {
  uint32_t before = intercepted.count;
  wrmsr_here(number, 0x0123456789ABCDEF, 0xFEDCBA9876543210);
  EXPECT_MESSAGE(name, before, MESSAGE_HEADER(TYPE_MSR_INTERCEPT, 0x40, 2, ACCESS_WRITE, at_wrmsr_here),
                 {0x38, 4, number}, {0x40, 8, 0x0123456789ABCDEF}, {0x48, 8, 0xFEDCBA9876543210});
}

// Each bit by itself: it stops its access, and leaves the other one alone.
static void test_each(void) {
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_MISC_ENABLE_MASK, UINT64_MAX) == 0, "mask");
  for (uint32_t i = 0; i < sizeof msrs / sizeof msrs[0]; i++) {
    uint64_t value = rdmsr(msrs[i].number);
    uint32_t before = intercepted.count;
    if (msrs[i].read) {
      arm(msrs[i].read);
      wrmsr(msrs[i].number, value);
      CHECK(intercepted.count == before, "%s: writing was intercepted", msrs[i].name);
      expect_read(msrs[i].name, msrs[i].number);
    }
    arm(msrs[i].write);
    before = intercepted.count;
    CHECK(rdmsr(msrs[i].number) == value, "%s: %lx", msrs[i].name, rdmsr(msrs[i].number));
    CHECK(intercepted.count == before, "%s: reading was intercepted", msrs[i].name);
    expect_write(msrs[i].name, msrs[i].number);
    CHECK(rdmsr(msrs[i].number) == value, "%s: %lx, was %lx", msrs[i].name, rdmsr(msrs[i].number), value);
  }
}

static void test_absent(void) {
  for (uint32_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
    arm(absent[i].write);
    expect_write("an MSR that is not there", absent[i].number);
    arm(0);
    struct recovery got = catch_exception(wrmsr_low, absent[i].number);
    CHECK(got.caught && got.vector == VECTOR_GENERAL_PROTECTION, "MSR %x", absent[i].number);
  }
}

// IA32_MISC_ENABLE: only a change of a bit in the mask counts.
static void test_mask(void) {
  uint64_t value = rdmsr(MSR_MISC_ENABLE), no_execute = 1ull << 34;
  arm(1 << 4);
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_MISC_ENABLE_MASK, no_execute) == 0, "mask");
  CHECK(intercept_get_register(0, REGISTER_CR_INTERCEPT_MISC_ENABLE_MASK) == no_execute, "mask");
  uint32_t before = intercepted.count;
  wrmsr(MSR_MISC_ENABLE, value ^ 1);
  CHECK(intercepted.count == before && rdmsr(MSR_MISC_ENABLE) == (value ^ 1), "%lx", rdmsr(MSR_MISC_ENABLE));
  wrmsr(MSR_MISC_ENABLE, value ^ no_execute);
  CHECK(intercepted.count == before + 1 && rdmsr(MSR_MISC_ENABLE) == (value ^ 1), "%lx", rdmsr(MSR_MISC_ENABLE));
  wrmsr(MSR_MISC_ENABLE, value);
}

// An MSR that is nobody's business, and a fault that VTL1 answers with.
static void test_refusal(void) {
  arm(0x1FFFFFFF);
  uint32_t before = intercepted.count;
  wrmsr(0xC0000102, rdmsr(0xC0000102)); // KERNEL_GS_BASE
  CHECK(intercepted.count == before, "KERNEL_GS_BASE");
  intercept_set_answer(ANSWER_FAULT);
  struct recovery got = catch_exception(wrmsr_low, MSR_LSTAR);
  CHECK(got.caught && got.vector == VECTOR_GENERAL_PROTECTION && got.error == 0, "vector %u", (uint32_t)got.vector);
  CHECK(got.rip == (uint64_t)at_wrmsr_here, "RIP %lx", got.rip);
  arm(0);
}

void guest_main(void) {
  intercepts_enable();
  intercept_set_answer(ANSWER_SKIP);
  test_each();
  test_absent();
  test_mask();
  test_refusal();
  finish("intercept-msrs");
}
