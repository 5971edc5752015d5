// The first instructions of the boot processor, and those of every other processor.

#define TRAMPOLINE 0x8000
#define AT_TRAMPOLINE(symbol) (TRAMPOLINE + symbol - trampoline)
#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18

.text
.globl _start
_start:
  movq $boot_stack_top, %rsp
  xorl %ebp, %ebp
  cld
  call start_boot_processor
  ud2

// Loads a descriptor table and reloads every segment register from it; GS base is lost. RDI: the operand of
// LGDT.
.globl load_gdt
load_gdt:
  lgdt (%rdi)
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %fs
  movl %eax, %gs
  movl %eax, %ss
  popq %rax
  pushq $0x08
  pushq %rax
  lretq

// What a SIPI starts, copied to 8000h: real mode, protected mode, long mode. DS is 0 after INIT.
.globl trampoline
.globl trampoline_end
.code16
trampoline:
  cli
  movl %cr0, %eax
  orb $1, %al
  movl %eax, %cr0
  lgdtl AT_TRAMPOLINE(trampoline_gdtr)
  ljmpl $CODE32, $AT_TRAMPOLINE(trampoline32)

.code32
trampoline32:
  movl $DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  movl %cr4, %eax
  orl $0x20, %eax // PAE
  movl %eax, %cr4
  movl $page_map, %eax
  movl %eax, %cr3
  movl $0xC0000080, %ecx // EFER
  rdmsr
  orl $0x100, %eax // LME
  wrmsr
  movl %cr0, %eax
  orl $0x80010000, %eax // PG, WP
  movl %eax, %cr0
  ljmpl $CODE64, $start_application_processor

.align 8
trampoline_gdt:
  .quad 0
  .quad 0x00CF9B000000FFFF
  .quad 0x00CF93000000FFFF
  .quad 0x00AF9B000000FFFF
trampoline_gdtr:
  .word . - trampoline_gdt - 1
  .long AT_TRAMPOLINE(trampoline_gdt)
trampoline_end:

// One processor starts at a time, so `starting_context` is this one's.
.code64
.globl start_application_processor
start_application_processor:
  movq starting_stack, %rsp
  movq starting_context, %rdi
  xorl %ebp, %ebp
  cld
  call start_processor_context
  ud2

.bss
.align 16
.type boot_stack_top, @object
  .skip 8192
boot_stack_top:
