// Loads the registers, jumps to the snippet, and takes the registers back: nothing else may be touched.
#if defined(__x86_64__)
  .text
  .globl oracle_enter
oracle_enter:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  pushfq
  movq %rsp, host_rsp(%rip)
  stmxcsr host_mxcsr(%rip)
  fninit
  // A 32-bit snippet wants data segments that are not null.
  movl $0x2b, %eax
  movl %eax, %ds
  movl %eax, %es
  movdqu 136+oracle_registers(%rip), %xmm0
  movdqu 152+oracle_registers(%rip), %xmm1
  movdqu 168+oracle_registers(%rip), %xmm2
  movdqu 184+oracle_registers(%rip), %xmm3
  movdqu 200+oracle_registers(%rip), %xmm4
  movdqu 216+oracle_registers(%rip), %xmm5
  movdqu 232+oracle_registers(%rip), %xmm6
  movdqu 248+oracle_registers(%rip), %xmm7
  movdqu 264+oracle_registers(%rip), %xmm8
  movdqu 280+oracle_registers(%rip), %xmm9
  movdqu 296+oracle_registers(%rip), %xmm10
  movdqu 312+oracle_registers(%rip), %xmm11
  movdqu 328+oracle_registers(%rip), %xmm12
  movdqu 344+oracle_registers(%rip), %xmm13
  movdqu 360+oracle_registers(%rip), %xmm14
  movdqu 376+oracle_registers(%rip), %xmm15
  cmpl $0, oracle_has_avx(%rip)
  je 1f
  vinsertf128 $1, 392+oracle_registers(%rip), %ymm0, %ymm0
  vinsertf128 $1, 408+oracle_registers(%rip), %ymm1, %ymm1
  vinsertf128 $1, 424+oracle_registers(%rip), %ymm2, %ymm2
  vinsertf128 $1, 440+oracle_registers(%rip), %ymm3, %ymm3
  vinsertf128 $1, 456+oracle_registers(%rip), %ymm4, %ymm4
  vinsertf128 $1, 472+oracle_registers(%rip), %ymm5, %ymm5
  vinsertf128 $1, 488+oracle_registers(%rip), %ymm6, %ymm6
  vinsertf128 $1, 504+oracle_registers(%rip), %ymm7, %ymm7
  vinsertf128 $1, 520+oracle_registers(%rip), %ymm8, %ymm8
  vinsertf128 $1, 536+oracle_registers(%rip), %ymm9, %ymm9
  vinsertf128 $1, 552+oracle_registers(%rip), %ymm10, %ymm10
  vinsertf128 $1, 568+oracle_registers(%rip), %ymm11, %ymm11
  vinsertf128 $1, 584+oracle_registers(%rip), %ymm12, %ymm12
  vinsertf128 $1, 600+oracle_registers(%rip), %ymm13, %ymm13
  vinsertf128 $1, 616+oracle_registers(%rip), %ymm14, %ymm14
  vinsertf128 $1, 632+oracle_registers(%rip), %ymm15, %ymm15
1:
  pushq 128+oracle_registers(%rip)
  popfq
  movq 0+oracle_registers(%rip), %rax
  movq 8+oracle_registers(%rip), %rcx
  movq 16+oracle_registers(%rip), %rdx
  movq 24+oracle_registers(%rip), %rbx
  movq 40+oracle_registers(%rip), %rbp
  movq 48+oracle_registers(%rip), %rsi
  movq 56+oracle_registers(%rip), %rdi
  movq 64+oracle_registers(%rip), %r8
  movq 72+oracle_registers(%rip), %r9
  movq 80+oracle_registers(%rip), %r10
  movq 88+oracle_registers(%rip), %r11
  movq 96+oracle_registers(%rip), %r12
  movq 104+oracle_registers(%rip), %r13
  movq 112+oracle_registers(%rip), %r14
  movq 120+oracle_registers(%rip), %r15
  movq 32+oracle_registers(%rip), %rsp
  // Offset and selector: 0x33 for 64-bit code, 0x23 for 32-bit code.
  ljmpl *oracle_target(%rip)
  .globl oracle_exit
oracle_exit:
  movq %rax, 0+oracle_registers(%rip)
  movq %rcx, 8+oracle_registers(%rip)
  movq %rdx, 16+oracle_registers(%rip)
  movq %rbx, 24+oracle_registers(%rip)
  movq %rsp, 32+oracle_registers(%rip)
  movq %rbp, 40+oracle_registers(%rip)
  movq %rsi, 48+oracle_registers(%rip)
  movq %rdi, 56+oracle_registers(%rip)
  movq %r8, 64+oracle_registers(%rip)
  movq %r9, 72+oracle_registers(%rip)
  movq %r10, 80+oracle_registers(%rip)
  movq %r11, 88+oracle_registers(%rip)
  movq %r12, 96+oracle_registers(%rip)
  movq %r13, 104+oracle_registers(%rip)
  movq %r14, 112+oracle_registers(%rip)
  movq %r15, 120+oracle_registers(%rip)
  movq host_rsp(%rip), %rsp
  pushfq
  popq 128+oracle_registers(%rip)
  movdqu %xmm0, 136+oracle_registers(%rip)
  movdqu %xmm1, 152+oracle_registers(%rip)
  movdqu %xmm2, 168+oracle_registers(%rip)
  movdqu %xmm3, 184+oracle_registers(%rip)
  movdqu %xmm4, 200+oracle_registers(%rip)
  movdqu %xmm5, 216+oracle_registers(%rip)
  movdqu %xmm6, 232+oracle_registers(%rip)
  movdqu %xmm7, 248+oracle_registers(%rip)
  movdqu %xmm8, 264+oracle_registers(%rip)
  movdqu %xmm9, 280+oracle_registers(%rip)
  movdqu %xmm10, 296+oracle_registers(%rip)
  movdqu %xmm11, 312+oracle_registers(%rip)
  movdqu %xmm12, 328+oracle_registers(%rip)
  movdqu %xmm13, 344+oracle_registers(%rip)
  movdqu %xmm14, 360+oracle_registers(%rip)
  movdqu %xmm15, 376+oracle_registers(%rip)
  cmpl $0, oracle_has_avx(%rip)
  je 1f
  vextractf128 $1, %ymm0, 392+oracle_registers(%rip)
  vextractf128 $1, %ymm1, 408+oracle_registers(%rip)
  vextractf128 $1, %ymm2, 424+oracle_registers(%rip)
  vextractf128 $1, %ymm3, 440+oracle_registers(%rip)
  vextractf128 $1, %ymm4, 456+oracle_registers(%rip)
  vextractf128 $1, %ymm5, 472+oracle_registers(%rip)
  vextractf128 $1, %ymm6, 488+oracle_registers(%rip)
  vextractf128 $1, %ymm7, 504+oracle_registers(%rip)
  vextractf128 $1, %ymm8, 520+oracle_registers(%rip)
  vextractf128 $1, %ymm9, 536+oracle_registers(%rip)
  vextractf128 $1, %ymm10, 552+oracle_registers(%rip)
  vextractf128 $1, %ymm11, 568+oracle_registers(%rip)
  vextractf128 $1, %ymm12, 584+oracle_registers(%rip)
  vextractf128 $1, %ymm13, 600+oracle_registers(%rip)
  vextractf128 $1, %ymm14, 616+oracle_registers(%rip)
  vextractf128 $1, %ymm15, 632+oracle_registers(%rip)
  vzeroupper
1:
  fninit
  ldmxcsr host_mxcsr(%rip)
  popfq
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret
  .data
  .balign 8
host_rsp:
  .quad 0
host_mxcsr:
  .long 0
  .section .note.GNU-stack,"",@progbits
#endif
