// Virtual trust levels: VTL1 is set up from VTL0, called, and interrupted into (TLFS, "Virtual Secure Mode").
#pragma once

#include "interrupts.h"
#include <stdbool.h>
#include <stdint.h>

// The part of the VP assist page that VTL switches use.
struct assist_page {
  uint32_t apic_assist;
  uint32_t reserved;
  uint32_t entry_reason;
  uint8_t vina_asserted;
  uint8_t reserved2[3];
  uint64_t return_rax; // loaded by a VTL return that is not fast
  uint64_t return_rcx;
  uint8_t rest[4096 - 32];
};

enum entry_reason { ENTRY_NONE = 0, ENTRY_CALL = 1, ENTRY_INTERRUPT = 2 };

#define VINA_ENABLED (1 << 8)
#define VINA_AUTO_RESET (1 << 9)
#define VINA_AUTO_EOI (1 << 10)

extern struct assist_page assist_pages[MAX_VPS];

// How VTL1 hands back the processor.
enum vtl_return { RETURN_NORMAL = 0, RETURN_FAST = 1 };

// What a guest runs in VTL1.
struct secure_program {
  // On each processor at its first entry, with interrupts disabled; the VP assist page is already there.
  void (*start)(void);
  // For each VTL call: arguments and results are in VTL0's registers, which both VTLs share. RAX and RCX
  // reach VTL0 only by a normal return.
  enum vtl_return (*call)(struct registers *registers);
  uint64_t without; // processors on which VTL1 is not enabled, a bit each; not the boot processor
};

// Enables VTL1 for the partition and, from inside VTL1, on every processor. Call it on the boot processor in
// VTL0 when all processors run: an INIT cannot reach a processor whose VTL1 is enabled.
void vtl1_enable(const struct secure_program *program);
// Enters VTL1 for the first time on this processor. The boot processor has done it in `vtl1_enable`.
void vtl1_join(void);

// The steps of vtl1_enable before vtl1_join, for those who want to see each status.
void vtl1_prepare(const struct secure_program *program);
uint16_t enable_partition_vtl(uint64_t partition, uint8_t vtl);
uint16_t enable_vp_vtl(uint32_t vp, uint8_t vtl);
// Is the processor one that VTL1 is enabled on?
bool vtl1_planned(uint32_t vp);

// Starts a processor where INIT and SIPI do not: one with VTL1 enabled, which runs first, from its beginning.
// `processor_prepare` says what it finds in VTL0.
uint16_t start_virtual_processor(uint32_t vp);

// Lets VTL1, which is the caller, know by `vector` when VTL0 has an interrupt: once a stay.
uint16_t enable_vina(uint8_t vector);

// A VTL call: the service number in RDX, arguments in R8 and R9, results in R8 and, on a normal return, RAX
// and RCX.
struct vtl_call {
  uint64_t service, a, b;
  uint64_t rax, rcx;
};
void vtl_call(struct vtl_call *call);

// The addresses of the VTL call stub in VTL0's hypercall page and the VTL return stub in VTL1's.
extern uint64_t vtl_call_stub;
extern uint64_t vtl_return_stub;
