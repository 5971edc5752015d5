#include "guest.h"

enum { VECTOR_INTERCEPT = 0x60 };

enum service { SERVICE_NOTHING, SERVICE_SET, SERVICE_SET_BELOW, SERVICE_GET, SERVICE_GET_BELOW, SERVICE_HYPERCALL };

struct intercepted intercepted;
static volatile enum intercept_answer next_answer;
static struct {
  uint32_t name;
  uint64_t value;
} allowed;
_Alignas(4096) static uint8_t messages[4096];

static uint64_t field(const uint8_t *message, uint32_t offset, uint32_t size) {
  uint64_t value = 0;
  for (uint32_t i = size; i; i--) value = value << 8 | message[offset + i - 1];
  return value;
}

// HV_INPUT_MODIFY_VTL_PROTECTION_MASK with one page. VTL 0 is the caller's.
struct protection {
  uint64_t partition;
  uint32_t flags;
  uint32_t vtl;
  uint64_t page;
};

// VTL1

static void give_answer(const uint8_t *message) {
  uint64_t length = message[0x14] & 15, rip = field(message, 0x28, 8);
  uint16_t status = 0;
  switch (next_answer) {
  case ANSWER_SKIP:
    status = set_vp_register(HV_VP_SELF, HV_INPUT_VTL(0), REGISTER_RIP, rip + length);
    break;
  case ANSWER_FAULT: // pending, error code valid, vector 13
    status = set_vp_register(HV_VP_SELF, HV_INPUT_VTL(0), REGISTER_PENDING_EVENT0, 1 | 1 << 8 | 13 << 16);
    break;
  case ANSWER_GIVE:
    status = set_vp_register(HV_VP_SELF, HV_INPUT_VTL(0), allowed.name, allowed.value);
    break;
  case ANSWER_GRANT: {
    struct protection *input = (struct protection *)this_context()->hypercall_input;
    *input = (struct protection){HV_PARTITION_SELF, 15, 0, field(message, 0x48, 8) >> 12};
    status = hypercall_status(hypercall(HVCALL_MODIFY_PROTECTION | HYPERCALL_REPS(1), (uint64_t)input, 0));
    break;
  }
  case ANSWER_ALLOW:
    status = set_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, allowed.name, allowed.value);
    break;
  }
  if (status) panic("answer to an intercept: status %x", status);
}

static void take_message(struct frame *frame) {
  (void)frame;
  for (uint32_t i = 0; i < sizeof intercepted.message / 8; i++)
    ((uint64_t *)intercepted.message)[i] = ((volatile uint64_t *)messages)[i];
  intercepted.count++;
  give_answer(intercepted.message);
  bool is_pending = messages[5] & 1;
  *(volatile uint32_t *)messages = 0;
  if (is_pending) wrmsr(MSR_EOM, 0);
}

static void secure_start(void) {
  set_handler(1, VECTOR_INTERCEPT, take_message);
  wrmsr(MSR_SCONTROL, 1);
  wrmsr(MSR_SIMP, (uint64_t)messages | 1);
  wrmsr(MSR_SINT0, VECTOR_INTERCEPT);
  enable_interrupts();
}

static enum vtl_return secure_call(struct registers *registers) {
  uint8_t vtl = registers->rdx == SERVICE_SET_BELOW || registers->rdx == SERVICE_GET_BELOW ? HV_INPUT_VTL(0) : 0;
  uint32_t name = (uint32_t)registers->r8;
  switch (registers->rdx) {
  case SERVICE_SET:
  case SERVICE_SET_BELOW:
    registers->r8 = set_vp_register(HV_VP_SELF, vtl, name, registers->r9);
    break;
  case SERVICE_GET:
  case SERVICE_GET_BELOW:
    registers->r8 = get_vp_register(HV_VP_SELF, vtl, name, &registers->r9);
    break;
  case SERVICE_HYPERCALL:
    registers->r8 = hypercall_status(hypercall(registers->r8, registers->r9, (uint64_t)this_context()->hypercall_output));
    break;
  }
  return RETURN_FAST;
}

static const struct secure_program secure = {.start = secure_start, .call = secure_call};

// VTL0

static struct vtl_call serve(enum service service, uint64_t a, uint64_t b) {
  struct vtl_call call = {.service = service, .a = a, .b = b};
  vtl_call(&call);
  return call;
}

void intercepts_enable(void) { intercepts_enable_with(0); }

void intercepts_enable_with(uint8_t flags) {
  if (boot_info.vtl_count < 2 || !hypercall_available()) panic("this needs VTL1");
  vtl1_prepare(&secure);
  uint64_t vtl_and_flags = 1 | (uint64_t)flags << 8;
  uint64_t result = hypercall(HVCALL_ENABLE_PARTITION_VTL | HYPERCALL_FAST, HV_PARTITION_SELF, vtl_and_flags);
  if (hypercall_status(result)) panic("VTL1 of the partition: status %x", (uint32_t)hypercall_status(result));
  uint16_t status = enable_vp_vtl(HV_VP_SELF, 1);
  if (status) panic("VTL1 of the boot processor: status %x", (uint32_t)status);
  vtl1_join();
}

void intercept_set_answer(enum intercept_answer answer) { next_answer = answer; }

void intercept_allow(uint32_t name, uint64_t value) {
  allowed.name = name;
  allowed.value = value;
}

uint16_t intercept_set_register(uint8_t input_vtl, uint32_t name, uint64_t value) {
  return (uint16_t)serve(input_vtl ? SERVICE_SET_BELOW : SERVICE_SET, name, value).a;
}

uint64_t intercept_get_register(uint8_t input_vtl, uint32_t name) {
  struct vtl_call call = serve(input_vtl ? SERVICE_GET_BELOW : SERVICE_GET, name, 0);
  CHECK(call.a == 0, "register %x: status %lx", name, call.a);
  return call.b;
}

uint16_t intercept_hypercall(uint64_t control, const void *input) {
  return (uint16_t)serve(SERVICE_HYPERCALL, control, (uint64_t)input).a;
}

uint16_t intercept_protect(uint64_t address, uint32_t flags) {
  static struct protection input;
  input = (struct protection){HV_PARTITION_SELF, flags, 0, address >> 12};
  return intercept_hypercall(HVCALL_MODIFY_PROTECTION | HYPERCALL_REPS(1), &input);
}

void expect_message(const char *name, uint32_t before, const struct message_field *fields, uint32_t count) {
  CHECK(intercepted.count == before + 1, "%s: %u intercepts", name, intercepted.count - before);
  static uint8_t expected[256];
  for (uint32_t i = 0; i < sizeof expected; i++) expected[i] = 0;
  for (uint32_t f = 0; f < count; f++) {
    for (uint32_t i = 0; i < fields[f].size; i++)
      expected[fields[f].offset + i] = (uint8_t)(fields[f].value >> 8 * i);
  }
  for (uint32_t i = 0; i < sizeof expected; i++)
    CHECK(intercepted.message[i] == expected[i], "%s: byte %x of the message is %2x, expected %2x", name, i,
          (uint32_t)intercepted.message[i], (uint32_t)expected[i]);
}
