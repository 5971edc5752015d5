// The way into every interrupt and exception handler, and the way back.

#include "registers.inc"

.text

// 256 stubs of 16 bytes. Each pushes an error code where the processor does not, and its vector.
.globl interrupt_stubs
.align 16
interrupt_stubs:
.set vector, 0
.rept 256
  .align 16
  .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
  pushq $0
  .endif
  pushq $vector
  jmp interrupt_entry
  .set vector, vector + 1
.endr

.align 16
interrupt_entry:
  PUSH_REGISTERS
  cld
  movq %rsp, %rdi
  call interrupt
  POP_REGISTERS
  addq $16, %rsp // vector, error code
  iretq

// void guarded_call(void (*function)(uint64_t), uint64_t argument, struct recovery *recovery) An exception in
// `function` continues at guarded_return, on the stack that is saved in `recovery`.
.globl guarded_call
.globl guarded_return
guarded_call:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdx)
  movq %rdi, %rax
  movq %rsi, %rdi
  call *%rax
guarded_return:
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
