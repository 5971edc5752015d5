#include "guest.h"

struct context contexts[VTLS][MAX_VPS];
_Alignas(16) uint8_t stacks[VTLS][MAX_VPS][STACK_SIZE];
_Alignas(16) uint8_t fault_stacks[VTLS][MAX_VPS][STACK_SIZE];

void load_gdt(const struct table_register *table);

void context_prepare(uint32_t vp, uint32_t vtl) {
  struct context *context = &contexts[vtl][vp];
  context->self = context;
  context->vp = vp;
  context->vtl = vtl;
  context->tss.ist[0] = (uint64_t)fault_stacks[vtl][vp] + STACK_SIZE;
  context->tss.io_map = sizeof context->tss;

  uint64_t base = (uint64_t)&context->tss;
  context->gdt[SELECTOR_CODE / 8] = 0x00AF9B000000FFFF;
  context->gdt[SELECTOR_DATA / 8] = 0x00CF93000000FFFF;
  context->gdt[SELECTOR_TSS / 8] =
    (sizeof context->tss - 1) | (base & 0xFFFFFF) << 16 | 0x89ull << 40 | (base >> 24 & 0xFF) << 56;
  context->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void context_load(struct context *context) {
  struct table_register table = {sizeof context->gdt - 1, (uint64_t)context->gdt};
  load_gdt(&table);
  wrmsr(MSR_GS_BASE, (uint64_t)context);
  __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
  __asm__ volatile("lidt %0" : : "m"(idt_register));
}
