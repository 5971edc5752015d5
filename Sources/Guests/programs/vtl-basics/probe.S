// What C cannot do: a VTL call with a known value in every register, and the registers C does not use.

#include "registers.inc"

.text

// void probe(struct registers *registers): makes a VTL call with these registers (RCX has to be 0), and
// stores what they are after it.
.globl probe
probe:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  pushq %rdi
  movq 0(%rdi), %rax
  movq 8(%rdi), %rcx
  movq 16(%rdi), %rdx
  movq 24(%rdi), %rbx
  movq 32(%rdi), %rbp
  movq 40(%rdi), %rsi
  movq 56(%rdi), %r8
  movq 64(%rdi), %r9
  movq 72(%rdi), %r10
  movq 80(%rdi), %r11
  movq 88(%rdi), %r12
  movq 96(%rdi), %r13
  movq 104(%rdi), %r14
  movq 112(%rdi), %r15
  movq 48(%rdi), %rdi
  call *vtl_call_stub
  PUSH_REGISTERS
  movq %rsp, %rsi
  movq 120(%rsp), %rdi
  movl $15, %ecx
  rep movsq
  addq $128, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret

.globl read_xmm10
read_xmm10:
  movq %xmm10, %rax
  ret

.globl write_xmm10
write_xmm10:
  movq %rdi, %xmm10
  ret

// void raw_vtl_switch(uint64_t rcx, uint64_t rax): VMCALL as the stubs do it, with any control word and
// input.
.globl raw_vtl_switch
.globl at_raw_vmcall
raw_vtl_switch:
  movq %rdi, %rcx
  movq %rsi, %rax
at_raw_vmcall:
  vmcall
  ret
