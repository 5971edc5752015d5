#include "guest.h"

bool paravirtual_available(void) {
  struct cpuid leaf = cpuid(CPUID_KVM_SIGNATURE, 0);
  return leaf.ebx == 0x4B4D564B && leaf.ecx == 0x564B4D56 && leaf.edx == 0x4D; // KVMKVMKVM
}

int64_t paravirtual_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  int64_t result;
  __asm__ volatile("vmcall" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return result;
}

void lazy_eoi_enable(bool enabled) {
  wrmsr(MSR_KVM_PV_EOI, enabled ? (uint64_t)&this_context()->lazy_eoi | 1 : 0);
}

bool lazy_eoi(void) {
  bool was_set;
  __asm__ volatile("btrl $0, %1" : "=@ccc"(was_set), "+m"(this_context()->lazy_eoi));
  return was_set;
}
