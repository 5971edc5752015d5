// VTL1's outermost loop. One turn is one entry: by VTL call, by interrupt, or by an operator's hand.

#include "registers.inc"

.text

// The general registers belong to both VTLs: what is in them now is VTL0's, and must be there again when VTL1
// returns. The dispatcher may change those that carry results; it leaves the control input of the VTL return
// in RCX. RAX and RCX are overwritten by the return stub: VTL0 gets them back from the VP assist page, unless
// the return is fast.
.globl secure_entry
secure_entry:
  PUSH_REGISTERS
  movq %rsp, %rdi
  call secure_dispatch
  POP_REGISTERS
  call *vtl_return_stub
  jmp secure_entry

// void vtl_call(struct vtl_call *call)
.globl vtl_call
vtl_call:
  pushq %rbx
  movq %rdi, %rbx
  movq 0(%rbx), %rdx
  movq 8(%rbx), %r8
  movq 16(%rbx), %r9
  xorl %ecx, %ecx // control input: no bits are defined
  call *vtl_call_stub
  movq %rdx, 0(%rbx)
  movq %r8, 8(%rbx)
  movq %r9, 16(%rbx)
  movq %rax, 24(%rbx)
  movq %rcx, 32(%rbx)
  popq %rbx
  ret
