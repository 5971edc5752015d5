// What VTL1 may give VTL0 to take when it runs next: PendingEvent0 and PendingInterruption, and the registers beside
// them (TLFS, HV_X64_PENDING_EXCEPTION_EVENT, HV_X64_PENDING_INTERRUPTION_REGISTER).
#include "guest.h"

enum {
  MSR_LSTAR = 0xC0000082,
  LSTAR_WRITE = 1 << 6,
  REGISTER_PENDING_INTERRUPTION = 0x10002,
  REGISTER_INTERRUPT_STATE = 0x10003,
  REGISTER_INTERNAL_ACTIVITY_STATE = 0x4,
  VECTOR_GIVEN = 0x71,
  VECTOR_SOFTWARE = 0x80,
  PENDING = 1,
  EXTERNAL = 0 << 1,
  NMI = 2 << 1,
  EXCEPTION = 3 << 1,
  SOFTWARE_INTERRUPT = 4 << 1,
  SOFTWARE_EXCEPTION = 6 << 1,
};
#define VECTOR(n) ((uint64_t)(n) << 16)

extern uint8_t at_provoke[];
static volatile uint64_t taken_at, taken;

// WRMSR of LSTAR, 2 bytes, whose intercept VTL1 answers by giving something.
NAMED static void provoke(uint64_t unused) {
  (void)unused;
  __asm__ volatile(PROVOKE(provoke, "wrmsr") : : "c"(MSR_LSTAR), "a"(0), "d"(0) : "memory", "cc");
}

static void note(struct frame *frame) {
  taken++;
  taken_at = frame->rip;
  // Whatever it was, the program goes on behind the instruction.
  frame->rip = (uint64_t)at_provoke + 2;
  leave_in_service();
}

static void expect_taken(const char *name, uint64_t value, uint64_t rip) {
  taken = 0;
  intercept_allow(REGISTER_PENDING_INTERRUPTION, value);
  provoke(0);
  CHECK(taken == 1 && taken_at == rip, "%s: taken %lu at %lx, expected at %lx", name, taken, taken_at, rip);
}

static void test_interruptions(void) {
  uint64_t at = (uint64_t)at_provoke;
  // RFLAGS.IF is 0 in `provoke`: an interrupt that is on its way does not ask for it.
  expect_taken("interrupt", PENDING | EXTERNAL | VECTOR(VECTOR_GIVEN), at);
  expect_taken("INT n", PENDING | SOFTWARE_INTERRUPT | 2 << 5 | VECTOR(VECTOR_SOFTWARE), at + 2);
  expect_taken("INT3", PENDING | SOFTWARE_EXCEPTION | 1 << 5 | VECTOR(3), at + 1);
  expect_taken("NMI", PENDING | NMI | VECTOR(2), at);
}

static void test_exceptions(void) {
  // #GP with error code 18h.
  intercept_allow(REGISTER_PENDING_INTERRUPTION, PENDING | EXCEPTION | 1 << 4 | VECTOR(13) | 0x18ull << 32);
  struct recovery got = catch_exception(provoke, 0);
  CHECK(got.caught && got.vector == 13 && got.error == 0x18 && got.rip == (uint64_t)at_provoke,
        "vector %u error %lx rip %lx", (uint32_t)got.vector, got.error, got.rip);
  // #UD by PendingEvent0.
  intercept_allow(REGISTER_PENDING_EVENT0, PENDING | VECTOR(6));
  got = catch_exception(provoke, 0);
  CHECK(got.caught && got.vector == 6 && got.error == 0 && got.rip == (uint64_t)at_provoke, "vector %u rip %lx",
        (uint32_t)got.vector, got.rip);
}

static void expect_status(uint32_t name, uint64_t value, uint16_t expected) {
  uint16_t status = intercept_set_register(HV_INPUT_VTL(0), name, value);
  CHECK(status == expected, "register %x = %lx: status %x", name, value, (uint32_t)status);
}

static void test_statuses(void) {
  uint64_t value;
  CHECK(get_vp_register(HV_VP_SELF, 0, REGISTER_PENDING_INTERRUPTION, &value) == HV_ACCESS_DENIED, "VTL0's own");
  // Not pending; a kind that is none, a reserved bit, a nested one, an NMI of another vector, an exception without its
  // error code and one with a code it does not have, an interrupt with one, a vector above 255.
  expect_status(REGISTER_PENDING_INTERRUPTION, 0, 0);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | 1 << 1, HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | 7 << 1, HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | 1 << 10 | VECTOR(0x71), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | 1 << 9 | VECTOR(0x71), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | NMI | VECTOR(3), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | EXCEPTION | VECTOR(13), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | EXCEPTION | 1 << 4 | VECTOR(6), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | EXCEPTION | VECTOR(2), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | 1 << 4 | VECTOR(0x71), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_PENDING_INTERRUPTION, PENDING | VECTOR(0x100), HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_INTERRUPT_STATE, 4, HV_INVALID_REGISTER_VALUE);
  expect_status(REGISTER_INTERNAL_ACTIVITY_STATE, 0, HV_INVALID_PARAMETER);
  // PendingEvent1 is not offered.
  expect_status(0x10005, 0, HV_INVALID_PARAMETER);
}

static void test_states(void) {
  CHECK(intercept_get_register(HV_INPUT_VTL(0), REGISTER_INTERNAL_ACTIVITY_STATE) == 0, "it runs");
  CHECK(intercept_get_register(HV_INPUT_VTL(0), REGISTER_INTERRUPT_STATE) == 0, "interrupt state");
  // VTL1 masks VTL0's NMIs, and lets them through again.
  CHECK(intercept_set_register(HV_INPUT_VTL(0), REGISTER_INTERRUPT_STATE, 2) == 0, "NMI masked");
  CHECK(intercept_get_register(HV_INPUT_VTL(0), REGISTER_INTERRUPT_STATE) == 2, "NMI masked");
  CHECK(intercept_set_register(HV_INPUT_VTL(0), REGISTER_INTERRUPT_STATE, 0) == 0, "NMI not masked");
  CHECK(intercept_get_register(HV_INPUT_VTL(0), REGISTER_PENDING_INTERRUPTION) == 0, "nothing is pending");
}

void guest_main(void) {
  intercepts_enable();
  set_handler(0, VECTOR_GIVEN, note);
  set_handler(0, VECTOR_SOFTWARE, note);
  set_handler(0, VECTOR_BREAKPOINT, note);
  set_handler(0, VECTOR_NMI, note);
  test_statuses();
  test_states();
  CHECK(intercept_set_register(0, REGISTER_CR_INTERCEPT_CONTROL, LSTAR_WRITE) == 0, "control");
  intercept_set_answer(ANSWER_GIVE);
  test_interruptions();
  test_exceptions();
  finish("intercept-events");
}
