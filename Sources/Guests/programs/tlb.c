// Flushing the TLBs of other processors by hypercall, and the lock by which a higher VTL keeps them from it (TLFS,
// HvCallFlushVirtualAddressSpace and its relatives; "Virtual Secure Mode", TlbLocked). Processor 0 flushes, processor 1
// reads through a page that processor 0 maps anew, and holds the lock in VTL1.
#include "guest.h"

enum {
  WINDOW = 0x30000, // mapped by a 4 KiB entry, to one frame or the other
  PRESENT_WRITABLE = 3,
  VECTOR_VTL0 = 0x71,
  VECTOR_VTL1 = 0x72,
  SOON = 100000,
  TLB_LOCKED = 1 << 1,
};

enum service {
  SERVICE_HOLD,     // lock VTL0's TLB for R8 ticks, and let go by returning
  SERVICE_LET_GO,   // lock it, let go after R8 ticks, stay as long again
  SERVICE_REGISTER, // VsmVpSecureConfigVtl0 := R8; R8 = status, R9 = what it is then
};

extern uint64_t first_page_table[];
static _Alignas(4096) volatile uint64_t frames[2][512];
static volatile uint64_t *const window = (volatile uint64_t *)WINDOW;


// VTL1 of processor 1

static volatile bool held, flushed;
static volatile uint64_t let_go_at;

static uint16_t set_lock(bool locked) {
  return set_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, locked ? TLB_LOCKED : 0);
}

static void hold(uint64_t ticks) {
  uint64_t vtl0 = interrupt_count(0, 0, VECTOR_VTL0), vtl1 = interrupt_count(0, 1, VECTOR_VTL1);
  CHECK(set_lock(true) == HV_SUCCESS, "lock");
  held = true;
  spin_for(ticks / 2);
  // The processor that waits is suspended in VTL0, but its VTL1 can be entered.
  apic_send(0, VECTOR_VTL1);
  CHECK(send_synthetic_ipi(VECTOR_VTL0, HV_INPUT_VTL(0), 1) == HV_SUCCESS, "IPI");
  spin_for(ticks / 2);
  CHECK(!flushed, "the flush did not wait");
  CHECK(interrupt_count(0, 1, VECTOR_VTL1) == vtl1 + 1, "VTL1 took %lu", interrupt_count(0, 1, VECTOR_VTL1) - vtl1);
  CHECK(interrupt_count(0, 0, VECTOR_VTL0) == vtl0, "VTL0 took %lu while it waits", interrupt_count(0, 0, VECTOR_VTL0) - vtl0);
  let_go_at = rdtsc();
}

static enum vtl_return secure_call(struct registers *registers) {
  switch (registers->rdx) {
  case SERVICE_HOLD:
    hold(registers->r8);
    break;
  case SERVICE_LET_GO:
    hold(registers->r8);
    CHECK(set_lock(false) == HV_SUCCESS, "unlock");
    spin_for(registers->r8);
    CHECK(flushed, "the flush waits without a lock");
    break;
  case SERVICE_REGISTER:
    registers->r8 =
      set_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, registers->r8);
    get_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, &registers->r9);
    break;
  }
  return RETURN_FAST;
}

static void secure_start(void) {
  set_handler(1, VECTOR_VTL1, ignore_interrupt);
  enable_interrupts();
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

static struct vtl_call serve(enum service service, uint64_t a) {
  struct vtl_call call = {.service = service, .a = a};
  vtl_call(&call);
  return call;
}

// Processor 1 in VTL0: does one thing at a time

enum job { JOB_NONE, JOB_READ, JOB_HOLD, JOB_LET_GO };
static volatile enum job job;
static volatile uint64_t value_read;
static volatile bool enabled;
static volatile uint32_t joined = 1;

static void run(void) {
  while (!enabled) cpu_pause();
  vtl1_join();
  __atomic_add_fetch(&joined, 1, __ATOMIC_ACQ_REL);
  while (this_context()->vp != 1) cpu_pause();
  for (;;) {
    while (job == JOB_NONE) cpu_pause();
    if (job == JOB_READ) value_read = *window;
    if (job == JOB_HOLD) serve(SERVICE_HOLD, SOON);
    if (job == JOB_LET_GO) serve(SERVICE_LET_GO, SOON);
    job = JOB_NONE;
  }
}

static void begin(enum job what) {
  held = flushed = false;
  job = what;
}
static void await(void) {
  while (job != JOB_NONE) cpu_pause();
}
static uint64_t read_by_other(void) {
  begin(JOB_READ);
  await();
  return value_read;
}

// Processor 0 in VTL0

static void map(int frame) { first_page_table[WINDOW >> 12] = (uint64_t)frames[frame] | PRESENT_WRITABLE; }

enum flags { FLUSH_ALL_PROCESSORS = 1, FLUSH_ALL_SPACES = 2, FLUSH_NON_GLOBAL = 4, FLUSH_EXTENDED = 8 };

// One of the four forms for a mask of processors; the list has `ranges` of them. Returns the result value.
static uint64_t flush(uint16_t code, uint64_t flags, uint64_t mask, uint64_t ranges) {
  uint64_t *input = (uint64_t *)this_context()->hypercall_input;
  uint64_t *next = input;
  *next++ = read_cr3();
  *next++ = flags;
  bool sparse = code == HVCALL_FLUSH_SPACE_EX || code == HVCALL_FLUSH_LIST_EX;
  if (sparse) *next++ = 0, *next++ = 1;
  *next++ = mask;
  for (uint64_t i = 0; i < ranges; i++) *next++ = WINDOW;
  return hypercall(code | (sparse ? 1 << 17 : 0) | HYPERCALL_REPS(ranges), (uint64_t)input, 0);
}

static const struct form {
  uint16_t code;
  uint64_t ranges;
} forms[] = {{HVCALL_FLUSH_SPACE, 0}, {HVCALL_FLUSH_LIST, 3}, {HVCALL_FLUSH_SPACE_EX, 0}, {HVCALL_FLUSH_LIST_EX, 2}};
enum { FORMS = sizeof forms / sizeof *forms };

static void test_flushes(void) {
  for (int i = 0; i < 2 * FORMS; i++) {
    const struct form *form = &forms[i % FORMS];
    bool all = i >= FORMS;
    map(0);
    invlpg(WINDOW);
    flush(HVCALL_FLUSH_SPACE, FLUSH_ALL_PROCESSORS, 0, 0);
    CHECK(read_by_other() == 100, "%lu", value_read);
    map(1);
    uint64_t result = flush(form->code, all ? FLUSH_ALL_PROCESSORS | FLUSH_ALL_SPACES : 0, all ? 0 : 1 << 1, form->ranges);
    CHECK(result == HYPERCALL_REPS(form->ranges), "code %x: %lx", (uint32_t)form->code, result);
    CHECK(read_by_other() == 101, "code %x: %lu", (uint32_t)form->code, value_read);
  }
}

static void expect_status(uint16_t code, uint64_t flags, uint64_t ranges, uint16_t expected) {
  uint16_t status = hypercall_status(flush(code, flags, 1, ranges));
  CHECK(status == expected, "code %x flags %lx: %x", (uint32_t)code, flags, (uint32_t)status);
}

static void test_statuses(void) {
  for (int i = 0; i < FORMS; i++) {
    bool list = forms[i].ranges != 0;
    expect_status(forms[i].code, FLUSH_NON_GLOBAL, forms[i].ranges, list ? HV_INVALID_PARAMETER : HV_SUCCESS);
    expect_status(forms[i].code, FLUSH_EXTENDED, forms[i].ranges, list ? HV_SUCCESS : HV_INVALID_PARAMETER);
    expect_status(forms[i].code, 1ull << 63, forms[i].ranges, HV_INVALID_PARAMETER);
    expect_status(forms[i].code, 0, list ? 0 : 1, HV_INVALID_HYPERCALL_INPUT);
  }
  uint64_t value = 0;
  CHECK(get_vp_register(HV_VP_SELF, 0, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, &value) != HV_SUCCESS, "VTL0 has a lock");
  CHECK(set_vp_register(HV_VP_SELF, 0, REGISTER_VSM_VP_SECURE_CONFIG_VTL0, TLB_LOCKED) != HV_SUCCESS, "VTL0 locks");
}

static void test_lock(enum job how, const struct form *form, uint64_t mask) {
  begin(how);
  while (!held) cpu_pause();
  // Who is not locked is flushed at once: also the flusher itself.
  uint64_t unlocked = processor_count() > 2 ? 1 << 2 | 1 : 1;
  uint64_t before = rdtsc();
  CHECK(hypercall_status(flush(form->code, 0, unlocked, form->ranges)) == HV_SUCCESS, "code %x", (uint32_t)form->code);
  CHECK(rdtsc() - before < SOON / 4, "waited %lu", rdtsc() - before);
  uint64_t result = flush(form->code, 0, mask, form->ranges);
  uint64_t after = rdtsc();
  flushed = true;
  CHECK(result == HYPERCALL_REPS(form->ranges), "code %x: %lx", (uint32_t)form->code, result);
  CHECK(after >= let_go_at, "flushed at %lu, unlocked at %lu", after, let_go_at);
  await();
  // The interrupt that waited.
  spin_for(SOON / 10);
}

// A VTL's own lock does not hold up its processor, and returning has undone it.
static void test_own_lock(void) {
  struct vtl_call call = serve(SERVICE_REGISTER, TLB_LOCKED);
  CHECK(call.a == HV_SUCCESS && call.b == TLB_LOCKED, "status %lx, register %lx", call.a, call.b);
  call = serve(SERVICE_REGISTER, 1ull << 63);
  CHECK(call.a != HV_SUCCESS && call.b == 0, "status %lx, register %lx", call.a, call.b);
  CHECK(hypercall_status(flush(HVCALL_FLUSH_SPACE, 0, 1, 0)) == HV_SUCCESS, "own TLB");
}

void guest_main(void) {
  if (processor_count() < 2 || boot_info.vtl_count < 2 || !hypercall_available())
    panic("this needs two processors and VTL1");
  CHECK(cpuid(0x40000004, 0).eax >> 2 & 1, "flushes are not recommended");
  frames[0][0] = 100, frames[1][0] = 101;
  set_handler(0, VECTOR_VTL0, ignore_interrupt);
  processors_start(run);
  vtl1_enable(&secure);
  enabled = true;
  while (joined < processor_count()) cpu_pause();
  enable_interrupts();

  test_flushes();
  test_statuses();
  for (int i = 0; i < FORMS; i++) {
    uint64_t before = interrupt_count(0, 0, VECTOR_VTL0);
    test_lock(JOB_HOLD, &forms[i], 1 << 1);
    test_lock(JOB_LET_GO, &forms[i], 1 << 1 | 1);
    CHECK(interrupt_count(0, 0, VECTOR_VTL0) == before + 2, "VTL0 took %lu", interrupt_count(0, 0, VECTOR_VTL0) - before);
  }
  test_own_lock();
  finish("tlb");
}
