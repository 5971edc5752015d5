// What a partition with VTL1 is promised, checked from inside: the statuses of the enabling calls, VTL calls
// and returns, shared and private registers, entry reasons, and interrupts that cross, or must not cross,
// between VTLs. (TLFS, "Virtual Secure Mode".)
#include "guest.h"

enum {
  VECTOR_VTL0 = 0x71,
  VECTOR_VTL1 = 0x72,
  VECTOR_VINA = 0x31,
  VECTOR_EITHER = 0x73,
  SOON = 100000,
  XMM_PATTERN = 0x5A5A5A5A,
};
#define CR2_PATTERN 0x123456789ABCDEF0ull
#define DR0_PATTERN 0x0000111122223333ull

enum service {
  SERVICE_NOTHING,
  SERVICE_LOOK,           // fast: note the registers, change R11, XMM10 and CR2
  SERVICE_ANSWER,         // normal: RAX and RCX from the VP assist page
  SERVICE_CHANGE_PRIVATE, // fast: change CR3 and CR8 of VTL1
  SERVICE_SPIN,           // fast: spin for R8 ticks, R8 = VTL0's timer interrupts taken meanwhile, R9 = VINAs
  SERVICE_ARM_TIMER,      // fast: arm VTL1's timer, R8 ticks from now
  SERVICE_SEND,           // fast: ICR write in VTL1: R8 destination, R9 command
  SERVICE_SYNTHETIC_IPI,  // fast: hypercall: R8 VTL, R9 VPs; R8 = status
  SERVICE_VINA,           // fast: VINA register := R8; R8 = status
  SERVICE_APIC_OFF,       // fast: software-disable VTL1's APIC
  SERVICE_APIC_ON,
};

void probe(struct registers *registers);
uint64_t read_xmm10(void);
void write_xmm10(uint64_t value);
void raw_vtl_switch(uint64_t rcx, uint64_t rax);
extern uint8_t at_raw_vmcall[];
extern uint64_t page_map[];

// What VTL1 saw.
static struct {
  struct registers registers;
  uint64_t xmm10, cr2, dr0, gs;
  uint32_t reason;
} seen;
static struct {
  uint64_t base;
  uint32_t id, svr, ldr, tpr;
} first_seen[MAX_VPS];
static volatile uint32_t interrupt_reason[MAX_VPS];

static uint64_t read_dr0(void) {
  uint64_t value;
  __asm__ volatile("movq %%dr0, %0" : "=r"(value));
  return value;
}

static void write_dr0(uint64_t value) { __asm__ volatile("movq %0, %%dr0" : : "r"(value)); }


// VTL1

static void note_reason(struct frame *frame) {
  (void)frame;
  uint32_t vp = this_context()->vp;
  interrupt_reason[vp] = assist_pages[vp].entry_reason;
}


static void secure_start(void) {
  uint32_t vp = this_context()->vp;
  first_seen[vp].base = rdmsr(MSR_APIC_BASE);
  first_seen[vp].id = apic_id();
  first_seen[vp].svr = apic_read(APIC_SVR);
  first_seen[vp].ldr = apic_read(APIC_LDR);
  first_seen[vp].tpr = apic_read(APIC_TPR);
  set_handler(1, VECTOR_VTL1, note_reason);
  set_handler(1, VECTOR_TIMER, note_reason);
  set_handler(1, VECTOR_EITHER, ignore_interrupt);
  set_handler(1, VECTOR_VINA, ignore_interrupt);
  enable_interrupts();
}

static void look(struct registers *registers) {
  uint32_t vp = this_context()->vp;
  seen.registers = *registers;
  seen.xmm10 = read_xmm10();
  seen.cr2 = read_cr2();
  seen.dr0 = read_dr0();
  seen.gs = rdmsr(MSR_GS_BASE);
  seen.reason = assist_pages[vp].entry_reason;
  registers->r11 = ~registers->r11;
  write_xmm10(~seen.xmm10);
  write_cr2(~seen.cr2);
}

static void change_private(void) {
  _Alignas(4096) static uint64_t other_page_map[512];
  other_page_map[0] = page_map[0];
  write_cr3((uint64_t)other_page_map);
  write_cr8(1); // below all vectors used here
}

static void spin(struct registers *registers) {
  uint32_t vp = this_context()->vp;
  uint64_t timers = interrupt_count(vp, 0, VECTOR_TIMER), vinas = interrupt_count(vp, 1, VECTOR_VINA);
  spin_for(registers->r8);
  registers->r8 = interrupt_count(vp, 0, VECTOR_TIMER) - timers;
  registers->r9 = interrupt_count(vp, 1, VECTOR_VINA) - vinas;
}

static enum vtl_return secure_call(struct registers *registers) {
  switch (registers->rdx) {
  case SERVICE_LOOK:
    look(registers);
    break;
  case SERVICE_ANSWER:
    registers->rax = 0x1111;
    registers->rcx = 0x2222;
    return RETURN_NORMAL;
  case SERVICE_CHANGE_PRIVATE:
    change_private();
    break;
  case SERVICE_SPIN:
    spin(registers);
    break;
  case SERVICE_ARM_TIMER:
    apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, registers->r8);
    break;
  case SERVICE_SEND:
    apic_send((uint32_t)registers->r8, (uint32_t)registers->r9);
    break;
  case SERVICE_SYNTHETIC_IPI:
    registers->r8 = send_synthetic_ipi(VECTOR_EITHER, HV_INPUT_VTL(registers->r8), registers->r9);
    break;
  case SERVICE_VINA:
    registers->r8 = set_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_VINA, registers->r8);
    break;
  case SERVICE_APIC_OFF:
    apic_write(APIC_SVR, VECTOR_SPURIOUS);
    break;
  case SERVICE_APIC_ON:
    apic_enable();
    break;
  }
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

// Calls a service; returns what it left in R8 and R9.
static struct vtl_call serve(enum service service, uint64_t a, uint64_t b) {
  struct vtl_call call = {.service = service, .a = a, .b = b};
  vtl_call(&call);
  return call;
}

// VTL0, before VTL1 exists

static void call_stub(uint64_t unused) {
  (void)unused;
  serve(SERVICE_NOTHING, 0, 0);
}

static void raw_call(uint64_t input) { raw_vtl_switch(HVCALL_VTL_CALL, input); }
static void raw_return(uint64_t input) { raw_vtl_switch(HVCALL_VTL_RETURN, input); }

// A refused switch is #UD at the VMCALL.
static void expect_refused(const char *what, void (*function)(uint64_t), uint64_t input, const uint8_t *rip) {
  struct recovery got = catch_exception(function, input);
  CHECK(got.caught && got.vector == VECTOR_INVALID_OPCODE, "%s: vector %u", what, (uint32_t)got.vector);
  if (rip) CHECK(got.rip == (uint64_t)rip, "%s: rip %lx, expected %lx", what, got.rip, (uint64_t)rip);
}

#define EXPECT_STATUS(call, expected)                                                  \
  do {                                                                                 \
    uint16_t status = (call);                                                          \
    CHECK(status == (expected), "%s: status %x, expected %x", #call, (uint32_t)status, \
          (uint32_t)(expected));                                                       \
  } while (0)

static void test_before_enabling(void) {
  expect_refused("VTL call without VTL1", call_stub, 0, 0);
  expect_refused("raw VTL call without VTL1", raw_call, 0, at_raw_vmcall);
  expect_refused("VTL return in VTL0", raw_return, 1, at_raw_vmcall);
  EXPECT_STATUS(enable_vp_vtl(HV_VP_SELF, 1), HV_INVALID_VTL_STATE);
  EXPECT_STATUS(enable_partition_vtl(1, 1), HV_INVALID_PARTITION_ID);
  CHECK(enable_partition_vtl(HV_PARTITION_SELF, 0) != 0, "VTL0 can be enabled");
  CHECK(enable_partition_vtl(HV_PARTITION_SELF, 7) != 0, "VTL7 can be enabled");
  uint64_t value = 0;
  EXPECT_STATUS(get_vp_register(HV_VP_SELF, 0, REGISTER_VSM_PARTITION_STATUS, &value), HV_SUCCESS);
  CHECK((value & 0xFFFF) == 1 && (value >> 16 & 0xF) >= 1, "partition status %lx", value);
  EXPECT_STATUS(get_vp_register(1000, 0, REGISTER_VSM_VP_STATUS, &value), HV_INVALID_VP_INDEX);
  EXPECT_STATUS(get_vp_register(HV_VP_SELF, 0, 0xDEAD, &value), HV_INVALID_PARAMETER);
  CHECK(hypercall_status(hypercall(0x7777, 0, 0)) == HV_INVALID_HYPERCALL_CODE, "code 7777h is known");
  CHECK(rdmsr(MSR_HV_VP_INDEX) == 0, "VP index %lu", rdmsr(MSR_HV_VP_INDEX));
}

static void test_enabling(void) {
  EXPECT_STATUS(enable_partition_vtl(HV_PARTITION_SELF, 1), HV_SUCCESS);
  EXPECT_STATUS(enable_partition_vtl(HV_PARTITION_SELF, 1), HV_INVALID_VTL_STATE);
  EXPECT_STATUS(enable_vp_vtl(1, 1), HV_ACCESS_DENIED);
  EXPECT_STATUS(enable_vp_vtl(HV_VP_SELF, 1), HV_SUCCESS);
  EXPECT_STATUS(enable_vp_vtl(HV_VP_SELF, 1), HV_VTL_ALREADY_ENABLED);
  uint64_t value = 0;
  EXPECT_STATUS(get_vp_register(HV_VP_SELF, 0, REGISTER_VSM_VP_STATUS, &value), HV_SUCCESS);
  CHECK(value == 3 << 16, "VP status %lx: enabling must not switch", value);
  EXPECT_STATUS(get_vp_register(HV_VP_SELF, HV_INPUT_VTL(1), REGISTER_VSM_VINA, &value), HV_ACCESS_DENIED);
  EXPECT_STATUS(set_vp_register(HV_VP_SELF, HV_INPUT_VTL(1), REGISTER_VSM_VINA, 0), HV_ACCESS_DENIED);
  expect_refused("VTL call with input bits", raw_call, 1, at_raw_vmcall);
  vtl1_join();
}

// VTL0 and VTL1 together

static void test_first_entry(void) {
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    uint64_t base = APIC_BASE_ADDRESS | APIC_BASE_ENABLE | (vp == 0 ? APIC_BASE_BSP : 0);
    CHECK(first_seen[vp].base == base, "APIC base of %u.1 %lx", vp, first_seen[vp].base);
    CHECK(first_seen[vp].id == vp, "APIC ID of %u.1 %x", vp, first_seen[vp].id);
    CHECK(first_seen[vp].svr == 0x1FF, "SVR of %u.1 %x", vp, first_seen[vp].svr);
    CHECK(first_seen[vp].ldr == 0 && first_seen[vp].tpr == 0, "LDR %x TPR %x", first_seen[vp].ldr,
          first_seen[vp].tpr);
  }
}

static void test_shared_registers(void) {
  struct registers registers;
  uint64_t *words = (uint64_t *)&registers;
  for (uint64_t i = 0; i < 15; i++) words[i] = 0x0101010101010101 * i;
  registers.rcx = 0;
  registers.rdx = SERVICE_LOOK;
  struct registers before = registers;
  write_xmm10(XMM_PATTERN);
  write_cr2(CR2_PATTERN);
  write_dr0(DR0_PATTERN);
  disable_interrupts();
  probe(&registers);
  enable_interrupts();
  CHECK(seen.reason == ENTRY_CALL, "entry reason %u", seen.reason);
  CHECK(seen.xmm10 == XMM_PATTERN && seen.cr2 == CR2_PATTERN && seen.dr0 == DR0_PATTERN,
        "xmm10 %lx cr2 %lx dr0 %lx", seen.xmm10, seen.cr2, seen.dr0);
  CHECK(read_xmm10() == ~(uint64_t)XMM_PATTERN && read_cr2() == ~CR2_PATTERN, "xmm10 %lx cr2 %lx",
        read_xmm10(), read_cr2());
  CHECK(seen.gs == (uint64_t)&contexts[1][0], "GS base in VTL1 %lx", seen.gs);
  CHECK(rdmsr(MSR_GS_BASE) == (uint64_t)&contexts[0][0], "GS base in VTL0 %lx", rdmsr(MSR_GS_BASE));
  // A fast return leaves RAX and RCX as they are at the VMCALL: its control input and control word.
  CHECK(registers.rax == RETURN_FAST && registers.rcx == HVCALL_VTL_RETURN, "rax %lx rcx %lx", registers.rax,
        registers.rcx);
  uint64_t *in_vtl1 = (uint64_t *)&seen.registers, *called_with = (uint64_t *)&before;
  for (uint64_t i = 2; i < 15; i++) {
    CHECK(in_vtl1[i] == called_with[i], "register %lu in VTL1 %lx, expected %lx", i, in_vtl1[i],
          called_with[i]);
    uint64_t expected = &called_with[i] == &before.r11 ? ~called_with[i] : called_with[i];
    CHECK(words[i] == expected, "register %lu after the call %lx, expected %lx", i, words[i], expected);
  }
}

static void test_returns(void) {
  struct vtl_call call = serve(SERVICE_ANSWER, 0, 0);
  CHECK(call.rax == 0x1111 && call.rcx == 0x2222, "rax %lx rcx %lx", call.rax, call.rcx);
  uint64_t cr3 = read_cr3();
  serve(SERVICE_CHANGE_PRIVATE, 0, 0);
  CHECK(read_cr3() == cr3, "cr3 %lx", read_cr3());
  CHECK(read_cr8() == 0 && apic_read(APIC_TPR) == 0, "cr8 %lx", read_cr8());
  expect_refused("VTL return in VTL0, with VTL1 enabled", raw_return, 1, at_raw_vmcall);
}

// A timer of VTL1 fires while VTL0 runs with interrupts disabled: VTL1 is entered at once.
static void test_vtl1_timer(void) {
  uint64_t before = interrupt_count(0, 1, VECTOR_TIMER);
  interrupt_reason[0] = 0;
  disable_interrupts();
  serve(SERVICE_ARM_TIMER, SOON, 0);
  CHECK(interrupt_count(0, 1, VECTOR_TIMER) == before, "too early");
  spin_for(3 * SOON);
  CHECK(interrupt_count(0, 1, VECTOR_TIMER) == before + 1, "%lu interrupts", interrupt_count(0, 1, VECTOR_TIMER) - before);
  CHECK(interrupt_reason[0] == ENTRY_INTERRUPT, "entry reason %u", interrupt_reason[0]);
  enable_interrupts();
}

// A timer of VTL0 fires while VTL1 runs: VTL0 takes it after the return.
static void test_vtl0_timer(void) {
  uint64_t before = interrupt_count(0, 0, VECTOR_TIMER);
  apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, SOON);
  struct vtl_call call = serve(SERVICE_SPIN, 3 * SOON, 0);
  CHECK(call.a == 0, "VTL0 took %lu interrupts while VTL1 ran", call.a);
  CHECK(interrupt_count(0, 0, VECTOR_TIMER) == before + 1, "%lu interrupts", interrupt_count(0, 0, VECTOR_TIMER) - before);
}

// The same with VINA: VTL1 is told once, and only if VTL0 could take the interrupt.
static void test_vina(void) {
  uint64_t value = VECTOR_VINA | VINA_ENABLED | VINA_AUTO_RESET;
  CHECK(serve(SERVICE_VINA, value, 0).a == HV_SUCCESS, "VINA register");
  apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, SOON);
  CHECK(serve(SERVICE_SPIN, 3 * SOON, 0).b == 1, "VINA");
  apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, SOON);
  CHECK(serve(SERVICE_SPIN, 3 * SOON, 0).b == 1, "VINA after automatic reset");
  disable_interrupts();
  apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, SOON);
  CHECK(serve(SERVICE_SPIN, 3 * SOON, 0).b == 0, "VINA with VTL0's IF clear");
  enable_interrupts();
  CHECK(serve(SERVICE_VINA, 0, 0).a == HV_SUCCESS, "VINA register");
}

// Each VTL's IPIs reach local APICs of that VTL alone.
static void test_separation(void) {
  uint64_t others = processor_count() - 1;
  apic_send(0, ICR_ALL_BUT_SELF | VECTOR_VTL0);
  serve(SERVICE_SEND, 0, ICR_ALL_BUT_SELF | VECTOR_VTL1);
  spin_for(SOON);
  uint64_t vtl0_in_0 = 0, vtl0_in_1 = 0, vtl1_in_0 = 0, vtl1_in_1 = 0;
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    vtl0_in_0 += interrupt_count(vp, 0, VECTOR_VTL0);
    vtl0_in_1 += interrupt_count(vp, 1, VECTOR_VTL0);
    vtl1_in_0 += interrupt_count(vp, 0, VECTOR_VTL1);
    vtl1_in_1 += interrupt_count(vp, 1, VECTOR_VTL1);
  }
  CHECK(vtl0_in_0 == others && vtl0_in_1 == 0, "from VTL0: %lu in VTL0, %lu in VTL1", vtl0_in_0, vtl0_in_1);
  CHECK(vtl1_in_0 == 0 && vtl1_in_1 == others, "from VTL1: %lu in VTL0, %lu in VTL1", vtl1_in_0, vtl1_in_1);
}

static void test_synthetic_ipi(void) {
  uint64_t vtl0 = interrupt_count(1, 0, VECTOR_EITHER), vtl1 = interrupt_count(1, 1, VECTOR_EITHER);
  CHECK(serve(SERVICE_SYNTHETIC_IPI, 0, 1 << 1).a == HV_SUCCESS, "from VTL1 to VTL0");
  spin_for(SOON);
  CHECK(interrupt_count(1, 0, VECTOR_EITHER) == vtl0 + 1, "%lu", interrupt_count(1, 0, VECTOR_EITHER) - vtl0);
  CHECK(serve(SERVICE_SYNTHETIC_IPI, 1, 1 << 1).a == HV_SUCCESS, "from VTL1 to VTL1");
  spin_for(SOON);
  CHECK(interrupt_count(1, 1, VECTOR_EITHER) == vtl1 + 1, "%lu", interrupt_count(1, 1, VECTOR_EITHER) - vtl1);
  EXPECT_STATUS(send_synthetic_ipi(VECTOR_EITHER, HV_INPUT_VTL(1), 1 << 1), HV_SUCCESS);
  spin_for(SOON);
  CHECK(interrupt_count(1, 1, VECTOR_EITHER) == vtl1 + 2, "%lu", interrupt_count(1, 1, VECTOR_EITHER) - vtl1);
  EXPECT_STATUS(send_synthetic_ipi(VECTOR_EITHER, HV_INPUT_VTL(2), 1 << 1), HV_ACCESS_DENIED);
  EXPECT_STATUS(send_synthetic_ipi(VECTOR_EITHER, HV_INPUT_VTL_OWN, 1 << 1), HV_SUCCESS);
  spin_for(SOON);
  CHECK(interrupt_count(1, 0, VECTOR_EITHER) == vtl0 + 2 && interrupt_count(1, 1, VECTOR_EITHER) == vtl1 + 2,
        "%lu in VTL0, %lu in VTL1", interrupt_count(1, 0, VECTOR_EITHER) - vtl0, interrupt_count(1, 1, VECTOR_EITHER) - vtl1);
}

// VTL1's APIC switched off: VTL0's goes on, VTL1 hears nothing.
static void test_apic_off(void) {
  serve(SERVICE_APIC_OFF, 0, 0);
  uint64_t vtl0 = interrupt_count(0, 0, VECTOR_VTL0), vtl1 = interrupt_count(0, 1, VECTOR_VTL1);
  apic_send(0, ICR_SELF | VECTOR_VTL0);
  serve(SERVICE_SEND, 0, VECTOR_VTL1);
  spin_for(SOON);
  CHECK(interrupt_count(0, 0, VECTOR_VTL0) == vtl0 + 1, "VTL0 took %lu", interrupt_count(0, 0, VECTOR_VTL0) - vtl0);
  CHECK(interrupt_count(0, 1, VECTOR_VTL1) == vtl1, "VTL1 took %lu", interrupt_count(0, 1, VECTOR_VTL1) - vtl1);
  serve(SERVICE_APIC_ON, 0, 0);
}

// Processor 1 spins in VTL0 with interrupts disabled: an IPI from VTL1 to VTL1 still gets in at once.
static volatile bool spinning, release;

static void spin_without_interrupts(void) {
  disable_interrupts();
  spinning = true;
  while (!release) cpu_pause();
  enable_interrupts();
}

static void test_preemption(void) {
  uint64_t before = interrupt_count(1, 1, VECTOR_VTL1);
  while (!spinning) cpu_pause();
  interrupt_reason[1] = 0;
  serve(SERVICE_SEND, 1, VECTOR_VTL1);
  apic_send(1, VECTOR_VTL0);
  uint64_t held_back = interrupt_count(1, 0, VECTOR_VTL0);
  spin_for(SOON);
  CHECK(interrupt_count(1, 1, VECTOR_VTL1) == before + 1, "VTL1 took %lu", interrupt_count(1, 1, VECTOR_VTL1) - before);
  CHECK(interrupt_reason[1] == ENTRY_INTERRUPT, "entry reason %u", interrupt_reason[1]);
  CHECK(interrupt_count(1, 0, VECTOR_VTL0) == held_back, "VTL0 took an interrupt with IF clear");
  release = true;
  spin_for(SOON);
  CHECK(interrupt_count(1, 0, VECTOR_VTL0) == held_back + 1, "VTL0 did not take its interrupt after STI");
}

// The other processors: join VTL1 when it is there; processor 1 then takes part in the last test.
static volatile bool enabled, last_test;
static volatile uint32_t joined = 1;

static void run(void) {
  write_cr4(read_cr4() | 1 << 9);
  enable_interrupts();
  while (!enabled) cpu_pause();
  vtl1_join();
  __atomic_add_fetch(&joined, 1, __ATOMIC_ACQ_REL);
  while (this_context()->vp == 1 && !last_test) cpu_pause();
  if (this_context()->vp == 1) spin_without_interrupts();
  for (;;) cpu_pause();
}

static void set_handlers(void) {
  set_handler(0, VECTOR_VTL0, ignore_interrupt);
  set_handler(0, VECTOR_VTL1, ignore_interrupt);
  set_handler(0, VECTOR_EITHER, ignore_interrupt);
  set_handler(0, VECTOR_TIMER, ignore_interrupt);
}

void guest_main(void) {
  if (processor_count() < 2 || boot_info.vtl_count < 2 || !hypercall_available())
    panic("this needs two processors and VTL1");
  write_cr4(read_cr4() | 1 << 9); // OSFXSR: SSE instructions
  set_handlers();
  processors_start(run);
  vtl1_prepare(&secure);
  test_before_enabling();
  test_enabling();
  enabled = true;
  while (joined < processor_count()) cpu_pause();
  enable_interrupts();

  test_first_entry();
  test_shared_registers();
  test_returns();
  test_vtl1_timer();
  test_vtl0_timer();
  test_vina();
  test_separation();
  test_synthetic_ipi();
  test_apic_off();
  last_test = true;
  test_preemption();
  finish("vtl-basics");
}
