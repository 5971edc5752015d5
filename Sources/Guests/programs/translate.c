// VTL1 asks where addresses of VTL0 lead, what VTL0 may do with its pages, and what CPUID tells it (TLFS,
// HvCallTranslateVirtualAddress, ...Ex, HvCallCheckSparseGpaPageVtlAccess, HvCallGetVpCpuidValues).
#include "guest.h"

enum {
  WINDOW = 0x30000, // mapped by a 4 KiB entry
  NOT_PRESENT = 1,
  PRIVILEGE_VIOLATION = 2,
  INVALID_FLAGS = 3,
  GPA_UNMAPPED = 4,
  NO_READ_ACCESS = 5,
  NO_WRITE_ACCESS = 6,
  ILLEGAL_OVERLAY_ACCESS = 7,
};
enum { PTE_PRESENT = 1, PTE_WRITABLE = 2, PTE_PWT = 1 << 3, PTE_PCD = 1 << 4, PTE_ACCESSED = 1 << 5, PTE_DIRTY = 1 << 6 };
enum {
  READ = 1 << 0,
  WRITE = 1 << 1,
  EXECUTE = 1 << 2,
  EXEMPT = 1 << 3,
  SET_BITS = 1 << 4,
  USER = 1 << 7,
  SHADOW_STACK = 1 << 10,
};
enum { CACHE_UC = 0, CACHE_WT = 4, CACHE_WB = 6 };
enum { CR0_WP = 1 << 16 };

extern uint64_t first_page_table[];
extern uint8_t hypercall_pages[VTLS][4096];
static _Alignas(4096) uint8_t frame[4096];
static uint64_t *const entry = &first_page_table[WINDOW >> 12];
static volatile uint64_t *const output = (volatile uint64_t *)contexts[1][0].hypercall_output;

struct question {
  uint64_t partition;
  uint32_t vp;
  uint32_t padding; // anything
  uint64_t flags;
  uint64_t page;
};
static struct question question(uint64_t address, uint64_t flags) {
  return (struct question){HV_PARTITION_SELF, HV_VP_SELF, 0xA5A5A5A5, (uint64_t)HV_INPUT_VTL(0) << 56 | flags, address >> 12};
}

static uint16_t inquire(uint16_t code, struct question q) {
  static struct question input;
  input = q;
  return intercept_hypercall(code, &input);
}

// The code of the result, or the status where the hypercall failed, with bit 16.
static uint32_t translate(uint64_t address, uint64_t flags) {
  uint16_t status = inquire(HVCALL_TRANSLATE, question(address, flags));
  return status ? 1 << 16 | status : (uint32_t)output[0];
}
static uint32_t cache_type(void) { return output[0] >> 32 & 0xFF; }
static bool is_overlay(void) { return output[0] >> 40 & 1; }

#define EXPECT(code, address, flags)                                     \
  do {                                                                   \
    uint32_t got = translate((uint64_t)(address), flags);                \
    CHECK(got == (code), "%x for %lx, flags %x", got, (uint64_t)(address), (uint32_t)(flags)); \
  } while (0)

static void test_page_tables(void) {
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_WRITABLE;
  EXPECT(0, WINDOW + 0x123, READ | WRITE | EXECUTE);
  CHECK(output[1] == (uint64_t)frame >> 12 && cache_type() == CACHE_WB && !is_overlay(), "%lx %lx", output[0], output[1]);
  EXPECT(PRIVILEGE_VIOLATION, WINDOW, READ | USER);
  EXPECT(0, WINDOW, READ | USER | EXEMPT);

  *entry = (uint64_t)frame | PTE_PRESENT;
  write_cr0(read_cr0() | CR0_WP);
  EXPECT(0, WINDOW, READ);
  EXPECT(PRIVILEGE_VIOLATION, WINDOW, READ | WRITE);
  EXPECT(0, WINDOW, READ | WRITE | EXEMPT);
  write_cr0(read_cr0() & ~(uint64_t)CR0_WP);
  EXPECT(0, WINDOW, WRITE);

  *entry = (uint64_t)frame | PTE_PRESENT | 1ull << 45; // beyond the physical addresses
  EXPECT(INVALID_FLAGS, WINDOW, READ);
  *entry = 0;
  EXPECT(NOT_PRESENT, WINDOW, READ);
  *entry = 0xE0000000 | PTE_PRESENT;
  EXPECT(GPA_UNMAPPED, WINDOW, READ);
  EXPECT(NOT_PRESENT, 1ull << 46, READ);
}

static void test_bits(void) {
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_WRITABLE;
  EXPECT(0, WINDOW, READ | WRITE);
  CHECK((*entry & (PTE_ACCESSED | PTE_DIRTY)) == 0, "%lx", *entry);
  EXPECT(0, WINDOW, READ | SET_BITS);
  CHECK((*entry & (PTE_ACCESSED | PTE_DIRTY)) == PTE_ACCESSED, "%lx", *entry);
  EXPECT(0, WINDOW, WRITE | SET_BITS);
  CHECK((*entry & (PTE_ACCESSED | PTE_DIRTY)) == (PTE_ACCESSED | PTE_DIRTY), "%lx", *entry);

  // As the PAT has it at reset: WB, WT, UC-, UC.
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_PWT;
  EXPECT(0, WINDOW, READ);
  CHECK(cache_type() == CACHE_WT, "%u", cache_type());
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_PCD;
  EXPECT(0, WINDOW, READ);
  CHECK(cache_type() == CACHE_UC, "%u", cache_type());
}

static void test_pages(void) {
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_WRITABLE;
  CHECK(intercept_protect((uint64_t)frame, 1) == HV_SUCCESS, "protect");
  EXPECT(0, WINDOW, READ);
  EXPECT(NO_WRITE_ACCESS, WINDOW, WRITE);
  EXPECT(NO_WRITE_ACCESS, WINDOW, WRITE | EXEMPT);
  CHECK(intercept_protect((uint64_t)frame, 0) == HV_SUCCESS, "protect");
  EXPECT(NO_READ_ACCESS, WINDOW, READ);
  EXPECT(0, WINDOW, 0); // there is a page
  CHECK(output[1] == (uint64_t)frame >> 12, "%lx", output[1]);
  CHECK(intercepted.count == 0, "a question was intercepted");

  EXPECT(0, hypercall_pages[0], READ | EXECUTE);
  CHECK(is_overlay() && output[1] == (uint64_t)hypercall_pages[0] >> 12, "%lx %lx", output[0], output[1]);
  EXPECT(ILLEGAL_OVERLAY_ACCESS, hypercall_pages[0], WRITE);
  EXPECT(0, hypercall_pages[0], WRITE | EXEMPT);
}

// The exception that VTL0 would have: #PF with error code and CR2.
static void test_extended(void) {
  enum { PENDING = 1, ERROR_CODE_VALID = 1 << 8, VECTOR_14 = 14 << 16 };
  *entry = 0;
  CHECK(inquire(HVCALL_TRANSLATE_EX, question(WINDOW, WRITE)) == HV_SUCCESS, "status");
  CHECK((uint32_t)output[0] == NOT_PRESENT, "%lx", output[0]);
  CHECK(output[2] == (PENDING | ERROR_CODE_VALID | VECTOR_14 | 2ull << 32) && output[3] == WINDOW, "%lx %lx", output[2], output[3]);
  *entry = (uint64_t)frame | PTE_PRESENT | PTE_WRITABLE;
  CHECK(intercept_protect((uint64_t)frame, 15) == HV_SUCCESS, "protect");
  CHECK(inquire(HVCALL_TRANSLATE_EX, question(WINDOW, WRITE)) == HV_SUCCESS, "status");
  CHECK(output[0] == (uint64_t)CACHE_WB << 32 && output[2] == 0 && output[6] == (uint64_t)frame >> 12, "%lx %lx", output[0], output[6]);
}

static void test_statuses(void) {
  struct question q = question(WINDOW, READ);
  q.partition = 1;
  CHECK(inquire(HVCALL_TRANSLATE, q) == HV_INVALID_PARTITION_ID, "partition");
  q = question(WINDOW, READ);
  q.vp = 9;
  CHECK(inquire(HVCALL_TRANSLATE, q) == HV_INVALID_VP_INDEX, "VP");
  CHECK(inquire(HVCALL_TRANSLATE, question(WINDOW, SHADOW_STACK)) == HV_INVALID_PARAMETER, "shadow stack");
  q = question(WINDOW, READ);
  q.flags += 2ull << 56;
  CHECK(inquire(HVCALL_TRANSLATE, q) == HV_ACCESS_DENIED, "VTL2");

  // VTL0 may ask about itself, and nobody else.
  struct question *own = (struct question *)this_context()->hypercall_input;
  uint64_t *answer = (uint64_t *)this_context()->hypercall_output;
  *own = question(WINDOW, READ);
  CHECK(hypercall_status(hypercall(HVCALL_TRANSLATE, (uint64_t)own, (uint64_t)answer)) == HV_SUCCESS, "own");
  CHECK(answer[1] == (uint64_t)frame >> 12, "%lx", answer[1]);
  own->flags += 1ull << 56;
  CHECK(hypercall_status(hypercall(HVCALL_TRANSLATE, (uint64_t)own, (uint64_t)answer)) == HV_ACCESS_DENIED, "VTL1");
}

static void test_access_check(void) {
  static uint64_t input[4];
  CHECK(intercept_protect((uint64_t)frame, 1) == HV_SUCCESS, "protect");
  input[0] = HV_PARTITION_SELF;
  input[1] = 3 << 8 | HV_INPUT_VTL(0); // read and write
  input[2] = (uint64_t)frame >> 12;
  input[3] = (uint64_t)output >> 12;
  CHECK(intercept_hypercall(HVCALL_CHECK_ACCESS | HYPERCALL_REPS(2), input) == HV_SUCCESS, "status");
  CHECK(output[0] == (1 | 2 << 8 | 1 << 16) && output[1] == 0, "%lx %lx", output[0], output[1]);
  input[1] = 3 << 8 | HV_INPUT_VTL(1);
  CHECK(intercept_hypercall(HVCALL_CHECK_ACCESS | HYPERCALL_REPS(1), input) == HV_ACCESS_DENIED, "own VTL");
}

static void test_cpuid(void) {
  static struct {
    uint64_t partition;
    uint32_t vp, flags;
    uint64_t reserved;
    struct {
      uint32_t eax, ecx;
      uint64_t xcr0, xss;
    } leaves[2];
  } input = {HV_PARTITION_SELF, HV_VP_SELF, 1, 0, {{1, 0, 0, 0}, {0x40000001, 0, 0, 0}}};
  CHECK(intercept_hypercall(HVCALL_GET_CPUID | HYPERCALL_REPS(2), &input) == HV_SUCCESS, "status");
  struct cpuid mine = cpuid(1, 0);
  CHECK((uint32_t)output[0] == mine.eax && output[1] == ((uint64_t)mine.edx << 32 | mine.ecx), "%lx", output[0]);
  CHECK((uint32_t)output[2] == 0x31237648, "%lx", output[2]);
  uint64_t result = hypercall(HVCALL_GET_CPUID | HYPERCALL_REPS(1), (uint64_t)&input, (uint64_t)this_context()->hypercall_output);
  CHECK(hypercall_status(result) == HV_ACCESS_DENIED, "VTL0: %lx", result);
}

void guest_main(void) {
  intercepts_enable();
  test_page_tables();
  test_bits();
  CHECK(intercept_set_register(HV_INPUT_VTL_OWN, REGISTER_VSM_PARTITION_CONFIG, 1 | 15 << 1) == 0, "protection");
  test_pages();
  test_extended();
  test_statuses();
  test_access_check();
  test_cpuid();
  finish("translate");
}
