// Messages and event flags that VTL1 gives to VTL0 without connections (TLFS, HvCallPostMessageDirect and
// HvCallSignalEventDirect).
#include "guest.h"

enum {
  SINT_MESSAGE = 5,
  SINT_EVENT = 6,
  SINT_MASKED_ONE = 7,
  VECTOR_MESSAGE = 0x71,
  VECTOR_EVENT = 0x72,
  TYPE = 0x1234,
  ORIGIN = 0x77,
  BUFFERS = 16,
};

struct direct_message {
  uint64_t partition;
  uint32_t vp;
  uint8_t vtl, padding[3];
  uint8_t sint, padding2[3];
  uint32_t type;
  uint8_t payload_size, flags, reserved[2];
  uint32_t origin[2];
  uint32_t payload[60];
  uint32_t padding3;
};
_Static_assert(sizeof(struct direct_message) == 280, "HV_INPUT_POST_MESSAGE_DIRECT");

struct direct_event {
  uint64_t partition;
  uint32_t vp;
  uint8_t vtl, sint;
  uint16_t flag;
};

static _Alignas(4096) struct synic_message messages[16];
static _Alignas(4096) volatile uint64_t event_flags[512];
static struct synic_message *const slot = &messages[SINT_MESSAGE];

static void ignore(struct frame *frame) { (void)frame; }
static uint64_t count(uint8_t vector) { return contexts[0][0].counts[vector]; }

#define EXPECT_STATUS(call, expected)                              \
  do {                                                             \
    uint16_t status = call;                                        \
    CHECK(status == (expected), "status %x", (uint32_t)status);    \
  } while (0)

static struct direct_message message(uint32_t payload) {
  return (struct direct_message){.partition = HV_PARTITION_SELF, .vp = HV_VP_SELF, .sint = SINT_MESSAGE, .type = TYPE,
                                 .payload_size = 8, .flags = 0xFF, .origin = {ORIGIN}, .payload = {payload}};
}
static uint16_t post(struct direct_message m) {
  static _Alignas(512) struct direct_message input;
  input = m;
  return intercept_hypercall(HVCALL_POST_MESSAGE_DIRECT, &input);
}

static struct direct_event event(uint16_t flag) {
  return (struct direct_event){.partition = HV_PARTITION_SELF, .vp = 0, .sint = SINT_EVENT, .flag = flag};
}
static uint16_t signal(struct direct_event e) {
  static _Alignas(16) struct direct_event input;
  input = e;
  *(volatile uint64_t *)contexts[1][0].hypercall_output = ~0ull;
  return intercept_hypercall(HVCALL_SIGNAL_EVENT_DIRECT, &input);
}
static uint64_t newly_signaled(void) { return *(volatile uint64_t *)contexts[1][0].hypercall_output; }

static void synic_enable(void) {
  wrmsr(MSR_SINT0 + SINT_MESSAGE, VECTOR_MESSAGE);
  wrmsr(MSR_SINT0 + SINT_EVENT, VECTOR_EVENT);
  wrmsr(MSR_SIMP, (uint64_t)messages | 1);
  wrmsr(MSR_SIEFP, (uint64_t)event_flags | 1);
  wrmsr(MSR_SCONTROL, 1);
}

// Interrupts are disabled, so what is posted waits in the slot until the guest looks.
static void test_messages(void) {
  for (uint32_t i = 0; i <= BUFFERS; i++) EXPECT_STATUS(post(message(i)), HV_SUCCESS);
  EXPECT_STATUS(post(message(99)), HV_INSUFFICIENT_BUFFERS);
  // Another origin has no other buffers.
  struct direct_message other = message(99);
  other.origin[0]++;
  EXPECT_STATUS(post(other), HV_INSUFFICIENT_BUFFERS);
  for (uint32_t i = 0; i <= BUFFERS; i++) {
    CHECK(slot->type == TYPE && slot->payload_size == 8 && slot->payload[0] == i, "message %u: %x %lu", i, slot->type,
          slot->payload[0]);
    CHECK(slot->origin == ORIGIN, "origin %lx", slot->origin);
    CHECK(slot->flags == (i < BUFFERS), "message %u: flags %x", i, (uint32_t)slot->flags);
    uint64_t before = count(VECTOR_MESSAGE);
    enable_interrupts();
    spin_for(100);
    CHECK(count(VECTOR_MESSAGE) == before + 1, "message %u: %lu interrupts", i, count(VECTOR_MESSAGE) - before);
    disable_interrupts();
    slot->type = 0;
    wrmsr(MSR_EOM, 0);
  }
  CHECK(slot->type == 0, "type %x", slot->type);
  // A type of the hypervisor's own is VTL1's to send.
  struct direct_message own = message(7);
  own.type = 0x80000001, own.payload_size = 240;
  EXPECT_STATUS(post(own), HV_SUCCESS);
  CHECK(slot->type == 0x80000001 && slot->payload_size == 240, "type %x", slot->type);
  slot->type = 0;
}

static void test_events(void) {
  uint64_t before = count(VECTOR_EVENT);
  EXPECT_STATUS(signal(event(3)), HV_SUCCESS);
  CHECK(newly_signaled() == 1, "newly signaled: %lx", newly_signaled());
  EXPECT_STATUS(signal(event(3)), HV_SUCCESS);
  CHECK(newly_signaled() == 0, "newly signaled again: %lx", newly_signaled());
  EXPECT_STATUS(signal(event(2047)), HV_SUCCESS);
  CHECK(newly_signaled() == 1, "newly signaled: %lx", newly_signaled());
  CHECK(event_flags[SINT_EVENT * 32] == 8 && event_flags[SINT_EVENT * 32 + 31] == 1ull << 63, "flags");
  enable_interrupts();
  spin_for(100);
  disable_interrupts();
  CHECK(count(VECTOR_EVENT) == before + 1, "%lu interrupts", count(VECTOR_EVENT) - before);
}

#define REFUSED(make, give, change, expected)  \
  do {                                         \
    __typeof__(make(0)) input = make(0);       \
    input.change;                              \
    EXPECT_STATUS(give(input), expected);      \
  } while (0)

static void test_refusals(void) {
  REFUSED(message, post, partition = 1, HV_ACCESS_DENIED);
  REFUSED(message, post, vtl = 1, HV_ACCESS_DENIED);
  REFUSED(message, post, vp = 1, HV_INVALID_VP_INDEX);
  REFUSED(message, post, sint = 16, HV_INVALID_PARAMETER);
  REFUSED(message, post, type = 0, HV_INVALID_PARAMETER);
  REFUSED(message, post, payload_size = 241, HV_INVALID_PARAMETER);
  REFUSED(event, signal, partition = 1, HV_ACCESS_DENIED);
  REFUSED(event, signal, vtl = 1, HV_ACCESS_DENIED);
  REFUSED(event, signal, vp = 1, HV_INVALID_VP_INDEX);
  REFUSED(event, signal, sint = 16, HV_INVALID_PARAMETER);
  REFUSED(event, signal, flag = 2048, HV_INVALID_PARAMETER);
  REFUSED(event, signal, sint = SINT_MASKED_ONE, HV_INVALID_SYNIC_STATE);
  CHECK(newly_signaled() == ~0ull, "an answer of %lx", newly_signaled());

  uint64_t *input = (uint64_t *)this_context()->hypercall_input;
  input[0] = HV_PARTITION_SELF, input[1] = 0;
  uint64_t output = (uint64_t)this_context()->hypercall_output;
  EXPECT_STATUS(hypercall_status(hypercall(HVCALL_SIGNAL_EVENT_DIRECT, (uint64_t)input, output)), HV_ACCESS_DENIED);
  EXPECT_STATUS(hypercall_status(hypercall(HVCALL_POST_MESSAGE_DIRECT, (uint64_t)input, 0)), HV_ACCESS_DENIED);
}

void guest_main(void) {
  intercepts_enable();
  set_handler(0, VECTOR_MESSAGE, ignore);
  set_handler(0, VECTOR_EVENT, ignore);
  EXPECT_STATUS(post(message(0)), HV_INVALID_SYNIC_STATE);
  EXPECT_STATUS(signal(event(0)), HV_INVALID_SYNIC_STATE);
  synic_enable();
  test_messages();
  test_events();
  test_refusals();
  finish("direct-calls");
}
