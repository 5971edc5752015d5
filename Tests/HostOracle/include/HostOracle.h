#ifndef HOST_ORACLE_H
#define HOST_ORACLE_H

#include <stdint.h>

/// The registers a snippet starts and ends with, in encoding order.
struct oracle_state {
  uint64_t registers[16];
  uint64_t flags;
  uint64_t vectors[32];
  /// Bits 255:128 of the vector registers, where the host has AVX.
  uint64_t uppers[32];
};

/// Linear addresses of the snippet's data page and of the page its stack is in: the same on host and guest.
#define ORACLE_DATA 0x20000000ull
#define ORACLE_STACK 0x20010000ull
#define ORACLE_PAGE 4096

/// What a host may lack.
#define ORACLE_AVX 0
#define ORACLE_AVX2 1
#define ORACLE_SSE42 2
#define ORACLE_BMI 3
int oracle_supports(int feature);

/// Runs machine code on the host's processor, as 64-bit or as 32-bit code. The data page is copied in from and out to
/// `data`. Returns 0, the number of the signal it died of, or -1 where that cannot be done.
int oracle_run(int bits, const uint8_t *code, unsigned length, struct oracle_state *state, uint8_t *data);

#endif
