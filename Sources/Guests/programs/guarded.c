// VTL1 of the boot processor guards memory and a register of VTL0, which tries again and again: each time an intercept
// takes the processor to VTL1, which lets VTL0 go on behind the instruction. Both VTLs have messages of synthetic timers,
// and every processor a timer that raises its vector directly. Command line: exit=N ends it after N seconds, with 1 if
// something was not as it should be.
#include "guest.h"

enum { MAY_READ = 1, MAY_WRITE = 2, MAY_EXECUTE = 12, MAY_ALL = 15 };
enum { VECTOR_MESSAGE = 0x73, VECTOR_SECURE_MESSAGE = 0x62, VECTOR_DIRECT = 0x74 };
enum { SINT = 3, SECURE_SINT = 2 };
// STIMERn_CONFIG: enabled, periodic; SINT 19:16; or direct mode 12 with the vector in 11:4.
enum { STIMER_PERIODIC = 3, STIMER_DIRECT = 1 << 12 };
enum { MSR_STIMER0_CONFIG = 0x400000B0, MSR_STIMER0_COUNT, MSR_STIMER1_CONFIG, MSR_STIMER1_COUNT };
enum { REGISTER_SINT2 = 0xA0002, REGISTER_STIMER0_CONFIG = 0xB0000, REGISTER_STIMER0_COUNT };
enum { LSTAR_WRITES = 1 << 6, MSR_LSTAR = 0xC0000082, LSTAR_AT_FIRST = 0x1000 };
enum { PER_MILLISECOND = 10000 }; // 100 ns

_Alignas(4096) static volatile uint64_t readable[512], hidden[8][512], program[4][512];
_Alignas(4096) static struct synic_message messages[16];
static volatile uint64_t taken, secure_taken, directs;
static uint64_t denied_writes, denied_reads, denied_registers, errors;

#define EXPECT(condition, ...) \
  do {                         \
    if (!(condition)) {        \
      errors++;                \
      print(__VA_ARGS__);      \
    }                          \
  } while (0)

static void empty_slot(struct synic_message *slot) {
  bool is_pending = slot->flags & 1;
  slot->type = 0;
  if (is_pending) wrmsr(MSR_EOM, 0);
}

static void take_message(struct frame *frame) {
  (void)frame;
  taken++;
  empty_slot(&messages[SINT]);
}

static void take_secure_message(struct frame *frame) {
  (void)frame;
  secure_taken++;
  empty_slot((struct synic_message *)(rdmsr(MSR_SIMP) & ~0xFFFull) + SECURE_SINT);
}

static void take_direct(struct frame *frame) { (void)frame, __atomic_add_fetch(&directs, 1, __ATOMIC_RELAXED); }

static void start_direct(uint64_t milliseconds) {
  wrmsr(MSR_SCONTROL, 1);
  wrmsr(MSR_STIMER1_COUNT, milliseconds * PER_MILLISECOND);
  wrmsr(MSR_STIMER1_CONFIG, STIMER_PERIODIC | STIMER_DIRECT | VECTOR_DIRECT << 4);
}

static void run_other(void) {
  start_direct(2 + this_context()->vp);
  enable_interrupts();
  for (;;) idle();
}

static void set_own(uint32_t name, uint64_t value) {
  uint16_t status = intercept_set_register(0, name, value);
  EXPECT(status == 0, "register %x of VTL1: status %x\n", name, (uint32_t)status);
}

static void protect(volatile void *address, uint32_t pages, uint32_t flags) {
  for (uint32_t i = 0; i < pages; i++) {
    uint16_t status = intercept_protect((uint64_t)address + 4096 * i, flags);
    EXPECT(status == 0, "protecting %lx: status %x\n", (uint64_t)address, (uint32_t)status);
  }
}

// Protection on, all of memory free at first.
static void set_guard(void) {
  intercepts_enable();
  set_own(REGISTER_VSM_PARTITION_CONFIG, 0x1F);
  protect(readable, 1, MAY_READ);
  protect(hidden, 8, 0);
  protect(program, 4, MAY_READ | MAY_EXECUTE);
  wrmsr(MSR_LSTAR, LSTAR_AT_FIRST);
  set_own(REGISTER_CR_INTERCEPT_CONTROL, LSTAR_WRITES);
  intercept_set_answer(ANSWER_SKIP);
  set_handler(1, VECTOR_SECURE_MESSAGE, take_secure_message);
  set_own(REGISTER_SINT2, VECTOR_SECURE_MESSAGE);
  set_own(REGISTER_STIMER0_COUNT, 4 * PER_MILLISECOND);
  set_own(REGISTER_STIMER0_CONFIG, STIMER_PERIODIC | SECURE_SINT << 16);
}

static void start_messages(void) {
  set_handler(0, VECTOR_MESSAGE, take_message);
  wrmsr(MSR_SIMP, (uint64_t)messages | 1);
  wrmsr(MSR_SINT0 + SINT, VECTOR_MESSAGE);
  wrmsr(MSR_STIMER0_COUNT, 5 * PER_MILLISECOND);
  wrmsr(MSR_STIMER0_CONFIG, STIMER_PERIODIC | SINT << 16);
}

NAMED static void try_write(uint64_t tick) {
  uint32_t before = intercepted.count;
  readable[tick % 512] = tick;
  EXPECT(intercepted.count == before + 1 && readable[tick % 512] == 0, "write %lu was not denied\n", tick);
  denied_writes++;
}

NAMED static void try_read(uint64_t tick) {
  uint32_t before = intercepted.count;
  (void)hidden[tick % 8][tick % 512];
  EXPECT(intercepted.count == before + 1, "read %lu was not denied\n", tick);
  denied_reads++;
}

NAMED static void try_register(uint64_t tick) {
  uint32_t before = intercepted.count;
  wrmsr(MSR_LSTAR, tick);
  EXPECT(intercepted.count == before + 1 && rdmsr(MSR_LSTAR) == LSTAR_AT_FIRST, "LSTAR took %lu\n", tick);
  denied_registers++;
}

static void report_when_due(uint64_t start) {
  static uint64_t second = 1;
  if (rdtsc() < start + second * boot_info.tsc_hz) return;
  EXPECT(taken >= 198 * second && secure_taken >= 247 * second, "timers: %lu and %lu messages\n", taken, secure_taken);
  print("guarded %lus: denied writes %lu reads %lu registers %lu, messages %lu vtl1 %lu, direct %lu, errors %lu\n", second,
        denied_writes, denied_reads, denied_registers, taken, secure_taken, directs, errors);
  if (second == command_line_number("exit", 0)) guest_exit(errors ? 1 : 0);
  second++;
}

void guest_main(void) {
  set_handler(0, VECTOR_DIRECT, take_direct);
  processors_start(run_other);
  set_guard();
  start_direct(2);
  start_messages();
  apic_enter_x2apic();
  tick_start(TICK_PERIODIC, TICKS_PER_MILLISECOND);
  enable_interrupts();
  uint64_t start = rdtsc();
  for (uint64_t tick = 1;; tick++) {
    idle();
    if (tick % 3 == 0) try_write(tick);
    if (tick % 16 == 5) try_read(tick);
    if (tick % 32 == 7) try_register(tick);
    report_when_due(start);
  }
}
