// The guest idle state: reading MSR 400000F0h idles until an interrupt is there to take, which is taken when the guest lets
// it (TLFS, "Virtual Processor Idle Sleep State").
#include "guest.h"

enum { MSR_GUEST_IDLE = 0x400000F0, VECTOR_ONCE = 0x71, VECTOR_CALL = 0x72, WAIT = 50000 };

static void ignore(struct frame *frame) { (void)frame; }
static uint64_t count(uint32_t vp, uint8_t vector) { return contexts[0][vp].counts[vector]; }

// With interrupts disabled. The vector has to be pending afterwards, and to be taken by no one before STI.
static void idle_for(const char *what, uint8_t vector) {
  uint32_t vp = this_context()->vp;
  uint64_t before = count(vp, vector);
  uint64_t value = rdmsr(MSR_GUEST_IDLE);
  CHECK(value == 0, "%s: reads %lx", what, value);
  CHECK(apic_bit(APIC_IRR, vector), "%s: woken by nothing", what);
  CHECK(count(vp, vector) == before, "%s: taken with IF = 0", what);
  enable_interrupts();
  spin_for(100);
  disable_interrupts();
  CHECK(count(vp, vector) == before + 1, "%s: taken %lu times", what, count(vp, vector) - before);
}

static void arm(uint32_t ticks) { apic_timer(LVT_ONE_SHOT, VECTOR_ONCE, ticks); }

static void test_timer(void) {
  uint64_t start = rdtsc();
  arm(WAIT);
  idle_for("timer", VECTOR_ONCE);
  uint64_t slept = rdtsc() - start;
  CHECK(slept >= WAIT && slept < 2 * WAIT, "woke after %lu ticks", slept);
  // It is there already: no sleep.
  arm(1);
  spin_for(1000);
  start = rdtsc();
  idle_for("pending", VECTOR_ONCE);
  CHECK(rdtsc() - start < WAIT, "slept for %lu ticks", rdtsc() - start);
  // With interrupts enabled it is taken at once.
  uint64_t before = count(0, VECTOR_ONCE);
  arm(WAIT);
  enable_interrupts();
  CHECK(rdmsr(MSR_GUEST_IDLE) == 0, "reads something");
  CHECK(count(0, VECTOR_ONCE) == before + 1, "taken %lu times", count(0, VECTOR_ONCE) - before);
  disable_interrupts();
}

static volatile enum { AWAY, IDLES, WOKEN } other;

static void run(void) {
  while (this_context()->vp != 1) cpu_pause();
  disable_interrupts();
  other = IDLES;
  idle_for("IPI", VECTOR_CALL);
  other = WOKEN;
  for (;;) cpu_pause();
}

static void test_call(void) {
  while (other == AWAY) cpu_pause();
  spin_for(WAIT);
  CHECK(other == IDLES, "it woke by itself");
  apic_send(1, ICR_FIXED | ICR_ASSERT | VECTOR_CALL);
  while (other != WOKEN) cpu_pause();
}

void guest_main(void) {
  if (processor_count() < 2) panic("this needs two processors");
  CHECK(cpuid(0x40000003, 0).eax >> 10 & 1, "no privilege");
  CHECK(cpuid(0x40000003, 0).edx >> 5 & 1, "no guest idle state");
  set_handler(0, VECTOR_ONCE, ignore);
  set_handler(0, VECTOR_CALL, ignore);
  disable_interrupts();
  test_timer();
  processors_start(run);
  test_call();
  finish("guest-idle");
}
