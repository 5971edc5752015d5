// Both devices wander: the serial port's interrupt goes to the next processor with each line that came in,
// and the periodic device's each second, by its line through the IOAPIC and by message in turns.
#include "devices.h"
#include "demo.h"

static volatile uint64_t strays;

uint64_t device_strays(void) { return strays; }

static void count_stray(void) { __atomic_add_fetch(&strays, 1, __ATOMIC_RELAXED); }

static uint32_t next_processor(uint32_t vp) { return (vp + 1) % processor_count(); }

// The serial port. A line is text, '*', and the exclusive or of the text in two hexadecimal digits.

enum { LINE_LENGTH = 80 };

static struct {
  volatile uint32_t lock;
  uint32_t owner;
  char line[LINE_LENGTH];
  uint32_t length;
  uint64_t lines; // that added up
  volatile uint64_t bytes;
  uint64_t bytes_checked;
  bool may_come_again; // a byte that was read with another one may have its own interrupt on the way
} serial;

uint64_t serial_bytes(void) { return serial.bytes; }

static uint32_t digit(char c) { return (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static bool adds_up(const char *line, uint32_t length) {
  if (length < 3 || line[length - 3] != '*') return false;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < length - 3; i++) sum ^= (uint8_t)line[i];
  return sum == (digit(line[length - 2]) << 4 | digit(line[length - 1]));
}

// What a line has too much was typed by somebody. What it lacks was lost by an overrun, which the port tells.
static void end_line(void) {
  if (adds_up(serial.line, serial.length))
    serial.lines++;
  else
    count_stray();
  serial.length = 0;
  serial.owner = next_processor(serial.owner);
}

static void take_byte(char byte) {
  serial.bytes++;
  if (byte == '\n')
    end_line();
  else if (serial.length < LINE_LENGTH)
    serial.line[serial.length++] = byte;
}

// Reads until there is no more: only then the port lowers its line, and only a line that was down makes an
// edge.
static uint32_t read_serial(void) {
  uint32_t count = 0;
  uint8_t status;
  while ((status = inb(SERIAL_LINE_STATUS)) & SERIAL_DATA_READY) {
    if (status & SERIAL_OVERRUN) ERROR("serial: overrun after %lu bytes", serial.bytes);
    take_byte((char)inb(SERIAL_DATA));
    count++;
  }
  return count;
}

static void take_serial(struct frame *frame) {
  (void)frame;
  while (__atomic_exchange_n(&serial.lock, 1, __ATOMIC_ACQUIRE)) cpu_pause();
  uint32_t owner = serial.owner;
  uint32_t count = read_serial();
  if (count == 0 && !serial.may_come_again) count_stray();
  serial.may_come_again = count > 1;
  if (serial.owner != owner) ioapic_route(LINE_SERIAL, serial.owner, VECTOR_SERIAL);
  __atomic_store_n(&serial.lock, 0, __ATOMIC_RELEASE);
}

static void start_serial(uint32_t owner) {
  serial.owner = owner;
  ioapic_route(LINE_SERIAL, owner, VECTOR_SERIAL);
  serial_listen();
}

// Once lines have begun to come they go on coming.
static void check_serial(void) {
  uint64_t bytes = serial.bytes;
  if (serial.lines && bytes == serial.bytes_checked) ERROR("serial: silent after %lu bytes", bytes);
  serial.bytes_checked = bytes;
}

// The periodic device.

static struct {
  volatile uint32_t owner;
  bool by_message;
  uint64_t due;              // when it moves on
  volatile uint32_t told;    // what the device had counted when it last interrupted
  volatile uint32_t surplus; // expiries that came with another's interrupt
  uint32_t counted;          // what the device had counted a tick ago
  volatile uint64_t sums[2]; // by line, by message: interrupts in bits 31:0, expiries in bits 63:32
} periodic;

static struct device_sums sums(uint64_t value) {
  return (struct device_sums){(uint32_t)value, (uint32_t)(value >> 32)};
}
struct device_sums line_sums(void) { return sums(periodic.sums[0]); }
struct device_sums message_sums(void) { return sums(periodic.sums[1]); }

// An expiry while the one before waits to be taken is one with it. A message that was sent in its handler
// comes again, and finds itself counted.
static void take_periodic(struct frame *frame) {
  (void)frame;
  uint32_t count = inl(PERIODIC_COUNT);
  uint32_t fresh = count - periodic.told;
  if (this_context()->vp != periodic.owner || (fresh == 0 && periodic.surplus == 0)) return count_stray();
  outl(PERIODIC_STATUS, PERIODIC_PENDING);
  periodic.told = count;
  periodic.surplus += fresh - 1;
  periodic.sums[periodic.by_message] += (uint64_t)fresh << 32 | 1;
}

static void start_periodic(uint32_t owner, bool by_message) {
  periodic.by_message = by_message;
  periodic.due = rdtsc() + boot_info.tsc_hz;
  ioapic_route(LINE_PERIODIC, owner, ROUTE_LEVEL | (by_message ? ROUTE_MASKED : 0) | VECTOR_DEVICE);
  outl(PERIODIC_ADDRESS, APIC_BASE_ADDRESS | MESSAGE_DESTINATION(owner));
  outl(PERIODIC_DATA, VECTOR_DEVICE);
  periodic.owner = owner;
  outl(PERIODIC_CONTROL, PERIODIC_ENABLE | (by_message ? PERIODIC_MESSAGE : 0));
}

// On the owner, with interrupts enabled: what the device had counted a tick ago has interrupted by now.
static void check_periodic(void) {
  int32_t lost = (int32_t)(periodic.counted - periodic.told);
  if (lost > 0) {
    ERROR("device: %u of %u expiries did not interrupt processor %u", (uint32_t)lost, periodic.counted,
          periodic.owner);
    periodic.told = periodic.counted;
  }
  periodic.surplus = 0;
  periodic.counted = inl(PERIODIC_COUNT);
}

// Stops it, and when nothing of it is under way any more it goes to the next processor.
static void move_periodic(void) {
  outl(PERIODIC_CONTROL, periodic.by_message ? PERIODIC_MESSAGE : 0);
  if (inl(PERIODIC_COUNT) == periodic.told)
    start_periodic(next_processor(periodic.owner), !periodic.by_message);
}

void devices_drive(void) {
  if (this_context()->vp != periodic.owner) return;
  check_periodic();
  if (rdtsc() >= periodic.due) move_periodic();
}

void devices_check(void) { check_serial(); }

void devices_start(uint64_t period) {
  set_handler(0, VECTOR_SERIAL, take_serial);
  set_handler(0, VECTOR_DEVICE, take_periodic);
  start_serial(next_processor(0));
  outl(PERIODIC_PERIOD, (uint32_t)(period * 1000000 / TICKS_PER_MILLISECOND));
  start_periodic(processor_count() / 2, false);
}
