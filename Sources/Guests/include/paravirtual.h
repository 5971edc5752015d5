// KVM's paravirtual interface (Linux, Documentation/virt/kvm/x86), which a machine speaks until GUEST_OS_ID
// is written.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MSR_KVM_PV_EOI 0x4B564D04
#define CPUID_KVM_SIGNATURE 0x40000100
#define CPUID_KVM_FEATURES 0x40000101

enum paravirtual_feature {
  FEATURE_PV_EOI = 1 << 6,
  FEATURE_PV_UNHALT = 1 << 7,
  FEATURE_PV_SEND_IPI = 1 << 11,
  FEATURE_PV_SCHED_YIELD = 1 << 13,
};

enum paravirtual_call { PV_KICK_CPU = 5, PV_SEND_IPI = 10, PV_SCHED_YIELD = 11 };

#define PV_EINVAL (-22)
#define PV_ENOSYS (-1000)

bool paravirtual_available(void);
int64_t paravirtual_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

// Lets the running context end interrupts by clearing a byte, where the core has set it; false turns that
// off. The dispatcher does so.
void lazy_eoi_enable(bool enabled);
// Clears the byte in one instruction, between which and the core nothing can come. False: it was clear, and
// an EOI is to be written.
bool lazy_eoi(void);
