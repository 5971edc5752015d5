// Connections to ports: messages and event flags from processor 0 to processor 1, and to VTL1 (TLFS, HvCallPostMessage and
// HvCallSignalEvent; "SynIC Messages", "SynIC Event Flags"). They are made by the test device at port 3000h.
#include "guest.h"

enum {
  SINT_MESSAGE = 8,
  SINT_EVENT = 9,
  SINT_ROUTED = 15,
  VECTOR_MESSAGE = 0x71,
  VECTOR_EVENT = 0x72,
  VECTOR_ROUTED = 0x73,
  CONNECTION = 0x10, // for messages
  OTHER_CONNECTION = 0x11,
  EVENTS = 0x20, // for event flags, of which the first is 20h
  SECURE = 0x30, // for messages to VTL1, and event flags
  TYPE = 0x12345678,
  BUFFERS = 16,
};

static _Alignas(4096) struct synic_message messages[VTLS][16];
static _Alignas(4096) volatile uint64_t event_flags[VTLS][512];
static struct synic_message *const slot = &messages[0][SINT_MESSAGE];

static uint64_t flag_word(uint32_t vtl, uint32_t sint, uint32_t word) { return event_flags[vtl][sint * 32 + word]; }

#define EXPECT_STATUS(call, expected)                              \
  do {                                                             \
    uint16_t status = call;                                        \
    CHECK(status == (expected), "status %x", (uint32_t)status);    \
  } while (0)

// The pages and sources of the running context.
static void synic_enable(void) {
  uint32_t vtl = this_context()->vtl;
  wrmsr(MSR_SINT0 + SINT_MESSAGE, VECTOR_MESSAGE | SINT_AUTO_EOI);
  wrmsr(MSR_SINT0 + SINT_EVENT, VECTOR_EVENT);
  wrmsr(MSR_SINT0 + SINT_ROUTED, VECTOR_ROUTED);
  wrmsr(MSR_SIMP, (uint64_t)messages[vtl] | 1);
  wrmsr(MSR_SIEFP, (uint64_t)event_flags[vtl] | 1);
  wrmsr(MSR_SCONTROL, 1);
}

// Processor 1 does one thing at a time.

enum job { JOB_NONE, JOB_ENABLE, JOB_MASK_EVENTS, JOB_END_OF_MESSAGE, JOB_SYNIC_OFF };
static volatile enum job job;

static void handle_message(struct frame *frame) {
  (void)frame;
  leave_in_service(); // it has ended by itself
}

static void run(void) {
  while (this_context()->vp != 1) cpu_pause();
  enable_interrupts();
  for (;;) {
    while (job == JOB_NONE) cpu_pause();
    if (job == JOB_ENABLE) synic_enable();
    if (job == JOB_MASK_EVENTS) wrmsr(MSR_SINT0 + SINT_EVENT, VECTOR_EVENT | SINT_MASKED);
    if (job == JOB_END_OF_MESSAGE) wrmsr(MSR_EOM, 0);
    if (job == JOB_SYNIC_OFF) wrmsr(MSR_SCONTROL, 0);
    job = JOB_NONE;
  }
}

static void do_job(enum job what) {
  job = what;
  while (job != JOB_NONE) cpu_pause();
  spin_for(10000); // until what it raised has been taken
}

static void empty_slot(void) {
  slot->type = 0;
  do_job(JOB_END_OF_MESSAGE);
}

static void test_nowhere(void) {
  EXPECT_STATUS(post_message(CONNECTION, TYPE, 0), HV_INVALID_CONNECTION_ID);
  EXPECT_STATUS(signal_event(EVENTS, 0), HV_INVALID_CONNECTION_ID);
  connection_device(MESSAGE_CONNECTION_MAKE, CONNECTION, 1, SINT_MESSAGE);
  connection_device(EVENT_CONNECTION_MAKE, EVENTS, 1, SINT_EVENT);
  EXPECT_STATUS(post_message(CONNECTION, TYPE, 0), HV_INVALID_SYNIC_STATE);
  EXPECT_STATUS(signal_event(EVENTS, 0), HV_INVALID_SYNIC_STATE);
  EXPECT_STATUS(post_message(EVENTS, TYPE, 0), HV_INVALID_PORT_ID);
  EXPECT_STATUS(signal_event(CONNECTION, 0), HV_INVALID_PORT_ID);
}

static void test_parameters(void) {
  EXPECT_STATUS(post_message(CONNECTION, 0, 0), HV_INVALID_PARAMETER);
  EXPECT_STATUS(post_message(CONNECTION, 0x80000010, 0), HV_INVALID_PARAMETER);
  uint64_t *input = (uint64_t *)this_context()->hypercall_input;
  uint64_t at = (uint64_t)input;
  input[1] = 241ull << 32 | TYPE;
  EXPECT_STATUS(hypercall_status(hypercall(HVCALL_POST_MESSAGE, at, 0)), HV_INVALID_PARAMETER);
  EXPECT_STATUS(hypercall_status(hypercall(HVCALL_POST_MESSAGE, at + 4, 0)), HV_INVALID_ALIGNMENT);
  EXPECT_STATUS(hypercall_status(hypercall(HVCALL_POST_MESSAGE | HYPERCALL_FAST, at, 0)), HV_INVALID_HYPERCALL_INPUT);
  EXPECT_STATUS(signal_event(1u << 24 | EVENTS, 0), HV_INVALID_HYPERCALL_INPUT);
  EXPECT_STATUS(signal_event(EVENTS, 2048 - EVENTS), HV_INVALID_PARAMETER);
  CHECK(slot->type == 0, "type %x", slot->type);
}

// What is posted while the slot is taken waits for it, in order, in the buffers of its port.
static void test_messages(void) {
  uint64_t before = interrupt_count(1, 0, VECTOR_MESSAGE);
  for (uint64_t i = 0; i <= BUFFERS; i++) EXPECT_STATUS(post_message(CONNECTION, TYPE, i), HV_SUCCESS);
  EXPECT_STATUS(post_message(CONNECTION, TYPE, 99), HV_INSUFFICIENT_BUFFERS);
  connection_device(MESSAGE_CONNECTION_MAKE, OTHER_CONNECTION, 1, SINT_MESSAGE);
  EXPECT_STATUS(post_message(OTHER_CONNECTION, TYPE, BUFFERS + 1), HV_SUCCESS);
  for (uint64_t i = 0; i <= BUFFERS + 1; i++) {
    spin_for(10000);
    bool last = i == BUFFERS + 1;
    CHECK(slot->type == TYPE && slot->payload_size == 8 && slot->payload[0] == i, "message %lu: %x %lu", i,
          slot->type, slot->payload[0]);
    CHECK(slot->origin == (last ? OTHER_CONNECTION : CONNECTION), "origin %lx", slot->origin);
    CHECK(slot->flags == !last, "message %lu: flags %x", i, (uint32_t)slot->flags);
    CHECK(interrupt_count(1, 0, VECTOR_MESSAGE) == before + 1 + i, "%lu interrupts", interrupt_count(1, 0, VECTOR_MESSAGE) - before);
    empty_slot();
  }
  CHECK(slot->type == 0, "type %x", slot->type);
}

// A port takes with it what still waits.
static void test_broken(void) {
  for (uint64_t i = 0; i < 3; i++) EXPECT_STATUS(post_message(OTHER_CONNECTION, TYPE, i), HV_SUCCESS);
  connection_device(MESSAGE_CONNECTION_BREAK, OTHER_CONNECTION, 0, 0);
  EXPECT_STATUS(post_message(OTHER_CONNECTION, TYPE, 0), HV_INVALID_CONNECTION_ID);
  CHECK(slot->type == TYPE, "what was delivered is gone");
  empty_slot();
  CHECK(slot->type == 0, "type %x", slot->type);
  // What is not there cannot be broken, and what is there not made.
  connection_device(MESSAGE_CONNECTION_BREAK, OTHER_CONNECTION, 0, 0);
  connection_device(MESSAGE_CONNECTION_MAKE, CONNECTION, 0, 1);
  connection_device(MESSAGE_CONNECTION_MAKE, OTHER_CONNECTION, 200, 1);
  connection_device(MESSAGE_CONNECTION_MAKE, OTHER_CONNECTION, 1, 16);
  EXPECT_STATUS(post_message(OTHER_CONNECTION, TYPE, 0), HV_INVALID_CONNECTION_ID);
  EXPECT_STATUS(post_message(CONNECTION, TYPE, 7), HV_SUCCESS);
  CHECK(slot->type == TYPE && slot->payload[0] == 7, "the first connection leads elsewhere");
  empty_slot();
}

static void expect_flags(uint64_t low, uint64_t high, uint64_t interrupts) {
  spin_for(10000);
  CHECK(flag_word(0, SINT_EVENT, 0) == low, "flags %lx", flag_word(0, SINT_EVENT, 0));
  CHECK(flag_word(0, SINT_EVENT, 31) == high, "flags %lx", flag_word(0, SINT_EVENT, 31));
  CHECK(interrupt_count(1, 0, VECTOR_EVENT) == interrupts, "%lu interrupts", interrupt_count(1, 0, VECTOR_EVENT));
}

static void test_events(void) {
  uint64_t before = interrupt_count(1, 0, VECTOR_EVENT);
  EXPECT_STATUS(signal_event(EVENTS, 0), HV_SUCCESS);
  expect_flags(1ull << EVENTS, 0, before + 1);
  EXPECT_STATUS(signal_event(EVENTS, 0), HV_SUCCESS); // it is set
  expect_flags(1ull << EVENTS, 0, before + 1);
  EXPECT_STATUS(signal_event(EVENTS, 3), HV_SUCCESS);
  expect_flags(9ull << EVENTS, 0, before + 2);
  EXPECT_STATUS(signal_event(EVENTS, 2047 - EVENTS), HV_SUCCESS);
  expect_flags(9ull << EVENTS, 1ull << 63, before + 3);
  event_flags[0][SINT_EVENT * 32] = 0;
  EXPECT_STATUS(signal_event(EVENTS, 0), HV_SUCCESS);
  expect_flags(1ull << EVENTS, 1ull << 63, before + 4);
  do_job(JOB_MASK_EVENTS);
  EXPECT_STATUS(signal_event(EVENTS, 1), HV_INVALID_SYNIC_STATE);
  expect_flags(1ull << EVENTS, 1ull << 63, before + 4);
}

static void test_routes(void) {
  connection_device(ROUTE_SIGNAL, 0, 1, SINT_ROUTED);
  spin_for(10000);
  CHECK(interrupt_count(1, 0, VECTOR_ROUTED) == 0, "there was no route");
  connection_device(ROUTE_MAKE, 0, 1, SINT_ROUTED);
  connection_device(ROUTE_SIGNAL, 0, 1, SINT_ROUTED);
  spin_for(10000);
  CHECK(interrupt_count(1, 0, VECTOR_ROUTED) == 1, "%lu interrupts", interrupt_count(1, 0, VECTOR_ROUTED));
  connection_device(ROUTE_BREAK, 0, 1, SINT_ROUTED);
  connection_device(ROUTE_SIGNAL, 0, 1, SINT_ROUTED);
  spin_for(10000);
  CHECK(interrupt_count(1, 0, VECTOR_ROUTED) == 1, "the route is broken");
}

// VTL1 of processor 0, which makes connections to itself

static void secure_start(void) {
  synic_enable();
  connection_device(MESSAGE_CONNECTION_MAKE, SECURE, 0, SINT_MESSAGE);
  connection_device(EVENT_CONNECTION_MAKE, SECURE, 0, SINT_EVENT);
  enable_interrupts();
}

// The pages are in VTL1's view of memory only.
static enum vtl_return secure_call(struct registers *registers) {
  (void)registers;
  struct synic_message *message = &messages[1][SINT_MESSAGE];
  CHECK(message->type == TYPE && message->payload[0] == 42, "type %x", message->type);
  CHECK(flag_word(1, SINT_EVENT, 0) == 1ull << SECURE, "flags %lx", flag_word(1, SINT_EVENT, 0));
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call, .without = ~1ull};

static void test_secure(void) {
  set_handler(1, VECTOR_MESSAGE, handle_message);
  set_handler(1, VECTOR_EVENT, ignore_interrupt);
  vtl1_enable(&secure);
  connection_device(MESSAGE_CONNECTION_BREAK, SECURE, 0, 0); // it is not VTL0's
  uint64_t lower = interrupt_count(0, 0, VECTOR_MESSAGE);
  EXPECT_STATUS(post_message(SECURE, TYPE, 42), HV_SUCCESS);
  EXPECT_STATUS(signal_event(SECURE, 0), HV_SUCCESS);
  vtl_call(&(struct vtl_call){0});
  CHECK(interrupt_count(0, 1, VECTOR_MESSAGE) == 1 && interrupt_count(0, 1, VECTOR_EVENT) == 1, "%lu, %lu interrupts",
        interrupt_count(0, 1, VECTOR_MESSAGE), interrupt_count(0, 1, VECTOR_EVENT));
  CHECK(interrupt_count(0, 0, VECTOR_MESSAGE) == lower && slot->type == 0, "VTL0 got it");
}

void guest_main(void) {
  if (processor_count() < 2 || boot_info.vtl_count < 2 || !hypercall_available())
    panic("this needs two processors and VTL1");
  CHECK((cpuid(0x40000003, 0).ebx >> 4 & 3) == 3, "no privileges to post messages and signal events");
  set_handler(0, VECTOR_MESSAGE, handle_message);
  set_handler(0, VECTOR_EVENT, ignore_interrupt);
  set_handler(0, VECTOR_ROUTED, ignore_interrupt);
  hypercall_enable();
  processors_start(run);
  enable_interrupts();
  test_nowhere();
  do_job(JOB_ENABLE);
  test_parameters();
  test_messages();
  test_broken();
  test_events();
  test_routes();
  do_job(JOB_SYNIC_OFF);
  EXPECT_STATUS(post_message(CONNECTION, TYPE, 0), HV_INVALID_SYNIC_STATE);
  test_secure();
  finish("connections");
}
