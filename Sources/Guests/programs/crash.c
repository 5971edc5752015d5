// The crash MSRs: a guest says that it has crashed, and why (TLFS, HV_CRASH_CTL_REG_CONTENTS). The machine goes on.
#include "guest.h"

enum { MSR_CRASH_P0 = 0x40000100, MSR_CRASH_CTL = 0x40000105, PARAMETERS = 5 };
#define CRASH_NOTIFY (1ull << 63)
#define CRASH_MESSAGE (1ull << 62)

static const char message[] = "crashed on purpose";

void guest_main(void) {
  CHECK(cpuid(0x40000003, 0).edx >> 10 & 1, "no crash MSRs");
  CHECK(rdmsr(MSR_CRASH_CTL) == CRASH_NOTIFY, "capabilities %lx", rdmsr(MSR_CRASH_CTL));
  const uint64_t parameters[PARAMETERS] = {0x7E, 0x8100000000000000, 0xFFFFFFFF80000000, (uint64_t)message,
                                           sizeof message - 1};
  for (uint32_t i = 0; i < PARAMETERS; i++) {
    CHECK(rdmsr(MSR_CRASH_P0 + i) == 0, "P%u %lx", i, rdmsr(MSR_CRASH_P0 + i));
    wrmsr(MSR_CRASH_P0 + i, parameters[i]);
  }
  for (uint32_t i = 0; i < PARAMETERS; i++)
    CHECK(rdmsr(MSR_CRASH_P0 + i) == parameters[i], "P%u %lx", i, rdmsr(MSR_CRASH_P0 + i));
  wrmsr(MSR_CRASH_CTL, CRASH_NOTIFY | CRASH_MESSAGE);
  CHECK(rdmsr(MSR_CRASH_CTL) == CRASH_NOTIFY, "capabilities %lx", rdmsr(MSR_CRASH_CTL));
  finish("crash");
}
