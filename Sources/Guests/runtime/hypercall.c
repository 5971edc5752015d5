#include "guest.h"

extern uint8_t hypercall_pages[VTLS][4096];

bool hypercall_available(void) {
  if (!(cpuid(1, 0).ecx >> 31)) return false;
  if (cpuid(0x40000000, 0).eax < 0x40000003 || cpuid(0x40000001, 0).eax != 0x31237648 /* Hv#1 */)
    return false;
  enum { ACCESS_VSM = 1 << 16, ACCESS_VP_REGISTERS = 1 << 17 };
  return (~cpuid(0x40000003, 0).ebx & (ACCESS_VSM | ACCESS_VP_REGISTERS)) == 0;
}

void hypercall_enable(void) {
  wrmsr(MSR_HV_GUEST_OS_ID, 1ull << 63 | 1);
  wrmsr(MSR_HV_HYPERCALL, (uint64_t)hypercall_pages[this_context()->vtl] | 1);
}

uint64_t hypercall(uint64_t control, uint64_t input, uint64_t output) {
  uint64_t result;
  register uint64_t r8 __asm__("r8") = output;
  __asm__ volatile("call *%[page]"
                   : "=a"(result), "+c"(control), "+d"(input), "+r"(r8)
                   : [page] "r"(hypercall_pages[this_context()->vtl])
                   : "memory", "cc");
  return result;
}

// The header of both register calls: partition, VP index, VTL.
static uint64_t *register_input(uint32_t vp, uint8_t input_vtl, uint32_t name) {
  uint64_t *input = (uint64_t *)this_context()->hypercall_input;
  input[0] = HV_PARTITION_SELF;
  input[1] = (uint64_t)input_vtl << 32 | vp;
  input[2] = name;
  return input;
}

// One hypercall at a time may use the context's parameter area.
uint16_t get_vp_register(uint32_t vp, uint8_t input_vtl, uint32_t name, uint64_t *value) {
  bool enabled = save_interrupts();
  uint64_t *input = register_input(vp, input_vtl, name);
  uint64_t *output = (uint64_t *)this_context()->hypercall_output;
  uint64_t result = hypercall(HVCALL_GET_VP_REGISTERS | HYPERCALL_REPS(1), (uint64_t)input, (uint64_t)output);
  *value = output[0];
  restore_interrupts(enabled);
  return hypercall_status(result);
}

uint16_t set_vp_register(uint32_t vp, uint8_t input_vtl, uint32_t name, uint64_t value) {
  bool enabled = save_interrupts();
  uint64_t *input = register_input(vp, input_vtl, name);
  input[3] = 0;
  input[4] = value;
  input[5] = 0;
  uint64_t result = hypercall(HVCALL_SET_VP_REGISTERS | HYPERCALL_REPS(1), (uint64_t)input, 0);
  restore_interrupts(enabled);
  return hypercall_status(result);
}

uint16_t send_synthetic_ipi(uint8_t vector, uint8_t input_vtl, uint64_t vps) {
  return hypercall_status(
    hypercall(HVCALL_SEND_IPI | HYPERCALL_FAST, (uint64_t)input_vtl << 32 | vector, vps));
}
