// KVM's hypercalls and its PV EOI: counts, error codes, and when an EOI may be lazy (Linux,
// Documentation/virt/kvm/x86/hypercalls.rst and msr.rst).
#include "guest.h"

enum { VECTOR_LOW = 0x41, VECTOR_HIGH = 0x51, PROCESSORS = 4, LINE = 13 };

static volatile uint64_t takers;  // processors that have taken it, a bit each
static volatile uint32_t taken;   // by all of them
static volatile uint32_t offered; // how many handlers found the byte set
static uint32_t offers[8];        // what each found, in order
static void (*volatile hook)(void);

static void take(struct frame *frame) {
  (void)frame;
  uint32_t place = __atomic_fetch_add(&taken, 1, __ATOMIC_ACQ_REL);
  uint32_t offer = this_context()->lazy_eoi & 1;
  if (place < 8) offers[place] = offer;
  offered += offer;
  __atomic_fetch_or(&takers, 1ull << this_context()->vp, __ATOMIC_ACQ_REL);
  if (hook) hook();
}

static void begin(void) { takers = taken = offered = 0; }

static int64_t send(uint64_t low, uint64_t high, uint64_t first, uint32_t command) {
  begin();
  int64_t result = paravirtual_call(PV_SEND_IPI, low, high, first, command);
  spin_for(100000);
  return result;
}

static void expect_sent(const char *what, int64_t result, int64_t count, uint64_t processors) {
  CHECK(result == count, "%s: returned %lu, expected %lu", what, (uint64_t)result, (uint64_t)count);
  CHECK(takers == processors, "%s: taken by %lx, expected %lx", what, takers, processors);
}

static void test_features(void) {
  uint32_t wanted = FEATURE_PV_EOI | FEATURE_PV_UNHALT | FEATURE_PV_SEND_IPI | FEATURE_PV_SCHED_YIELD;
  uint32_t features = cpuid(CPUID_KVM_FEATURES, 0).eax;
  CHECK((features & wanted) == wanted, "features %x", features);
}

static void test_send(void) {
  expect_sent("processors 1 to 3", send(0xE, 0, 0, VECTOR_LOW), 3, 0xE);
  expect_sent("from ID 2 on", send(0x3, 0, 2, VECTOR_LOW), 2, 0xC);
  expect_sent("itself too", send(0x9, 0, 0, VECTOR_LOW), 2, 0x9);
  expect_sent("one who is not there", send(0x12, 0, 0, VECTOR_LOW), 1, 0x2);
  expect_sent("nobody", send(0, 0, 0, VECTOR_LOW), 0, 0);
  expect_sent("no ID of the second word", send(0, 0xF, 0, VECTOR_LOW), 0, 0);
  expect_sent("ID ffffffff is no broadcast", send(1, 0, 0xFFFFFFFF, VECTOR_LOW), 0, 0);
}

static void test_errors(void) {
  expect_sent("a logical destination", send(0xE, 0, 0, ICR_LOGICAL | VECTOR_LOW), PV_EINVAL, 0);
  expect_sent("a shorthand", send(0xE, 0, 0, ICR_ALL | VECTOR_LOW), PV_EINVAL, 0);
  int64_t result = paravirtual_call(99, 0, 0, 0, 0);
  CHECK(result == PV_ENOSYS, "call 99: returned %lu", (uint64_t)result);
}

static void test_nmi(void) {
  uint64_t before = contexts[0][2].counts[VECTOR_NMI];
  int64_t result = send(1 << 2, 0, 0, ICR_NMI);
  CHECK(result == 1, "NMI: returned %lu", (uint64_t)result);
  CHECK(contexts[0][2].counts[VECTOR_NMI] == before + 1, "processor 2 took %lu NMIs",
        contexts[0][2].counts[VECTOR_NMI] - before);
}

// Two of one vector are one interrupt; each was delivered.
static void test_merging(void) {
  disable_interrupts();
  int64_t first = send(1, 0, 0, VECTOR_LOW);
  int64_t second = send(1, 0, 0, VECTOR_LOW);
  enable_interrupts();
  __asm__ volatile("nop");
  CHECK(first == 1 && second == 1, "returned %lu and %lu", (uint64_t)first, (uint64_t)second);
  CHECK(taken == 1, "taken %u times", taken);
}

// An APIC that is off does not count.
static void test_disabled(void) {
  apic_write(APIC_SVR, VECTOR_SPURIOUS);
  expect_sent("an APIC that is off, and another", send(0x3, 0, 0, VECTOR_LOW), 1, 0x2);
  apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
}

static volatile bool sleeps, woken;

// A kick ends HLT whatever IF is.
static void test_kick(void) {
  sleeps = true;
  send(1 << 1, 0, 0, VECTOR_LOW);
  CHECK(!woken, "processor 1 does not sleep");
  send(1 << 1, 0, 0, VECTOR_LOW);
  CHECK(!woken && taken == 0, "an interrupt wakes processor 1 with IF clear");
  int64_t result = paravirtual_call(PV_KICK_CPU, 0, 1, 0, 0);
  spin_for(20000);
  CHECK(result == 0 && woken, "the kick returned %lu and does not wake processor 1", (uint64_t)result);
  result = paravirtual_call(PV_SCHED_YIELD, 1, 0, 0, 0);
  CHECK(result == 0, "the yield returned %lu", (uint64_t)result);
}

// The lazy EOI

static void interrupt_self(uint8_t vector) {
  begin();
  apic_send(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | vector);
  __asm__ volatile("nop");
}

static void write_eoi_msr(uint64_t value) { wrmsr(MSR_KVM_PV_EOI, value); }

static void test_lazy_eoi_register(void) {
  uint64_t address = (uint64_t)&this_context()->lazy_eoi;
  lazy_eoi_enable(true);
  CHECK(rdmsr(MSR_KVM_PV_EOI) == (address | 1), "reads %lx", rdmsr(MSR_KVM_PV_EOI));
  struct recovery fault = catch_exception(write_eoi_msr, address | 3);
  CHECK(fault.caught && fault.vector == VECTOR_GENERAL_PROTECTION, "bit 1 is taken");
  fault = catch_exception(write_eoi_msr, 0xFFFFFFF000 | 1);
  CHECK(fault.caught && fault.vector == VECTOR_GENERAL_PROTECTION, "an address without memory is taken");
  CHECK(rdmsr(MSR_KVM_PV_EOI) == (address | 1), "reads %lx", rdmsr(MSR_KVM_PV_EOI));
}

static void write_eoi(void) {
  apic_eoi();
  leave_in_service();
}

static void lower_line(void) { set_line(LINE, false); }

static void test_lazy_eoi(void) {
  interrupt_self(VECTOR_LOW);
  CHECK(taken == 1 && offered == 1, "taken %u times, %u of them to end lazily", taken, offered);
  CHECK(!apic_bit(APIC_ISR, VECTOR_LOW), "a lazy EOI leaves the vector in service");

  hook = write_eoi;
  interrupt_self(VECTOR_LOW);
  CHECK(taken == 1 && offered == 1, "taken %u times, %u of them to end lazily", taken, offered);
  CHECK(!apic_bit(APIC_ISR, VECTOR_LOW), "an EOI in place of a lazy one leaves the vector in service");
  CHECK(this_context()->lazy_eoi == 0, "the byte stays set after an EOI");
  hook = 0;

  // The first cannot be lazy, or the second would not be taken.
  disable_interrupts();
  interrupt_self(VECTOR_LOW);
  interrupt_self(VECTOR_HIGH);
  enable_interrupts();
  __asm__ volatile("nop");
  CHECK(taken == 2 && offers[0] == 0 && offers[1] == 1, "taken %u times, to end lazily %u and %u", taken,
        offers[0], offers[1]);

  // Somebody has to hear of a level-triggered one.
  ioapic_route(LINE, 0, ROUTE_LEVEL | VECTOR_LOW);
  hook = lower_line;
  begin();
  set_line(LINE, true);
  __asm__ volatile("nop");
  CHECK(taken == 1 && offered == 0, "a level: taken %u times, %u of them to end lazily", taken, offered);
  CHECK(!(ioapic_entry(LINE) & ROUTE_REMOTE_IRR), "remote IRR is set after EOI");
  hook = 0;

  lazy_eoi_enable(false);
  interrupt_self(VECTOR_LOW);
  CHECK(taken == 1 && offered == 0, "turned off: taken %u times, %u of them to end lazily", taken, offered);
}

// Takes interrupts in HLT; processor 1 in the end takes no more.
static void serve(void) {
  disable_interrupts();
  while (this_context()->vp != 1 || !sleeps) {
    halt_with_interrupts();
    disable_interrupts();
  }
  __asm__ volatile("hlt" : : : "memory");
  woken = true;
  for (;;) idle();
}

void guest_main(void) {
  if (processor_count() != PROCESSORS) panic("this needs four processors");
  if (!paravirtual_available()) panic("this needs KVM's paravirtual interface");
  set_handler(0, VECTOR_LOW, take);
  set_handler(0, VECTOR_HIGH, take);
  processors_start(serve);
  enable_interrupts();
  test_features();
  test_send();
  test_errors();
  test_nmi();
  test_merging();
  test_disabled();
  test_lazy_eoi_register();
  test_lazy_eoi();
  test_kick();
  finish("paravirtual");
}
