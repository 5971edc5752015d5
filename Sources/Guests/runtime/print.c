#include "guest.h"
#include <stdarg.h>

enum { DEBUG_EXIT = 0xF4 };

volatile uint32_t failures;
extern char command_line[];

static void put(char character) {
  while (!(inb(SERIAL_LINE_STATUS) & SERIAL_EMPTY)) cpu_pause();
  outb(SERIAL_DATA, (uint8_t)character);
}

static void put_number(uint64_t value, uint32_t base, int width) {
  char digits[20];
  int n = 0;
  do {
    digits[n++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value || n < width);
  while (n) put(digits[--n]);
}

static void format_text(const char *format, va_list arguments) {
  for (; *format; format++) {
    if (*format != '%') {
      put(*format);
      continue;
    }
    int width = 0;
    while (*++format >= '0' && *format <= '9') width = width * 10 + *format - '0';
    bool is_long = *format == 'l';
    format += is_long;
    switch (*format) {
    case 's':
      for (const char *text = va_arg(arguments, const char *); *text; text++) put(*text);
      break;
    case 'c':
      put((char)va_arg(arguments, int));
      break;
    default:
      put_number(is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t),
                 *format == 'x' ? 16 : 10, width);
    }
  }
}

// The number of the processor that writes, plus one. VTL1 may interrupt its own processor's VTL0 in the
// middle of a line and must not wait for it.
static volatile uint32_t writer;

static bool take_serial(uint32_t me) {
  if (writer == me) return false;
  uint32_t nobody = 0;
  while (!__atomic_compare_exchange_n(&writer, &nobody, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    nobody = 0;
    cpu_pause();
  }
  return true;
}

static void write_line(const char *format, va_list arguments) {
  bool enabled = save_interrupts();
  bool taken = take_serial(this_context()->vp + 1);
  format_text(format, arguments);
  if (taken) __atomic_store_n(&writer, 0, __ATOMIC_RELEASE);
  restore_interrupts(enabled);
}

void print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line(format, arguments);
  va_end(arguments);
}

_Noreturn void guest_exit(uint32_t value) {
  outl(DEBUG_EXIT, value);
  for (;;) __asm__ volatile("cli\n\thlt");
}

_Noreturn void panic(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("panic: ");
  write_line(format, arguments);
  print("\n");
  va_end(arguments);
  guest_exit(PANIC_EXIT);
}

_Noreturn void finish(const char *name) {
  if (failures)
    print("%s: %u failures\n", name, failures);
  else
    print("%s: ok\n", name);
  guest_exit(failures ? 1 : 0);
}

// What follows `name` in the first word of the command line that begins with it and goes on with `next`; else
// null.
static const char *command_line_word(const char *name, char next) {
  for (const char *word = command_line; *word;) {
    const char *a = word, *b = name;
    while (*b && *a == *b) a++, b++;
    if (!*b && *a == next) return a;
    while (*word && *word != ' ') word++;
    while (*word == ' ') word++;
  }
  return 0;
}

bool command_line_has(const char *word) {
  return command_line_word(word, ' ') || command_line_word(word, '\0');
}

uint64_t command_line_number(const char *name, uint64_t otherwise) {
  const char *text = command_line_word(name, '=');
  if (!text) return otherwise;
  uint64_t value = 0;
  for (text++; *text >= '0' && *text <= '9'; text++) value = value * 10 + (uint64_t)(*text - '0');
  return value;
}
