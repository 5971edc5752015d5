// The IOAPIC and its pins, through the test lines: edges and levels, masks, remote IRR, coalescing,
// destinations and delivery modes, and when exactly an interrupt is taken (82093AA data sheet, 3.2).
#include "guest.h"

enum { LINE_A = 13, LINE_B = 14, VECTOR_A = 0x61, VECTOR_B = 0x72, PROCESSORS = 4, NOBODY = 0x55 };

static struct taken {
  uint8_t vector;
  uint32_t vp;
  uint64_t rip;
} record[64];
static volatile uint32_t taken;
static void (*volatile hook)(void); // what the handlers do before EOI

static void take(struct frame *frame) {
  uint32_t place = __atomic_fetch_add(&taken, 1, __ATOMIC_ACQ_REL);
  if (place < 64) record[place] = (struct taken){(uint8_t)frame->vector, this_context()->vp, frame->rip};
  if (hook) hook();
}

static void begin(void (*in_handler)(void)) {
  taken = 0;
  hook = in_handler;
}

// Waits for other processors, and a little longer for what must not come.
static void expect(const char *what, uint32_t count) {
  uint64_t limit = rdtsc() + TICKS_PER_MILLISECOND;
  while (taken < count && rdtsc() < limit) cpu_pause();
  spin_for(20000);
  CHECK(taken == count, "%s: taken %u times, expected %u", what, taken, count);
}

static void lower_a(void) { set_line(LINE_A, false); }
static void lower_a_the_third_time(void) {
  if (taken == 3) lower_a();
}
static void mask_a(void) { ioapic_mask(LINE_A, true); }
static bool remote_irr(uint8_t pin) { return ioapic_entry(pin) & ROUTE_REMOTE_IRR; }

// Raises a line; the address of the next instruction.
static uint64_t raise(uint8_t pin) {
  uint64_t next;
  __asm__ volatile("outb %1, %2\n1: leaq 1b(%%rip), %0"
                   : "=r"(next)
                   : "a"((uint8_t)1), "d"((uint16_t)(0x2000 + pin))
                   : "memory");
  return next;
}

static void test_registers(void) {
  uint32_t version = ioapic_read(IOAPIC_VERSION);
  CHECK((version & 0xFF) == 0x11 || (version & 0xFF) == 0x20, "version %x", version);
  CHECK(version >> 16 == IOAPIC_PINS - 1, "version %x", version);
  ioapic_write(IOAPIC_VERSION, 0);
  CHECK(ioapic_read(IOAPIC_VERSION) == version, "version was written");

  ioapic_write(IOAPIC_ID, 0xFFFFFFFF);
  CHECK(ioapic_read(IOAPIC_ID) == 0x0F000000, "ID %x", ioapic_read(IOAPIC_ID));
  CHECK(ioapic_read(IOAPIC_ARBITRATION) == 0x0F000000, "arbitration %x", ioapic_read(IOAPIC_ARBITRATION));
  ioapic_write(IOAPIC_ID, 0);

  ioapic_write(IOAPIC_TABLE + 2 * LINE_A + 1, 0xFFFFFFFF);
  ioapic_write(IOAPIC_TABLE + 2 * LINE_A, 0xFFFFFFFF);
  CHECK(ioapic_read(IOAPIC_TABLE + 2 * LINE_A + 1) == 0xFF000000, "destination: reserved bits were written");
  CHECK(ioapic_entry(LINE_A) == 0x0001AFFF, "entry %x: read-only bits were written", ioapic_entry(LINE_A));
}

static void test_edge(void) {
  ioapic_route(LINE_A, 0, VECTOR_A);
  begin(0);
  uint64_t next = raise(LINE_A);
  expect("a rising edge", 1);
  CHECK(record[0].vector == VECTOR_A && record[0].rip == next, "vector %x at %lx, the edge was before %lx",
        (uint32_t)record[0].vector, record[0].rip, next);
  CHECK(!apic_bit(APIC_TMR, VECTOR_A), "TMR says level-triggered");
  CHECK(!remote_irr(LINE_A), "an edge sets remote IRR");
  set_line(LINE_A, true);
  expect("a line that was up already", 1);
  set_line(LINE_A, false);
  expect("a falling edge", 1);
  set_line(LINE_A, true);
  set_line(LINE_A, false);
  expect("a pulse", 2);
}

// At the same instruction boundary, the higher vector first.
static void test_two_edges(void) {
  ioapic_route(LINE_A, 0, VECTOR_A);
  ioapic_route(LINE_B, 0, VECTOR_B);
  begin(0);
  disable_interrupts();
  set_line(LINE_A, true);
  set_line(LINE_B, true);
  CHECK(taken == 0, "taken with IF clear");
  enable_interrupts();
  __asm__ volatile("nop");
  expect("two edges", 2);
  CHECK(record[0].vector == VECTOR_B && record[1].vector == VECTOR_A, "order %x %x",
        (uint32_t)record[0].vector, (uint32_t)record[1].vector);
  CHECK(record[0].rip == record[1].rip, "at %lx and %lx", record[0].rip, record[1].rip);
  set_line(LINE_A, false);
  set_line(LINE_B, false);
}

static void raise_b(void) {
  if (record[0].vector != VECTOR_A || taken > 1) return;
  set_line(LINE_B, true);
  CHECK(taken == 1, "a handler with IF clear was interrupted");
}

static void test_no_nesting(void) {
  begin(raise_b);
  set_line(LINE_A, true);
  expect("an edge in a handler", 2);
  CHECK(record[1].vector == VECTOR_B && record[1].rip == record[0].rip, "vector %x at %lx",
        (uint32_t)record[1].vector, record[1].rip);
  set_line(LINE_A, false);
  set_line(LINE_B, false);
}

static void test_level(void) {
  ioapic_route(LINE_A, 0, ROUTE_LEVEL | VECTOR_A);
  begin(lower_a);
  set_line(LINE_A, true);
  expect("a level", 1);
  CHECK(apic_bit(APIC_TMR, VECTOR_A), "TMR says edge-triggered");
  CHECK(!remote_irr(LINE_A), "remote IRR is set after EOI");

  begin(lower_a);
  set_line(LINE_A, true);
  set_line(LINE_A, true);
  expect("a level twice in a row", 2);

  begin(lower_a_the_third_time);
  disable_interrupts();
  set_line(LINE_A, true);
  CHECK(remote_irr(LINE_A), "remote IRR is clear before EOI");
  while (taken < 3) {
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
  expect("a level that stays", 3);
}

// Down and up again before the EOI: one interrupt. Down at the EOI: nothing more.
static void test_coalescing(void) {
  begin(lower_a);
  disable_interrupts();
  set_line(LINE_A, true);
  set_line(LINE_A, false);
  set_line(LINE_A, true);
  enable_interrupts();
  expect("a level that went down and came back before the EOI", 1);
  CHECK(!remote_irr(LINE_A), "remote IRR is set");
}

static void test_masks(void) {
  ioapic_route(LINE_A, 0, ROUTE_MASKED | VECTOR_A);
  begin(0);
  set_line(LINE_A, true);
  ioapic_mask(LINE_A, false);
  expect("an edge while masked", 0);
  set_line(LINE_A, false);
  set_line(LINE_A, true);
  expect("an edge after that", 1);
  set_line(LINE_A, false);

  ioapic_route(LINE_A, 0, ROUTE_LEVEL | ROUTE_MASKED | VECTOR_A);
  begin(lower_a);
  set_line(LINE_A, true);
  expect("a level while masked", 0);
  ioapic_mask(LINE_A, false);
  expect("a level unmasked", 1);

  begin(mask_a);
  set_line(LINE_A, true);
  expect("a level masked in its handler", 1);
  ioapic_mask(LINE_A, false);
  expect("the same level unmasked", 2);
  lower_a();
  ioapic_mask(LINE_A, false);
  expect("the line down, unmasked", 2);
}

// Writing an entry to be edge-triggered clears remote IRR, and so does only an EOI of its vector.
static void change_vector(void) { ioapic_route(LINE_A, 0, ROUTE_LEVEL | VECTOR_B); }

static void test_remote_irr(void) {
  ioapic_route(LINE_A, 0, ROUTE_LEVEL | VECTOR_A);
  begin(change_vector);
  set_line(LINE_A, true);
  expect("a level whose vector is changed in its handler", 1);
  CHECK(remote_irr(LINE_A), "an EOI of another vector clears remote IRR");
  begin(lower_a);
  ioapic_route(LINE_A, 0, VECTOR_B);
  CHECK(!remote_irr(LINE_A), "remote IRR survives the change to edges");
  expect("the line of an edge", 0);
  ioapic_route(LINE_A, 0, ROUTE_LEVEL | VECTOR_A);
  expect("the line of a level again", 1);

  ioapic_route(LINE_A, NOBODY, ROUTE_LEVEL | VECTOR_A);
  begin(0);
  set_line(LINE_A, true);
  expect("a destination nobody has", 0);
  CHECK(!remote_irr(LINE_A), "remote IRR is set, and nobody will write EOI");
  lower_a();
}

static void expect_processors(const char *what, uint32_t expected) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < taken && i < 64; i++) mask |= 1u << record[i].vp;
  CHECK(mask == expected, "%s: taken by processors %x, expected %x", what, mask, expected);
}

static void move_to_2(void) {
  CHECK(remote_irr(LINE_A), "remote IRR is clear in the handler");
  ioapic_route(LINE_A, 2, ROUTE_LEVEL | VECTOR_A);
  lower_a();
}

static void test_destinations(void) {
  ioapic_route(LINE_A, 1, VECTOR_A);
  begin(lower_a);
  set_line(LINE_A, true);
  expect("physical 1", 1);
  expect_processors("physical 1", 1 << 1);

  ioapic_route(LINE_A, 0xD, ICR_LOGICAL | VECTOR_A);
  begin(0);
  set_line(LINE_A, true);
  expect("logical d", 3);
  expect_processors("logical d", 0xD);
  lower_a();

  ioapic_route(LINE_A, 0xE, ICR_LOGICAL | ICR_LOWEST | VECTOR_A);
  begin(lower_a);
  set_line(LINE_A, true);
  expect("lowest priority of logical e", 1);

  ioapic_route(LINE_A, 0xFF, VECTOR_A);
  begin(0);
  set_line(LINE_A, true);
  expect("physical ff", PROCESSORS);
  expect_processors("physical ff", 0xF);
  lower_a();

  ioapic_route(LINE_A, 1, ROUTE_LEVEL | VECTOR_A);
  begin(move_to_2);
  set_line(LINE_A, true);
  expect("a level moved in its handler", 1);
  expect_processors("a level moved in its handler", 1 << 1);
  CHECK(!remote_irr(LINE_A), "the EOI of processor 1 does not free the pin");
  begin(lower_a);
  set_line(LINE_A, true);
  expect("the same level again", 1);
  expect_processors("the same level again", 1 << 2);
}

static void test_nmi(void) {
  uint64_t before = contexts[0][1].counts[VECTOR_NMI];
  ioapic_route(LINE_A, 1, ICR_NMI);
  begin(0);
  set_line(LINE_A, true);
  expect("an NMI", 0);
  CHECK(contexts[0][1].counts[VECTOR_NMI] == before + 1, "processor 1 took %lu NMIs",
        contexts[0][1].counts[VECTOR_NMI] - before);
  lower_a();
}

static void wait_for_interrupts(void) {
  apic_enter_x2apic();
  enable_interrupts();
  for (;;) idle();
}

void guest_main(void) {
  if (processor_count() != PROCESSORS) panic("this needs four processors");
  set_handler(0, VECTOR_A, take);
  set_handler(0, VECTOR_B, take);
  processors_start(wait_for_interrupts);
  apic_enter_x2apic();
  enable_interrupts();
  test_registers();
  test_edge();
  test_two_edges();
  test_no_nesting();
  test_level();
  test_coalescing();
  test_masks();
  test_remote_irr();
  test_destinations();
  test_nmi();
  finish("ioapic");
}
