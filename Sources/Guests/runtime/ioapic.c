#include "guest.h"

enum { INDEX = 0x00, DATA = 0x10 };

static volatile uint32_t lock_word;

static volatile uint32_t *window(uint32_t offset) {
  return (volatile uint32_t *)(uint64_t)(IOAPIC_ADDRESS + offset);
}

// Nobody may set the index between another's two accesses.
static bool take(void) {
  bool enabled = save_interrupts();
  while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE)) cpu_pause();
  return enabled;
}

static void release(bool enabled) {
  __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
  restore_interrupts(enabled);
}

uint32_t ioapic_read(uint8_t index) {
  bool enabled = take();
  *window(INDEX) = index;
  uint32_t value = *window(DATA);
  release(enabled);
  return value;
}

void ioapic_write(uint8_t index, uint32_t value) {
  bool enabled = take();
  *window(INDEX) = index;
  *window(DATA) = value;
  release(enabled);
}

void ioapic_route(uint8_t pin, uint32_t destination, uint32_t entry) {
  ioapic_write((uint8_t)(IOAPIC_TABLE + 2 * pin + 1), destination << 24);
  ioapic_write((uint8_t)(IOAPIC_TABLE + 2 * pin), entry);
}

uint32_t ioapic_entry(uint8_t pin) { return ioapic_read((uint8_t)(IOAPIC_TABLE + 2 * pin)); }

void ioapic_mask(uint8_t pin, bool masked) {
  uint32_t entry = ioapic_entry(pin) & ~(uint32_t)ROUTE_MASKED;
  ioapic_write((uint8_t)(IOAPIC_TABLE + 2 * pin), entry | (masked ? ROUTE_MASKED : 0));
}
