// Secure intercepts: VTL1 asks to hear of something, VTL0 does it, VTL1 answers (TLFS, "Secure Intercepts").
#pragma once

#include <stdbool.h>
#include <stdint.h>

// How VTL1 answers an intercept.
enum intercept_answer {
  ANSWER_SKIP,  // RIP goes on by the instruction length of the message
  ANSWER_FAULT, // #GP(0), by PendingEvent0
  ANSWER_ALLOW, // the register of `intercept_allow` takes its value in VTL1, then the instruction runs again
  ANSWER_GIVE,  // the register of `intercept_allow` takes its value in VTL0, and RIP stays
  ANSWER_GRANT, // VTL0 may do everything with the page, and the instruction runs again
};

// What came last. `count` grows by one with each message.
struct intercepted {
  volatile uint32_t count;
  _Alignas(8) uint8_t message[256]; // HV_MESSAGE: the payload begins at 16
};
extern struct intercepted intercepted;

// Enables VTL1 with a SynIC on the boot processor, which is the only one that runs.
void intercepts_enable(void);
// The same with flags of HvCallEnablePartitionVtl.
void intercepts_enable_with(uint8_t flags);
void intercept_set_answer(enum intercept_answer answer);
// What ANSWER_ALLOW sets, a register of VTL1, and ANSWER_GIVE, one of VTL0.
void intercept_allow(uint32_t name, uint64_t value);
// HvCallSetVpRegisters and HvCallGetVpRegisters from VTL1; `input_vtl` as HV_INPUT_VTL.
uint16_t intercept_set_register(uint8_t input_vtl, uint32_t name, uint64_t value);
uint64_t intercept_get_register(uint8_t input_vtl, uint32_t name);
// What VTL0 may do with the page at an address: HV_MAP_GPA_FLAGS; the status.
uint16_t intercept_protect(uint64_t address, uint32_t flags);
// A hypercall from VTL1, its input in memory; the status. What it answers is in VTL1's `hypercall_output`.
uint16_t intercept_hypercall(uint64_t control, const void *input);

// A field of a message: `size` bytes, at most 8, little-endian.
struct message_field {
  uint32_t offset;
  uint32_t size;
  uint64_t value;
};
// Whether exactly one message came since `before`, with these fields and zeros everywhere else.
void expect_message(const char *name, uint32_t before, const struct message_field *fields, uint32_t count);
#define EXPECT_MESSAGE(name, before, ...)                                       \
  do {                                                                          \
    const struct message_field fields[] = {__VA_ARGS__};                        \
    expect_message(name, before, fields, sizeof fields / sizeof fields[0]);     \
  } while (0)

// The header of every intercept message (HV_X64_INTERCEPT_MESSAGE_HEADER) of an instruction of the boot processor, in
// 64-bit mode at privilege level 0 in VTL0 with CR8 = 0 and RFLAGS = 2: VP index 0; length; access type; execution state
// 14h: CR0.PE and EFER.LMA; CS flat, selector 8, attributes A09Bh; RIP; RFLAGS.
#define MESSAGE_HEADER(type, payload_size, length, access, at) \
  MESSAGE_HEADER_WITH(type, payload_size, length, access, at, 2)
#define MESSAGE_HEADER_WITH(type, payload_size, length, access, at, rflags)                               \
  {0x00, 4, type}, {0x04, 1, payload_size}, {0x14, 1, length}, {0x15, 1, access}, {0x16, 2, 0x14},        \
    {0x20, 8, 0xA09B0008FFFFFFFF}, {0x28, 8, (uint64_t)(at)}, {0x30, 8, rflags}
enum { ACCESS_READ = 0, ACCESS_WRITE = 1, ACCESS_EXECUTE = 2 };

// Before the instruction at a label: RFLAGS = 2. The label is `at_NAME`.
#define PROVOKE(name, instruction) "pushq $2\n\tpopfq\n\t.globl at_" #name "\nat_" #name ": " instruction "\n"
