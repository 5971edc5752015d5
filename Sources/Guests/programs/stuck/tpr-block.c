// Processor 1 holds a lock and waits for processor 2 to answer an IPI, vector 4Fh. Processor 2 has raised its
// TPR to 50h and waits for the lock. Neither goes on: TPR 50h holds back vectors up to 5Fh (SDM Vol. 3A,
// 12.8.3.1).
#include "guest.h"

enum { VECTOR_CALL = 0x4F, TPR_LOCKED = 0x50, CALLER = 1, WAITER = 2 };

static volatile uint32_t lock_word;
static volatile bool waiting;

NAMED static void lock(volatile uint32_t *word) {
  while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE)) cpu_pause();
}

static void unlock(volatile uint32_t *word) { __atomic_store_n(word, 0, __ATOMIC_RELEASE); }

// With the lock held, which is the mistake.
NAMED static void call_waiter(void) {
  rest(10);
  lock(&lock_word);
  while (!waiting) idle();
  print("processor %u holds the lock and calls processor %u\n", CALLER, WAITER);
  if (near_miss) unlock(&lock_word);
  ask(WAITER, VECTOR_CALL);
  if (!near_miss) unlock(&lock_word);
}

static void wait_for_lock(void) {
  rest(20);
  apic_write(APIC_TPR, TPR_LOCKED);
  waiting = true;
  lock(&lock_word);
  unlock(&lock_word);
  apic_write(APIC_TPR, 0);
}

static void part(uint32_t vp) {
  if (vp == CALLER) call_waiter();
  if (vp == WAITER) wait_for_lock();
  if (vp == CALLER || vp == WAITER) print("tpr-block: processor %u goes on\n", vp);
}

void guest_main(void) {
  require(3, 1);
  set_handler(0, VECTOR_CALL, answer);
  play(&(struct play){.part = part});
}
