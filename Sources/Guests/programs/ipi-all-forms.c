// Every way to address an IPI, in xAPIC flat, xAPIC cluster and x2APIC mode: after each, every processor's
// count of the vector has to be exact. For 2 to 8 processors.
#include "guest.h"

enum { VECTOR = 0x61, ABSENT = 0x77, NEW_ID = 0x21, ESR_SEND_ILLEGAL = 1 << 5 };

// How long an IPI may take, in TSC ticks: settle=N on the command line, for machines that are not this fast.
static uint64_t settle;

static const char *apic_mode;

// Work for the other processors, which poll for it: what is being tested must not be needed to hand it out.
static void (*volatile job)(void);
static volatile uint32_t job_number;
static volatile uint32_t jobs_done;

static void run(void) {
  uint32_t seen = 0;
  enable_interrupts();
  for (;;) {
    if (job_number == seen) {
      cpu_pause();
      continue;
    }
    seen = job_number;
    job();
    __atomic_add_fetch(&jobs_done, 1, __ATOMIC_ACQ_REL);
  }
}

static void run_everywhere(void (*function)(void)) {
  job = function;
  jobs_done = 0;
  job_number++;
  function();
  while (jobs_done < processor_count() - 1) cpu_pause();
}

static uint32_t all(void) { return (1u << processor_count()) - 1; }

// Sends an interrupt and says who took it: a bit for each processor that took exactly one.
static uint32_t takers(const char *form, uint32_t destination, uint32_t command) {
  bool is_nmi = (command & 7 << 8) == ICR_NMI;
  uint8_t vector = is_nmi ? VECTOR_NMI : VECTOR;
  uint64_t before[8];
  uint32_t mask = 0;
  for (uint32_t vp = 0; vp < processor_count(); vp++) before[vp] = contexts[0][vp].counts[vector];
  apic_send(destination, command | ICR_ASSERT | (is_nmi ? 0 : VECTOR));
  spin_for(settle);
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    uint64_t taken = contexts[0][vp].counts[vector] - before[vp];
    CHECK(taken <= 1, "%s, %s to %x: processor %u took %lu", apic_mode, form, destination, vp, taken);
    mask |= (taken != 0) << vp;
  }
  return mask;
}

static void expect(const char *form, uint32_t destination, uint32_t command, uint32_t expected) {
  uint32_t mask = takers(form, destination, command);
  CHECK(mask == expected, "%s, %s to %x: taken by %x, expected %x", apic_mode, form, destination, mask,
        expected);
}

// One of the candidates, no matter which.
static void expect_one(const char *form, uint32_t destination, uint32_t command, uint32_t candidates) {
  uint32_t mask = takers(form, destination, command);
  CHECK(mask && (mask & (mask - 1)) == 0 && (mask & candidates), "%s, %s to %x: taken by %x, candidates %x",
        apic_mode, form, destination, mask, candidates);
}

static void test_physical(uint32_t broadcast) {
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    expect("physical", vp, ICR_FIXED, 1u << vp);
    expect("physical NMI", vp, ICR_NMI, 1u << vp);
  }
  expect("physical", ABSENT, ICR_FIXED, 0);
  expect("physical broadcast", broadcast, ICR_FIXED, all());
}

static void test_shorthands(void) {
  expect("self", ABSENT, ICR_SELF, 1);
  expect("all", ABSENT, ICR_ALL, all());
  expect("all but self", ABSENT, ICR_ALL_BUT_SELF, all() & ~1u);
  expect("all but self, NMI", ABSENT, ICR_ALL_BUT_SELF | ICR_NMI, all() & ~1u);
}

// Logical destinations of one cluster whose first member is `first`; flat mode and x2APIC cluster 0 have all
// in one.
static void test_logical(uint32_t cluster, uint32_t first, uint32_t members) {
  for (uint32_t mask = 1; mask < 1u << members; mask++) {
    expect("logical", cluster | mask, ICR_LOGICAL, mask << first);
    expect_one("lowest priority", cluster | mask, ICR_LOGICAL | ICR_LOWEST, mask << first);
  }
}

static void test_own(void) {
  uint64_t before = this_context()->counts[VECTOR];
  disable_interrupts();
  apic_send(0, ICR_SELF | VECTOR);
  apic_send(0, ICR_SELF | VECTOR);
  CHECK(apic_bit(APIC_IRR, VECTOR), "not pending");
  enable_interrupts();
  spin_for(settle);
  CHECK(this_context()->counts[VECTOR] == before + 1, "%s: two of a vector make %lu", apic_mode,
        this_context()->counts[VECTOR] - before);

  // A vector below 16 is illegal: noted in ESR by the write that latches it, and sent nowhere.
  apic_write(APIC_ESR, 0);
  apic_send(0, ICR_SELF | 5);
  apic_write(APIC_ESR, 0);
  CHECK(apic_read(APIC_ESR) & ESR_SEND_ILLEGAL, "%s: ESR %x", apic_mode, apic_read(APIC_ESR));
  CHECK(this_context()->counts[5] == 0, "%s: vector 5 was delivered", apic_mode);
}

static uint8_t order[3];
static volatile uint32_t taken;

static void note_order(struct frame *frame) { order[taken++ % 3] = (uint8_t)frame->vector; }

static void test_order(void) {
  static const uint8_t vectors[] = {0x52, 0x92, 0x72};
  taken = 0;
  for (int i = 0; i < 3; i++) set_handler(0, vectors[i], note_order);
  disable_interrupts();
  for (int i = 0; i < 3; i++) apic_send(0, ICR_SELF | vectors[i]);
  enable_interrupts();
  spin_for(settle);
  CHECK(taken == 3 && order[0] == 0x92 && order[1] == 0x72 && order[2] == 0x52, "%s: %u taken: %x %x %x",
        apic_mode, taken, (uint32_t)order[0], (uint32_t)order[1], (uint32_t)order[2]);
}

static void rename_second(void) {
  if (this_context()->vp == 1) apic_write(APIC_ID, NEW_ID << 24);
}

static void restore_second(void) {
  if (this_context()->vp == 1) apic_write(APIC_ID, 1 << 24);
}

// An xAPIC ID can be written, and then the APIC answers to the new one alone.
static void test_new_id(void) {
  run_everywhere(rename_second);
  expect("physical, new ID", NEW_ID, ICR_FIXED, 1 << 1);
  expect("physical, old ID", 1, ICR_FIXED, 0);
  run_everywhere(restore_second);
  expect("physical, old ID restored", 1, ICR_FIXED, 1 << 1);
}

static void use_clusters(void) {
  uint32_t vp = this_context()->vp;
  apic_write(APIC_DFR, DFR_CLUSTER);
  apic_write(APIC_LDR, (vp / 2 << 4 | 1u << vp % 2) << 24);
}

static void test_xapic(void) {
  uint32_t count = processor_count();
  apic_mode = "xAPIC flat";
  test_physical(0xFF);
  test_shorthands();
  test_logical(0, 0, count);
  expect("logical broadcast", 0xFF, ICR_LOGICAL, all());
  test_own();
  test_order();
  if (!(boot_info.flags & BOOT_INFO_RFC_2023)) test_new_id();

  apic_mode = "xAPIC cluster";
  run_everywhere(use_clusters);
  for (uint32_t vp = 0; vp < count; vp += 2) test_logical(vp / 2 << 4, vp, count - vp > 1 ? 2 : 1);
  expect("logical, no such cluster", 0xE1, ICR_LOGICAL, 0);
  expect("logical broadcast", 0xFF, ICR_LOGICAL, all());
}

static void test_x2apic(void) {
  apic_mode = "x2APIC";
  run_everywhere(apic_enter_x2apic);
  CHECK(apic_id() == 0, "ID %x", apic_id());
  test_physical(0xFFFFFFFF);
  test_shorthands();
  test_logical(0, 0, processor_count());
  expect("logical, no such cluster", 1 << 16 | 1, ICR_LOGICAL, 0);
  test_own();
  test_order();
  uint64_t before = this_context()->counts[VECTOR];
  apic_write(APIC_SELF_IPI, VECTOR);
  spin_for(settle);
  CHECK(this_context()->counts[VECTOR] == before + 1, "SELF IPI: %lu",
        this_context()->counts[VECTOR] - before);
}

void guest_main(void) {
  if (processor_count() < 2 || processor_count() > 8) panic("this needs 2 to 8 processors");
  settle = command_line_number("settle", 50000);
  processors_start(run);
  enable_interrupts();
  test_xapic();
  test_x2apic();
  run_everywhere(apic_leave_x2apic);
  apic_mode = "xAPIC again";
  test_physical(0xFF);
  test_logical(0, 0, processor_count());
  finish("ipi-all-forms");
}
