#define _GNU_SOURCE
#include "HostOracle.h"

#if defined(__x86_64__)
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

void oracle_enter(void);
extern struct oracle_state oracle_registers;
extern char oracle_exit;

struct oracle_target {
  uint32_t offset;
  uint16_t selector;
} __attribute__((packed));

struct oracle_state oracle_registers;
struct oracle_target oracle_target;
int oracle_has_avx;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf out;
static uint8_t signal_stack[65536];

static void died(int number) { siglongjmp(out, number); }

static void *page(uint64_t address, int protection) {
  void *at = mmap((void *)address, 2 * ORACLE_PAGE, protection,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  return at == MAP_FAILED ? (void *)address : at;
}

int oracle_supports(int feature) {
  switch (feature) {
  case ORACLE_AVX: return __builtin_cpu_supports("avx");
  case ORACLE_AVX2: return __builtin_cpu_supports("avx2");
  case ORACLE_SSE42: return __builtin_cpu_supports("sse4.2");
  case ORACLE_BMI: return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  default: return 0;
  }
}

/* Behind a snippet: back to 64-bit code, which jumps to `oracle_exit`. */
static void append_return(uint8_t *at, int bits) {
  if (bits == 32) {
    const uint32_t next = (uint32_t)(uintptr_t)at + 7;
    *at++ = 0xea;
    memcpy(at, &next, 4);
    at[4] = 0x33;
    at[5] = 0;
    at += 6;
  }
  const uint8_t jump[6] = {0xff, 0x25, 0, 0, 0, 0};
  memcpy(at, jump, 6);
  void *back = &oracle_exit;
  memcpy(at + 6, &back, 8);
}

int oracle_run(int bits, const uint8_t *code, unsigned length, struct oracle_state *state, uint8_t *data) {
  static const int numbers[] = {SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGBUS};
  struct sigaction old[5], action;
  stack_t alternate = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack}, old_stack;
  volatile int result = 0;

  pthread_mutex_lock(&lock);
  uint8_t *text = page(0x20020000, PROT_READ | PROT_WRITE | PROT_EXEC);
  memcpy(text, code, length);
  append_return(text + length, bits);
  uint8_t *area = page(ORACLE_DATA, PROT_READ | PROT_WRITE);
  memcpy(area, data, ORACLE_PAGE);
  page(ORACLE_STACK - ORACLE_PAGE, PROT_READ | PROT_WRITE);

  memset(&action, 0, sizeof action);
  action.sa_handler = died;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigaltstack(&alternate, &old_stack);
  for (int i = 0; i < 5; i++) sigaction(numbers[i], &action, &old[i]);
  oracle_has_avx = __builtin_cpu_supports("avx");
  oracle_registers = *state;
  oracle_target.offset = (uint32_t)(uintptr_t)text;
  oracle_target.selector = bits == 32 ? 0x23 : 0x33;
  result = sigsetjmp(out, 1);
  if (result == 0) {
    oracle_enter();
    *state = oracle_registers;
    memcpy(data, area, ORACLE_PAGE);
  }
  for (int i = 0; i < 5; i++) sigaction(numbers[i], &old[i], 0);
  old_stack.ss_flags &= ~SS_ONSTACK;
  sigaltstack(&old_stack, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
#else
int oracle_supports(int feature) {
  (void)feature;
  return 0;
}

int oracle_run(int bits, const uint8_t *code, unsigned length, struct oracle_state *state, uint8_t *data) {
  (void)bits, (void)code, (void)length, (void)state, (void)data;
  return -1;
}
#endif
