// The demo: a small kernel in VTL0 and a smaller one in VTL1, which count everything they do and check the
// sums.
#pragma once

#include "guest.h"

enum demo_vector {
  VECTOR_UNICAST = 0x41,
  VECTOR_BROADCAST = 0x42,
  VECTOR_LOGICAL = 0x43,
  VECTOR_LOWEST = 0x44,
  VECTOR_REPLY = 0x51,
  VECTOR_SERIAL = 0x71,
  VECTOR_DEVICE = 0x81,
  VECTOR_VINA = 0x31,
};

// What VTL0 may call in VTL1, by the number in RDX.
enum service {
  SERVICE_COUNT = 1,    // fast: R8 = how often this processor has called it
  SERVICE_CHECKSUM = 2, // normal: the checksum of R9 words at R8 in RAX, its complement in RCX
  SERVICE_SWEEP =
    3, // normal: works for R8 TSC ticks; RAX = 1 when a notification of VTL0's interrupt cut it short
};

uint64_t checksum(const uint64_t *words, uint64_t count);

// VINA tells VTL1 that VTL0 has an interrupt; it is on for these processors.
static inline bool vina_enabled(uint32_t vp) { return vp % 2 == 1 || processor_count() == 1; }

// Counts an error and says so.
#define ERROR(...)                  \
  do {                              \
    if (count_error()) {            \
      print("error: " __VA_ARGS__); \
      print("\n");                  \
    }                               \
  } while (0)
// True as long as there are few enough of them to print.
bool count_error(void);

struct secure_counts {
  volatile uint64_t timers, calls, vinas;
};
extern struct secure_counts secure_counts[MAX_VPS];
extern const struct secure_program secure_kernel;
