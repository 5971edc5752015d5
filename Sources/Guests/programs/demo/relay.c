#include "relay.h"
#include "demo.h"

enum { X2APIC_CLUSTER = 16 };

static uint64_t bit(uint32_t vp) { return 1ull << vp; }

static uint64_t all_processors(void) { return ~0ull >> (64 - processor_count()); }

// The x2APIC cluster of a processor: up to 16 with the same ID bits 31:4 (SDM Vol. 3A, 12.12.10.2).
static uint64_t cluster_members(uint32_t vp) {
  return all_processors() & 0xFFFFull << vp / X2APIC_CLUSTER * X2APIC_CLUSTER;
}

static uint32_t cluster_destination(uint32_t vp) {
  uint32_t cluster = vp / X2APIC_CLUSTER;
  return cluster << 16 | (uint32_t)(cluster_members(vp) >> cluster * X2APIC_CLUSTER);
}

// Sends one round from this processor. The targets differ from round to round.
static void send(struct relay *relay, uint32_t me) {
  uint32_t count = processor_count();
  uint32_t target = count == 1 ? 0 : (me + 1 + relay->round % (count - 1)) % count;
  uint32_t destination = target, command = ICR_FIXED;
  uint64_t targets = bit(target);
  if (relay->form == ALL_BUT_SELF) {
    targets = all_processors() & ~bit(me);
    destination = 0;
    command = ICR_ALL_BUT_SELF;
  } else if (relay->form != UNICAST) {
    targets = cluster_members(target);
    destination = cluster_destination(target);
    command = ICR_LOGICAL | (relay->form == LOWEST_PRIORITY ? ICR_LOWEST : ICR_FIXED);
  }
  relay->round++;
  relay->expected = relay->form == LOWEST_PRIORITY ? 1 : (uint32_t)__builtin_popcountll(targets);
  relay->awaited = targets;
  if (relay->reply) relay->reply->awaited = bit(me);
  if (targets) apic_send(destination, command | ICR_ASSERT | relay->vector);
}

// Adds the round to the sums. What is still awaited did not arrive.
static void close_round(struct relay *relay, uint32_t expected, uint32_t me) {
  uint64_t awaited = __atomic_exchange_n(&relay->awaited, 0, __ATOMIC_ACQ_REL);
  uint32_t missing = relay->form == LOWEST_PRIORITY ? awaited != 0 : (uint32_t)__builtin_popcountll(awaited);
  relay->sent += expected;
  relay->arrived += expected - missing;
  if (missing)
    ERROR("%s from %u.%u, vector %x: %u of %u did not arrive (processors %lx)", relay->name, me,
          this_context()->vtl, (uint32_t)relay->vector, missing, expected, awaited);
}

void relay_drive(struct relay *relay) {
  uint32_t me = this_context()->vp;
  uint64_t now = rdtsc();
  if (relay->holder != me) return;
  if (!relay->waiting) {
    if (now < relay->due) return;
    relay->due = now + boot_info.tsc_hz / 10;
    relay->waiting = true;
    send(relay, me);
    return;
  }
  bool complete = relay->awaited == 0 && (!relay->reply || relay->reply->awaited == 0);
  if (!complete && now < relay->due) return;
  close_round(relay, relay->expected, me);
  if (relay->reply) close_round(relay->reply, 1, me);
  relay->waiting = false;
  relay->due = now + relay->interval * (boot_info.tsc_hz / 1000000);
  relay->holder = (me + 1) % processor_count();
}

bool relay_take(struct relay *relay) {
  uint64_t me = bit(this_context()->vp);
  uint64_t before = relay->form == LOWEST_PRIORITY
                      ? __atomic_exchange_n(&relay->awaited, 0, __ATOMIC_ACQ_REL)
                      : __atomic_fetch_and(&relay->awaited, ~me, __ATOMIC_ACQ_REL);
  if (before & me) return true;
  __atomic_add_fetch(&relay->strays, 1, __ATOMIC_RELAXED);
  return false;
}
