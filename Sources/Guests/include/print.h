// The serial port, the command line, and the ways a guest ends.
#pragma once

#include "boot_info.h"
#include <stdbool.h>

extern struct boot_info boot_info;

// %s %u %x %c, with `l` for 64 bits and a width for zero-padded %x. One call is one uninterrupted piece of
// output.
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);

// Ends the guest through the debug-exit port: the machine's exit status is (value << 1) | 1.
_Noreturn void guest_exit(uint32_t value);
// Says what cannot be, and ends the guest.
#define PANIC_EXIT 0x3F
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

// Is the word on the command line?
bool command_line_has(const char *word);
// The number after `name=` on the command line, or `otherwise`.
uint64_t command_line_number(const char *name, uint64_t otherwise);

// What self-checking guests count: a failure is printed where it is found.
extern volatile uint32_t failures;
#define CHECK(condition, ...)                                    \
  do {                                                           \
    if (!(condition)) {                                          \
      __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);        \
      print("FAIL %s:%u: %s: ", __func__, __LINE__, #condition); \
      print(__VA_ARGS__);                                        \
      print("\n");                                               \
    }                                                            \
  } while (0)
// Exits 0 when nothing failed, else 1.
_Noreturn void finish(const char *name);
