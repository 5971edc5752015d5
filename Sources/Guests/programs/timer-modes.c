// The local APIC timer in its three modes, each in xAPIC and in x2APIC mode: when it fires, how often, what
// it shows while it counts, and what a change of mode does (SDM Vol. 3A, 12.5.4).
#include "guest.h"

enum { VECTOR = 0x81, SOON = 100000, SLACK = 5000 };

static volatile uint32_t fired;
static volatile uint64_t fired_at;
static const char *apic_mode;

static void fire(struct frame *frame) {
  (void)frame;
  fired_at = rdtsc();
  fired++;
}

static uint64_t start_now(void) {
  fired = 0;
  fired_at = 0;
  return rdtsc();
}

static void expect_once(const char *what, uint64_t due) {
  spin_until(due + 3 * SOON);
  CHECK(fired == 1, "%s, %s: fired %u times", apic_mode, what, fired);
  CHECK(fired_at >= due && fired_at < due + SLACK, "%s, %s: at %lu, due %lu", apic_mode, what, fired_at, due);
}

static void expect_never(const char *what) {
  spin_for(3 * SOON);
  CHECK(fired == 0, "%s, %s: fired %u times", apic_mode, what, fired);
}

static void test_one_shot(void) {
  uint64_t start = start_now();
  apic_timer(LVT_ONE_SHOT, VECTOR, SOON);
  expect_once("one-shot", start + SOON);
  CHECK(apic_read(APIC_TIMER_CURRENT) == 0, "a timer that has fired shows %u", apic_read(APIC_TIMER_CURRENT));
  CHECK(apic_read(APIC_TIMER_INITIAL) == SOON, "initial count %u", apic_read(APIC_TIMER_INITIAL));

  start_now();
  apic_timer(LVT_ONE_SHOT, VECTOR, SOON);
  apic_write(APIC_TIMER_INITIAL, 0);
  expect_never("one-shot stopped by an initial count of 0");
}

static void test_current_count(void) {
  apic_timer(LVT_ONE_SHOT, VECTOR, 10 * SOON);
  uint32_t before = apic_read(APIC_TIMER_CURRENT);
  spin_for(SOON);
  uint32_t counted = before - apic_read(APIC_TIMER_CURRENT);
  CHECK(counted >= SOON && counted < SOON + SLACK, "%s: counted %u in %u ticks", apic_mode, counted, SOON);
  apic_timer_stop();
}

static void test_periodic(void) {
  uint64_t start = start_now();
  apic_timer(LVT_PERIODIC, VECTOR, SOON);
  spin_until(start + 10 * SOON + SOON / 2);
  CHECK(fired == 10, "%s: %u periods, expected 10", apic_mode, fired);
  CHECK(fired_at >= start + 10 * SOON && fired_at < start + 10 * SOON + SLACK, "%s: the tenth at %lu",
        apic_mode, fired_at - start);
  uint32_t current = apic_read(APIC_TIMER_CURRENT);
  CHECK(current > 0 && current <= SOON, "current count %u", current);
  apic_timer_stop();
  start_now();
  expect_never("periodic, stopped");
}

// Divide configuration: bits 3, 1 and 0 (SDM Vol. 3A, figure 12-10).
static void test_divider(void) {
  static const struct {
    uint32_t code, divisor;
  } settings[] = {{0x0, 2}, {0x1, 4}, {0x2, 8}, {0x3, 16}, {0x8, 32}, {0x9, 64}, {0xA, 128}, {0xB, 1}};
  for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    uint32_t count = SOON / settings[i].divisor;
    apic_write(APIC_LVT_TIMER, LVT_ONE_SHOT | VECTOR);
    apic_write(APIC_TIMER_DIVIDE, settings[i].code);
    uint64_t start = start_now();
    apic_write(APIC_TIMER_INITIAL, count);
    spin_until(start + 2 * SOON);
    uint64_t due = start + (uint64_t)count * settings[i].divisor;
    CHECK(fired == 1 && fired_at >= due && fired_at < due + SLACK, "%s, divide by %u: %u times, after %lu",
          apic_mode, settings[i].divisor, fired, fired_at - start);
  }
}

static void test_deadline(void) {
  uint64_t deadline = start_now() + SOON;
  apic_timer(LVT_DEADLINE, VECTOR, deadline);
  CHECK(rdmsr(MSR_TSC_DEADLINE) == deadline, "deadline reads %lx", rdmsr(MSR_TSC_DEADLINE));
  expect_once("deadline", deadline);
  CHECK(rdmsr(MSR_TSC_DEADLINE) == 0, "a deadline that is over reads %lx", rdmsr(MSR_TSC_DEADLINE));

  uint64_t now = start_now();
  wrmsr(MSR_TSC_DEADLINE, now - 1);
  expect_once("deadline in the past", now);

  start_now();
  wrmsr(MSR_TSC_DEADLINE, rdtsc() + SOON);
  wrmsr(MSR_TSC_DEADLINE, 0);
  expect_never("deadline disarmed by 0");
}

static void test_mode_changes(void) {
  // In deadline mode the count registers are dead; outside it the deadline register is.
  start_now();
  apic_write(APIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
  apic_write(APIC_TIMER_INITIAL, SOON);
  CHECK(apic_read(APIC_TIMER_INITIAL) == 0, "initial count %u", apic_read(APIC_TIMER_INITIAL));
  CHECK(apic_read(APIC_TIMER_CURRENT) == 0, "current count %u", apic_read(APIC_TIMER_CURRENT));
  expect_never("initial count written in deadline mode");
  apic_write(APIC_LVT_TIMER, LVT_ONE_SHOT | VECTOR);
  wrmsr(MSR_TSC_DEADLINE, rdtsc() + SOON);
  CHECK(rdmsr(MSR_TSC_DEADLINE) == 0, "deadline reads %lx", rdmsr(MSR_TSC_DEADLINE));
  expect_never("deadline written in one-shot mode");

  apic_timer(LVT_DEADLINE, VECTOR, rdtsc() + SOON);
  apic_write(APIC_LVT_TIMER, LVT_ONE_SHOT | VECTOR);
  expect_never("deadline mode left before the deadline");
  apic_timer(LVT_ONE_SHOT, VECTOR, SOON);
  apic_write(APIC_LVT_TIMER, LVT_DEADLINE | VECTOR);
  expect_never("one-shot mode left for deadline mode");

  uint64_t start = start_now();
  apic_timer(LVT_ONE_SHOT, VECTOR, SOON);
  apic_write(APIC_LVT_TIMER, LVT_PERIODIC | VECTOR);
  spin_until(start + 2 * SOON + SOON / 2);
  CHECK(fired == 2, "%s: one-shot made periodic fired %u times, expected 2", apic_mode, fired);
  apic_timer_stop();
}

// An expiry while masked is lost: unmasking later delivers nothing.
static void test_masked(void) {
  start_now();
  apic_timer(LVT_ONE_SHOT | LVT_MASKED, VECTOR, SOON);
  expect_never("masked");
  apic_write(APIC_LVT_TIMER, LVT_ONE_SHOT | VECTOR);
  expect_never("unmasked after it expired");

  // Disabling the APIC masks the LVT, and enabling it again does not unmask it (SDM Vol. 3A, 12.4.7.2).
  apic_write(APIC_SVR, VECTOR_SPURIOUS);
  CHECK(apic_read(APIC_LVT_TIMER) & LVT_MASKED, "LVT timer %x", apic_read(APIC_LVT_TIMER));
  apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
  CHECK(apic_read(APIC_LVT_TIMER) & LVT_MASKED, "LVT timer %x", apic_read(APIC_LVT_TIMER));
}

// An expiry that cannot be taken at once waits in IRR; a second one merges with it.
static void test_pending(void) {
  start_now();
  write_cr8(VECTOR >> 4);
  apic_timer(LVT_PERIODIC, VECTOR, SOON);
  expect_never("held back by TPR");
  apic_timer_stop();
  CHECK(apic_bit(APIC_IRR, VECTOR), "the expiry is not pending");
  write_cr8(0);
  CHECK(fired == 1, "fired %u times when TPR fell", fired);

  start_now();
  disable_interrupts();
  apic_timer(LVT_ONE_SHOT, VECTOR, SOON);
  expect_never("held back by IF");
  enable_interrupts();
  __asm__ volatile("nop");
  CHECK(fired == 1, "fired %u times after STI", fired);
  CHECK(!apic_bit(APIC_ISR, VECTOR) && !apic_bit(APIC_IRR, VECTOR), "EOI left something behind");
}

static void test_all(const char *mode) {
  apic_mode = mode;
  test_one_shot();
  test_current_count();
  test_periodic();
  test_divider();
  test_deadline();
  test_mode_changes();
  test_masked();
  test_pending();
}

void guest_main(void) {
  set_handler(0, VECTOR, fire);
  enable_interrupts();
  test_all("xAPIC");
  apic_enter_x2apic();
  test_all("x2APIC");
  finish("timer-modes");
}
