// The IDT, handlers, and exceptions that a test wants to catch.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The general registers in memory, as entry.S and vtl.S push them. RSP is not among them.
struct registers {
  uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
};

struct frame {
  struct registers registers;
  uint64_t vector;
  uint64_t error; // 0 where the vector has none
  uint64_t rip, cs, rflags, rsp, ss;
};

// A handler runs with interrupts disabled. The dispatcher writes EOI after it for vectors of the local APIC.
typedef void handler(struct frame *);

enum vector {
  VECTOR_DIVIDE = 0,
  VECTOR_NMI = 2,
  VECTOR_BREAKPOINT = 3,
  VECTOR_INVALID_OPCODE = 6,
  VECTOR_DOUBLE_FAULT = 8,
  VECTOR_SEGMENT_NOT_PRESENT = 11,
  VECTOR_GENERAL_PROTECTION = 13,
  VECTOR_PAGE_FAULT = 14,
  VECTOR_FIRST_EXTERNAL = 32,
  VECTOR_TIMER = 0xE0,
  VECTOR_SPURIOUS = 0xFF,
};

struct __attribute__((packed)) table_register {
  uint16_t limit;
  uint64_t base;
};

struct gate {
  uint16_t offset_low;
  uint16_t selector;
  uint8_t ist;
  uint8_t type; // 8Eh: present interrupt gate of privilege 0
  uint16_t offset_middle;
  uint32_t offset_high;
  uint32_t reserved;
};

// One IDT serves every processor and VTL; what differs by VTL is the handler.
extern struct gate idt[256];
extern const struct table_register idt_register;

void idt_build(void);
void set_handler(uint32_t vtl, uint8_t vector, handler *handler);
// A handler for what only has to arrive.
static inline void ignore_interrupt(struct frame *frame) { (void)frame; }
// In a handler: the dispatcher shall write no EOI after it.
void leave_in_service(void);

// What a caught exception was.
struct recovery {
  uint64_t rsp; // guarded_call's frame; entry.S knows this offset
  bool caught;
  uint8_t vector;
  uint64_t error;
  uint64_t rip;
  uint64_t address; // CR2
  uint64_t handler_stack;
};

// Calls `function(argument)` and comes back from the first exception in it.
struct recovery catch_exception(void (*function)(uint64_t), uint64_t argument);
