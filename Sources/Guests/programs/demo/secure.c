// VTL1: a one-shot timer and IPIs of its own, which interrupt VTL0, and services for VTL0. It never halts:
// when it has nothing more to do, it returns.
#include "demo.h"
#include "relay.h"

struct relay secure_unicast = {
  .name = "VTL1 unicast", .vector = VECTOR_UNICAST, .form = UNICAST, .interval = 40000};
struct relay secure_broadcast = {
  .name = "VTL1 all-but-self", .vector = VECTOR_BROADCAST, .form = ALL_BUT_SELF, .interval = 100000};

struct secure_counts secure_counts[MAX_VPS];

static volatile uint32_t ready;
static uint64_t due[MAX_VPS];
static uint64_t counted[MAX_VPS];

static uint64_t timer_period(void) {
  uint32_t count = processor_count();
  return TICKS_PER_MILLISECOND * (count <= 4 ? 10 : count <= 16 ? 20 : 40);
}

static void arm_timer(uint32_t vp) {
  uint64_t now = rdtsc();
  due[vp] += timer_period();
  if (due[vp] <= now) due[vp] = now + timer_period();
  apic_timer(LVT_ONE_SHOT, VECTOR_TIMER, due[vp] - now);
}

static void take_timer(struct frame *frame) {
  (void)frame;
  uint32_t vp = this_context()->vp;
  uint64_t now = rdtsc();
  if (now < due[vp]) ERROR("VTL1 timer on %u: %lu ns early", vp, due[vp] - now);
  if (now > due[vp] + 5 * TICKS_PER_MILLISECOND) ERROR("VTL1 timer on %u: %lu ns late", vp, now - due[vp]);
  secure_counts[vp].timers++;
  arm_timer(vp);
  if (ready < processor_count()) return;
  relay_drive(&secure_unicast);
  relay_drive(&secure_broadcast);
}

static void take_unicast(struct frame *frame) { (void)frame, relay_take(&secure_unicast); }
static void take_broadcast(struct frame *frame) { (void)frame, relay_take(&secure_broadcast); }

// VTL0 has an interrupt that it could take: VTL1 should not stay long.
static void take_vina(struct frame *frame) {
  (void)frame;
  secure_counts[this_context()->vp].vinas++;
}

static void set_handlers(void) {
  set_handler(1, VECTOR_TIMER, take_timer);
  set_handler(1, VECTOR_UNICAST, take_unicast);
  set_handler(1, VECTOR_BROADCAST, take_broadcast);
  set_handler(1, VECTOR_VINA, take_vina);
}

static void ask_for_vina(uint32_t vp) {
  uint16_t status = enable_vina(VECTOR_VINA);
  if (status) ERROR("VINA on %u: status %x", vp, (uint32_t)status);
}

static void start(void) {
  uint32_t vp = this_context()->vp;
  set_handlers();
  apic_enable();
  if (vina_enabled(vp)) ask_for_vina(vp);
  due[vp] = rdtsc();
  arm_timer(vp);
  __atomic_add_fetch(&ready, 1, __ATOMIC_RELEASE);
  enable_interrupts();
}

// Works until its time is up or VTL0 has an interrupt; true for the latter. VINA stays asserted for the rest
// of this stay in VTL1, so a notification that came before the sweep began ends it too.
NAMED static bool sweep(uint32_t vp, uint64_t ticks) {
  volatile uint8_t *vina_asserted = &assist_pages[vp].vina_asserted;
  uint64_t end = rdtsc() + ticks;
  while (!(*vina_asserted & 1) && rdtsc() < end) cpu_pause();
  return *vina_asserted & 1;
}

static enum vtl_return call(struct registers *registers) {
  uint32_t vp = this_context()->vp;
  secure_counts[vp].calls++;
  switch (registers->rdx) {
  case SERVICE_COUNT:
    registers->r8 = ++counted[vp];
    return RETURN_FAST;
  case SERVICE_CHECKSUM:
    registers->rax = checksum((const uint64_t *)registers->r8, registers->r9);
    registers->rcx = ~registers->rax;
    return RETURN_NORMAL;
  case SERVICE_SWEEP:
    registers->rax = sweep(vp, registers->r8);
    return RETURN_NORMAL;
  default:
    ERROR("VTL1 on %u: no service %lu", vp, registers->rdx);
    return RETURN_FAST;
  }
}

const struct secure_program secure_kernel = {.start = start, .call = call};
