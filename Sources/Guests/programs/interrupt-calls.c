// Interrupts that VTL1 gives to VTL0 by hypercall, as a device would (TLFS, HvCallAssertVirtualInterrupt), and the
// hypercalls that name what is not there.
#include "guest.h"

enum {
  VECTOR = 0x81,
  FIXED = 0,
  LOWEST = 1,
  REMOTE_READ = 3,
  NMI = 4,
};
#define LOGICAL (1ull << 33)

struct assertion {
  uint64_t partition;
  uint64_t control;
  uint64_t destination;
  uint32_t vector;
  uint8_t vtl, reserved[3];
};

static uint16_t give(struct assertion a) {
  static struct assertion input;
  input = a;
  return intercept_hypercall(HVCALL_ASSERT_INTERRUPT, &input);
}
static struct assertion assertion(uint64_t control, uint64_t destination, uint32_t vector) {
  return (struct assertion){.partition = HV_PARTITION_SELF, .control = control, .destination = destination, .vector = vector};
}

static void test_delivery(void) {
  struct { uint64_t control, destination; } ways[] = {{FIXED, 0}, {LOWEST, 0}, {FIXED | LOGICAL, 1}, {LOWEST | LOGICAL, 1}};
  for (uint32_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    uint64_t before = interrupt_count(0, 0, VECTOR);
    disable_interrupts();
    CHECK(give(assertion(ways[i].control, ways[i].destination, VECTOR)) == HV_SUCCESS, "way %u", i);
    CHECK(apic_bit(APIC_IRR, VECTOR) && interrupt_count(0, 0, VECTOR) == before, "way %u: not pending", i);
    enable_interrupts();
    spin_for(100);
    CHECK(interrupt_count(0, 0, VECTOR) == before + 1, "way %u: taken %lu times", i, interrupt_count(0, 0, VECTOR) - before);
  }
  CHECK(interrupt_count(0, 1, VECTOR) == 0, "VTL1 took it");
  uint64_t before = interrupt_count(0, 0, VECTOR_NMI);
  CHECK(give(assertion(NMI, 0, 0)) == HV_SUCCESS, "NMI");
  CHECK(interrupt_count(0, 0, VECTOR_NMI) == before + 1, "%lu NMIs", interrupt_count(0, 0, VECTOR_NMI) - before);
  // Nobody is there: a device hears nothing of it either.
  before = interrupt_count(0, 0, VECTOR);
  CHECK(give(assertion(FIXED, 7, VECTOR)) == HV_SUCCESS, "APIC ID 7");
  CHECK(interrupt_count(0, 0, VECTOR) == before, "taken");
}

static void test_statuses(void) {
  struct assertion a = assertion(FIXED, 0, VECTOR);
  a.partition = 1;
  CHECK(give(a) == HV_ACCESS_DENIED, "partition");
  a = assertion(FIXED, 0, VECTOR);
  a.vtl = 1;
  CHECK(give(a) == HV_ACCESS_DENIED, "own VTL");
  a.vtl = 0, a.reserved[0] = 1;
  CHECK(give(a) == HV_INVALID_PARAMETER, "reserved");
  CHECK(give(assertion(REMOTE_READ, 0, VECTOR)) == HV_INVALID_PARAMETER, "remote read");
  CHECK(give(assertion(1ull << 34, 0, VECTOR)) == HV_INVALID_PARAMETER, "reserved bit of the control");
  CHECK(give(assertion(FIXED, 0, 15)) == HV_INVALID_PARAMETER, "vector 15");
  CHECK(give(assertion(FIXED, 0, 256)) == HV_INVALID_PARAMETER, "vector 256");

  struct assertion *own = (struct assertion *)this_context()->hypercall_input;
  *own = assertion(FIXED, 0, VECTOR);
  CHECK(hypercall_status(hypercall(HVCALL_ASSERT_INTERRUPT, (uint64_t)own, 0)) == HV_ACCESS_DENIED, "from VTL0");
}

static uint16_t retarget(uint32_t source, uint32_t vector, uint32_t flags, uint32_t banks) {
  struct {
    uint64_t partition, device;
    uint32_t source, reserved, address, data;
    uint64_t reserved2;
    uint32_t vector, flags;
    uint64_t mask, set[2];
  } *input = (void *)this_context()->hypercall_input;
  input->partition = HV_PARTITION_SELF, input->device = 5;
  input->source = source, input->reserved = 0, input->address = 0xFEE00000, input->data = VECTOR, input->reserved2 = 0;
  input->vector = vector, input->flags = flags, input->mask = banks ? 0 : 1, input->set[0] = 1, input->set[1] = 1;
  return hypercall_status(hypercall(HVCALL_RETARGET | (uint64_t)banks << 17, (uint64_t)input, 0));
}

static void test_devices(void) {
  enum { MSI = 1, IOAPIC = 2, PROCESSOR_SET = 2 };
  CHECK(retarget(MSI, VECTOR, 0, 0) == HV_INVALID_DEVICE_ID, "mask");
  CHECK(retarget(MSI, VECTOR, PROCESSOR_SET, 2) == HV_INVALID_DEVICE_ID, "set");
  CHECK(retarget(MSI, VECTOR, PROCESSOR_SET, 1) == HV_INVALID_PARAMETER, "a bank is missing");
  CHECK(retarget(IOAPIC, VECTOR, 0, 0) == HV_INVALID_PARAMETER, "source");
  CHECK(retarget(MSI, 15, 0, 0) == HV_INVALID_PARAMETER, "vector");
  CHECK(retarget(MSI, VECTOR, 8, 0) == HV_INVALID_PARAMETER, "flags");
}

static void test_extended(void) {
  uint64_t *output = (uint64_t *)this_context()->hypercall_output;
  output[0] = ~0ull;
  CHECK(cpuid(0x40000003, 0).ebx >> 20 & 1, "no extended hypercalls");
  CHECK(hypercall_status(hypercall(HVCALL_QUERY_CAPABILITIES, 0, (uint64_t)output)) == HV_SUCCESS, "query");
  CHECK(output[0] == 0, "%lx", output[0]);
  CHECK(hypercall_status(hypercall(HVCALL_QUERY_CAPABILITIES + 1, 0, (uint64_t)output)) == HV_INVALID_HYPERCALL_CODE, "8002h");
}

void guest_main(void) {
  intercepts_enable();
  set_handler(0, VECTOR, ignore_interrupt);
  set_handler(0, VECTOR_NMI, ignore_interrupt);
  apic_write(APIC_DFR, DFR_FLAT);
  apic_write(APIC_LDR, 1 << 24);
  enable_interrupts();
  test_delivery();
  test_statuses();
  test_devices();
  test_extended();
  finish("interrupt-calls");
}
