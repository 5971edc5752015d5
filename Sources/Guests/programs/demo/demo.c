// VTL0: a timer, some work, IPIs of every form and calls to VTL1 on every processor, and two devices; idle in
// HLT otherwise. Command line: exit=N ends the demo after N seconds, with 1 if there were errors.
#include "demo.h"
#include "devices.h"
#include "relay.h"

enum { PRINTED_ERRORS = 100, BUFFER_WORDS = 64 };

static struct relay replies = {.name = "reply", .vector = VECTOR_REPLY};
static struct relay unicast = {
  .name = "unicast", .vector = VECTOR_UNICAST, .form = UNICAST, .interval = 10000, .reply = &replies};
static struct relay broadcast = {
  .name = "all-but-self", .vector = VECTOR_BROADCAST, .form = ALL_BUT_SELF, .interval = 50000};
static struct relay logical = {
  .name = "logical", .vector = VECTOR_LOGICAL, .form = LOGICAL, .interval = 50000};
static struct relay lowest = {
  .name = "lowest-priority", .vector = VECTOR_LOWEST, .form = LOWEST_PRIORITY, .interval = 25000};
extern struct relay secure_unicast, secure_broadcast;

static struct relay *const vtl0_relays[] = {&unicast, &broadcast, &logical, &lowest};
static struct relay *const vtl0_counted[] = {&unicast, &replies, &broadcast, &logical, &lowest};
static struct relay *const vtl1_counted[] = {&secure_unicast, &secure_broadcast};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static volatile uint32_t errors;
static volatile bool started;
static bool has_vtl1;
static uint64_t tick_period;
static uint64_t buffers[MAX_VPS][BUFFER_WORDS];

bool count_error(void) { return __atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED) <= PRINTED_ERRORS; }

uint64_t checksum(const uint64_t *words, uint64_t count) {
  uint64_t sum = count;
  for (uint64_t i = 0; i < count; i++) sum = (sum << 5 | sum >> 59) + words[i];
  return sum;
}

// Interrupts

static void take_unicast(struct frame *frame) {
  (void)frame;
  if (relay_take(&unicast)) apic_send(unicast.holder, ICR_FIXED | ICR_ASSERT | VECTOR_REPLY);
}

static void take_reply(struct frame *frame) { (void)frame, relay_take(&replies); }
static void take_broadcast(struct frame *frame) { (void)frame, relay_take(&broadcast); }
static void take_logical(struct frame *frame) { (void)frame, relay_take(&logical); }
static void take_lowest(struct frame *frame) { (void)frame, relay_take(&lowest); }

static void set_handlers(void) {
  set_handler(0, VECTOR_UNICAST, take_unicast);
  set_handler(0, VECTOR_REPLY, take_reply);
  set_handler(0, VECTOR_BROADCAST, take_broadcast);
  set_handler(0, VECTOR_LOGICAL, take_logical);
  set_handler(0, VECTOR_LOWEST, take_lowest);
}

// Work

// Sums its buffer over and over. VTL1 interrupts it anywhere, and must leave no trace in its registers.
NAMED static void work(uint32_t vp, uint64_t rounds) {
  uint64_t expected = checksum(buffers[vp], BUFFER_WORDS);
  for (uint64_t i = 0; i < rounds; i++)
    if (checksum(buffers[vp], BUFFER_WORDS) != expected) ERROR("work on %u: checksum differs", vp);
}

static void call_count(uint32_t vp) {
  static uint64_t calls[MAX_VPS];
  struct vtl_call call = {.service = SERVICE_COUNT};
  vtl_call(&call);
  calls[vp]++;
  if (call.a != calls[vp]) ERROR("count on %u: %lu calls, VTL1 says %lu", vp, calls[vp], call.a);
}

static void call_checksum(uint32_t vp) {
  struct vtl_call call = {.service = SERVICE_CHECKSUM, .a = (uint64_t)buffers[vp], .b = BUFFER_WORDS};
  vtl_call(&call);
  uint64_t sum = checksum(buffers[vp], BUFFER_WORDS);
  if (call.rax != sum || call.rcx != ~sum)
    ERROR("checksum on %u: %lx, VTL1 says %lx and %lx", vp, sum, call.rax, call.rcx);
  buffers[vp][sum % BUFFER_WORDS] += sum;
}

// Lasts longer than a tick where VINA must cut it short, and less than one where nothing can.
static void call_sweep(uint32_t vp) {
  bool vina = vina_enabled(vp);
  struct vtl_call call = {.service = SERVICE_SWEEP, .a = vina ? tick_period * 3 / 2 : tick_period / 4};
  vtl_call(&call);
  if (vina && call.rax != 1) ERROR("sweep on %u: no VINA", vp);
}

static void call_services(uint32_t vp, uint64_t tick) {
  uint32_t sweep = 64 * (processor_count() < 4 ? 4 : processor_count());
  if (tick % 16 == 0) call_count(vp);
  if (tick % 64 == 8) call_checksum(vp);
  if (tick % sweep == 24 + vp) call_sweep(vp);
}

// Report

struct sums {
  uint64_t sent, arrived, strays;
};

static struct sums relay_sums(struct relay *const *relays, size_t count) {
  struct sums sums = {0};
  for (size_t i = 0; i < count; i++) {
    sums.sent += relays[i]->sent;
    sums.arrived += relays[i]->arrived;
    sums.strays += relays[i]->strays;
  }
  return sums;
}

// The ticks there should be by now, give or take those that are just being taken.
static void check_ticks(void) {
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    struct context *context = &contexts[0][vp];
    uint64_t expected = (rdtsc() - context->tick_start) / context->tick_period;
    uint64_t ticks = context->ticks;
    if (ticks + 2 < expected || ticks > expected + 2) {
      ERROR("timer on %u: %lu ticks, expected %lu", vp, ticks, expected);
      context->tick_start += (expected - ticks) * context->tick_period;
    }
  }
}

static uint64_t total_ticks(void) {
  uint64_t ticks = 0;
  for (uint32_t vp = 0; vp < processor_count(); vp++) ticks += contexts[0][vp].ticks;
  return ticks;
}

static void report_vtl1(struct sums ipis) {
  struct secure_counts sum = {0};
  for (uint32_t vp = 0; vp < processor_count(); vp++) {
    sum.calls += secure_counts[vp].calls;
    sum.timers += secure_counts[vp].timers;
    sum.vinas += secure_counts[vp].vinas;
  }
  print(" vtl1 calls %lu timers %lu ipi %lu/%lu vina %lu", sum.calls, sum.timers, ipis.arrived, ipis.sent,
        sum.vinas);
}

static void report_devices(void) {
  struct device_sums line = line_sums(), message = message_sums();
  print(" serial %lu line %u/%u msi %u/%u", serial_bytes(), line.interrupts, line.expiries,
        message.interrupts, message.expiries);
}

static void report(uint64_t second) {
  struct sums vtl0 = relay_sums(vtl0_counted, COUNT(vtl0_counted));
  struct sums vtl1 = relay_sums(vtl1_counted, COUNT(vtl1_counted));
  uint64_t strays = vtl0.strays + vtl1.strays + device_strays();
  for (uint32_t vp = 0; vp < processor_count(); vp++)
    strays += contexts[0][vp].strays + contexts[1][vp].strays;
  check_ticks();
  devices_check();
  print("demo %lus: vps %u ipi %lu/%lu timer %lu", second, processor_count(), vtl0.arrived, vtl0.sent,
        total_ticks());
  if (has_vtl1) report_vtl1(vtl1);
  report_devices();
  print(" stray %lu errors %u\n", strays, errors);
}

static void report_when_due(void) {
  static uint64_t second = 1;
  uint64_t now = rdtsc();
  if (now < contexts[0][0].tick_start + second * boot_info.tsc_hz) return;
  report(second);
  if (second == command_line_number("exit", 0)) guest_exit(errors ? 1 : 0);
  second++;
}

// The kernel

NAMED static void wait_for_tick(struct context *context, uint64_t seen) {
  disable_interrupts();
  while (context->ticks == seen) {
    halt_with_interrupts();
    disable_interrupts();
  }
  enable_interrupts();
}

// What every processor does from its start on.
static void run(void) {
  struct context *context = this_context();
  uint32_t vp = context->vp;
  for (uint32_t i = 0; i < BUFFER_WORDS; i++) buffers[vp][i] = vp * 1000 + i;
  apic_enter_x2apic();
  tick_start(vp % 2 ? TICK_DEADLINE : TICK_PERIODIC, tick_period);
  enable_interrupts();
  while (!started) idle();
  if (has_vtl1 && vp != 0) vtl1_join();

  for (;;) {
    uint64_t tick = context->ticks;
    wait_for_tick(context, tick++);
    work(vp, tick % 256 == vp ? 200 : 1);
    for (size_t i = 0; i < COUNT(vtl0_relays); i++) relay_drive(vtl0_relays[i]);
    devices_drive();
    if (has_vtl1) call_services(vp, tick);
    if (vp == 0) report_when_due();
  }
}

void guest_main(void) {
  uint32_t count = processor_count();
  tick_period = TICKS_PER_MILLISECOND * (count <= 4 ? 1 : count <= 16 ? 2 : 4);
  has_vtl1 = boot_info.vtl_count > 1 && hypercall_available();
  set_handlers();
  processors_start(run);
  if (has_vtl1) vtl1_enable(&secure_kernel);
  devices_start(tick_period * 5 / 2);
  started = true;
  run();
}
