#include "guest.h"

void apic_enable(void) {
  wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
  struct context *context = this_context();
  context->x2apic = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
  apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
  apic_write(APIC_TPR, 0);
  if (!context->x2apic && context->vp < 8) {
    apic_write(APIC_DFR, DFR_FLAT);
    apic_write(APIC_LDR, 1u << (24 + context->vp));
  }
}

void apic_enter_x2apic(void) {
  wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
  this_context()->x2apic = true;
}

void apic_leave_x2apic(void) {
  uint64_t base = rdmsr(MSR_APIC_BASE) & ~(uint64_t)(APIC_BASE_ENABLE | APIC_BASE_X2APIC);
  wrmsr(MSR_APIC_BASE, base);
  wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
  this_context()->x2apic = false;
  apic_enable();
}

void apic_send(uint32_t destination, uint32_t command) {
  if (this_context()->x2apic) {
    wrmsr(0x800 + APIC_ICR / 16, (uint64_t)destination << 32 | command);
    return;
  }
  // The command is two registers: nobody else may send between the writes.
  bool enabled = save_interrupts();
  while (apic_read(APIC_ICR) & ICR_BUSY) cpu_pause();
  apic_write(APIC_ICR2, destination << 24);
  apic_write(APIC_ICR, command);
  restore_interrupts(enabled);
}

uint32_t apic_id(void) {
  uint32_t id = apic_read(APIC_ID);
  return this_context()->x2apic ? id : id >> 24;
}

void apic_timer(uint32_t mode, uint8_t vector, uint64_t count) {
  apic_write(APIC_LVT_TIMER, mode | vector);
  if (mode == LVT_DEADLINE) {
    wrmsr(MSR_TSC_DEADLINE, count);
  } else {
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_1);
    apic_write(APIC_TIMER_INITIAL, (uint32_t)count);
  }
}

void apic_timer_stop(void) {
  apic_write(APIC_LVT_TIMER, LVT_MASKED);
  apic_write(APIC_TIMER_INITIAL, 0);
}
