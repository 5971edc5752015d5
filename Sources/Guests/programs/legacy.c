// What a PC had before the IOAPIC: the 8259s through the virtual wire, their spurious interrupt, the 8254, and the
// two ways of its ticks (8259A and 8254 data sheets; SDM Vol. 3A, 12.1 and 12.5.1).
#include "guest.h"

enum { VECTOR_IRQ0 = 0x30, VECTOR_PIN = 0x61, VECTOR_LINT = 0x72, LINE_A = 5, LINE_B = 11 };
enum { PERIOD = 2386 }; // pulses: 2 ms, and 36 ns less

static volatile uint32_t taken, by_pin, by_lint, nmis;
static volatile uint32_t lower_at; // how many interrupts line A lasts; 0 where it is lowered by others
static volatile uint8_t last_vector;
static uint64_t times[1100];

static void take(struct frame *frame) {
  uint8_t irq = (uint8_t)(frame->vector - VECTOR_IRQ0);
  last_vector = (uint8_t)frame->vector;
  if (taken < 1100) times[taken] = rdtsc();
  taken++;
  leave_in_service(); // the local APIC has nothing to do with it
  if (taken == lower_at) set_line(LINE_A, false);
  if (irq == PIC_SPURIOUS && !(pic_read(PIC_MASTER, PIC_READ_ISR) & 1 << PIC_SPURIOUS)) return;
  if (irq >= 8) outb(PIC_SLAVE, PIC_EOI);
  outb(PIC_MASTER, PIC_EOI);
}

static void take_pin(struct frame *frame) {
  (void)frame;
  if (by_pin < 1100) times[by_pin] = rdtsc();
  by_pin++;
}

static void take_lint(struct frame *frame) {
  (void)frame;
  if (++by_lint == 3) set_line(LINE_A, false);
}

static void take_nmi(struct frame *frame) {
  (void)frame;
  nmis++;
}

static void begin(uint16_t irqs) {
  disable_interrupts();
  pic_initialize(VECTOR_IRQ0);
  pic_open(irqs);
  taken = by_pin = by_lint = nmis = 0;
  last_vector = 0;
  enable_interrupts();
}

static void expect(const char *what, uint32_t count, uint8_t vector) {
  spin_for(1000);
  CHECK(taken == count, "%s: taken %u times, expected %u", what, taken, count);
  CHECK(!count || last_vector == vector, "%s: vector %x, expected %x", what, last_vector, vector);
}

static void pulse(uint8_t line) {
  set_line(line, true);
  set_line(line, false);
}

static void test_virtual_wire(void) {
  apic_write(APIC_LVT_LINT0, ICR_EXTERNAL);
  begin(1 << LINE_A | 1 << LINE_B);
  pulse(LINE_A);
  expect("IRQ 5", 1, VECTOR_IRQ0 + LINE_A);
  pulse(LINE_B);
  expect("IRQ 11, of the slave", 2, VECTOR_IRQ0 + LINE_B);
  pulse(6);
  expect("a masked IRQ", 2, VECTOR_IRQ0 + LINE_B);
  apic_write(APIC_TPR, 0xFF);
  pulse(LINE_A);
  expect("with TPR FFh", 3, VECTOR_IRQ0 + LINE_A);
  apic_write(APIC_TPR, 0);
  CHECK(!apic_bit(APIC_ISR, VECTOR_IRQ0 + LINE_A) && !apic_bit(APIC_IRR, VECTOR_IRQ0 + LINE_A),
        "the local APIC has a trace of it");
  // Two at once: the slave's input is above IRQ 5.
  disable_interrupts();
  set_line(LINE_A, true);
  set_line(LINE_B, true);
  CHECK(pic_read(PIC_MASTER, PIC_READ_IRR) == (1 << LINE_A | 1 << PIC_CASCADE), "IRR %x",
        pic_read(PIC_MASTER, PIC_READ_IRR));
  enable_interrupts();
  expect("two at once", 5, VECTOR_IRQ0 + LINE_A);
  set_line(LINE_A, false);
  set_line(LINE_B, false);
  apic_write(APIC_LVT_LINT0, LVT_MASKED | ICR_EXTERNAL);
  pulse(LINE_A);
  expect("LINT0 masked", 5, VECTOR_IRQ0 + LINE_A);
}

static void test_levels(void) {
  begin(1 << LINE_A);
  outb(PIC_LEVELS, 1 << LINE_A);
  apic_write(APIC_LVT_LINT0, ICR_EXTERNAL);
  lower_at = 3;
  set_line(LINE_A, true);
  expect("a level that lasts", 3, VECTOR_IRQ0 + LINE_A);
  lower_at = 0;
  outb(PIC_LEVELS, 0);
}

static void test_spurious(void) {
  // Through pin 0, which remembers that the output rose.
  apic_write(APIC_LVT_LINT0, LVT_MASKED);
  ioapic_route(0, 0, ICR_EXTERNAL);
  begin(1 << LINE_A);
  pulse(LINE_A);
  expect("a pulse through pin 0", 1, VECTOR_IRQ0 + LINE_A);
  disable_interrupts();
  pulse(LINE_A);
  enable_interrupts();
  expect("a pulse that is over", 2, VECTOR_IRQ0 + PIC_SPURIOUS);
  CHECK(pic_read(PIC_MASTER, PIC_READ_ISR) == 0, "ISR %x", pic_read(PIC_MASTER, PIC_READ_ISR));
  ioapic_mask(0, true);
}

static void test_lint_as_level(void) {
  begin(1 << LINE_A);
  apic_write(APIC_LVT_LINT0, ROUTE_LEVEL | VECTOR_LINT);
  set_line(LINE_A, true);
  spin_for(5000);
  CHECK(by_lint == 3, "LINT0 as a level: %u interrupts, expected 3", by_lint);
  CHECK(apic_read(APIC_LVT_LINT0) == (ROUTE_LEVEL | VECTOR_LINT), "LINT0 %x after its EOI", apic_read(APIC_LVT_LINT0));
  apic_write(APIC_LVT_LINT0, LVT_MASKED | ICR_EXTERNAL);
}

static void test_nmi(void) {
  begin(0);
  pulse(24); // the NMI line
  apic_write(APIC_LVT_LINT1, ICR_NMI);
  pulse(24);
  pulse(24);
  CHECK(nmis == 2, "LINT1: %u NMIs, expected 2", nmis);
  apic_write(APIC_LVT_LINT1, LVT_MASKED);
}

// Every tick within a pulse of where it has to be, counted from the first: nothing adds up.
static void expect_ticks(const char *what, uint32_t count) {
  CHECK(count >= 499 && count <= 501, "%s: %u ticks in a second", what, count);
  for (uint32_t i = 1; i < count; i++) {
    uint64_t due = (uint64_t)i * PERIOD * 1000000000 / PIT_FREQUENCY;
    uint64_t late = times[i] - times[0] + 2000 - due;
    CHECK(late > 1000 && late < 3000, "%s: tick %u is %ld ns off", what, i, (long)late - 2000);
  }
}

static void test_ticks(void) {
  begin(1 << 0);
  apic_write(APIC_LVT_LINT0, ICR_EXTERNAL);
  pit_start(PIT_RATE, PERIOD);
  taken = 0;
  for (uint64_t end = rdtsc() + 1000 * TICKS_PER_MILLISECOND; rdtsc() < end;) halt_with_interrupts();
  expect_ticks("IRQ 0", taken);

  begin(0);
  ioapic_route(2, 0, VECTOR_PIN);
  pit_start(PIT_SQUARE, PERIOD);
  by_pin = 0;
  for (uint64_t end = rdtsc() + 1000 * TICKS_PER_MILLISECOND; rdtsc() < end;) halt_with_interrupts();
  ioapic_mask(2, true);
  expect_ticks("pin 2", by_pin);
  CHECK(taken == 0, "a masked IRQ 0 was taken %u times", taken);
}

static void test_counters(void) {
  begin(0);
  pit_start(PIT_ONE_SHOT, 0);
  uint16_t before = pit_count();
  spin_for(10 * TICKS_PER_MILLISECOND);
  uint32_t passed = (uint16_t)(before - pit_count());
  CHECK(passed >= 11931 && passed <= 11935, "%u pulses in 10 ms", passed);
  // Counter 2 as firmware measures time by it: 10 ms, gate and output in port 61h.
  outb(PIT_GATE, 0);
  outb(PIT_CONTROL, 2 << 6 | PIT_BOTH_BYTES | PIT_ONE_SHOT);
  outb(PIT_COUNTER_2, 11932 & 0xFF);
  outb(PIT_COUNTER_2, 11932 >> 8);
  uint64_t start = rdtsc();
  outb(PIT_GATE, 1);
  while (!(inb(PIT_GATE) & 1 << 5)) cpu_pause();
  uint64_t ticks = rdtsc() - start;
  CHECK(ticks >= 10000000 - 2000 && ticks < 10000000 + 4000, "counter 2: 10 ms took %lu ns", ticks);
}

void guest_main(void) {
  for (int irq = 0; irq < 16; irq++) set_handler(0, (uint8_t)(VECTOR_IRQ0 + irq), take);
  set_handler(0, VECTOR_PIN, take_pin);
  set_handler(0, VECTOR_LINT, take_lint);
  set_handler(0, VECTOR_NMI, take_nmi);
  test_virtual_wire();
  test_levels();
  test_spurious();
  test_lint_as_level();
  test_nmi();
  test_counters();
  test_ticks();
  apic_enter_x2apic();
  test_virtual_wire();
  finish("legacy");
}
