#define _GNU_SOURCE 1
#include "CNcurses.h"

#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char mouseOn[] = "\033[?1000h\033[?1006h";
static const char mouseOff[] = "\033[?1006l\033[?1000l";

static volatile sig_atomic_t isOpen;
static volatile sig_atomic_t hasMouse;
// The terminal's modes from before, and ours.
static struct termios before, ours;
static int pipeEnds[2] = {-1, -1};
// The terminal, opened again: O_NONBLOCK on standard output would be everybody's who has it.
static int input = STDIN_FILENO, output = STDOUT_FILENO;
static char farewell[256];
static size_t farewellLength;

static const int ending[] = {SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGWINCH};
static const int crashing[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What the program did with the signals before: it does so again afterwards. A terminal that goes away tells it
// twice, and the second time must not end a program that is tidying up.
static struct sigaction handlers[COUNT(ending)];

bool cn_is_open(void) { return isOpen; }
void cn_set_open(bool open) { isOpen = open; }

// MARK: - Signals. No handler touches curses.

static void noteSignal(int number) {
  int error = errno;
  unsigned char what = (unsigned char)number;
  if (pipeEnds[1] >= 0) { ssize_t ignored = write(pipeEnds[1], &what, 1); (void)ignored; }
  errno = error;
}

static void sayNow(const char *text, size_t length) {
  ssize_t ignored = write(STDOUT_FILENO, text, length);
  (void)ignored;
}

static void crash(int number) {
  if (isOpen) {
    isOpen = 0;
    if (hasMouse) sayNow(mouseOff, sizeof mouseOff - 1);
    sayNow(farewell, farewellLength);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
  }
  signal(number, SIG_DFL);
  raise(number);
}

static void handle(int number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

void cn_handle_signals(void) {
  for (size_t i = 0; i < COUNT(ending); i++) {
    sigaction(ending[i], NULL, &handlers[i]);
    handle(ending[i], noteSignal);
  }
  for (size_t i = 0; i < COUNT(crashing); i++) handle(crashing[i], crash);
  handle(SIGPIPE, SIG_IGN);
}

void cn_unhandle_signals(void) {
  for (size_t i = 0; i < COUNT(ending); i++) sigaction(ending[i], &handlers[i], NULL);
  for (size_t i = 0; i < COUNT(crashing); i++) handle(crashing[i], SIG_DFL);
}

void cn_farewell_begin(void) { farewellLength = 0; }

void cn_farewell(const char *text) {
  if (text == NULL) return;
  size_t length = strlen(text);
  if (farewellLength + length > sizeof farewell) return;
  memcpy(farewell + farewellLength, text, length);
  farewellLength += length;
}

// MARK: - Modes

static int openAgain(const char *path, int flags, int fallback) {
  int descriptor = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return descriptor < 0 ? fallback : descriptor;
}

bool cn_take_terminal(void) {
  if (tcgetattr(STDIN_FILENO, &before) != 0) return false;
  if (pipeEnds[0] < 0 && pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  if (input == STDIN_FILENO) input = openAgain("/proc/self/fd/0", O_RDONLY, STDIN_FILENO);
  if (output == STDOUT_FILENO) output = openAgain("/proc/self/fd/1", O_WRONLY, STDOUT_FILENO);
  return true;
}

void cn_remember_modes(void) { tcgetattr(STDIN_FILENO, &ours); }
void cn_use_modes(void) { tcsetattr(STDIN_FILENO, TCSANOW, &ours); }

void cn_give_terminal_back(void) {
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  cn_unhandle_signals();
}

void cn_stop(void) {
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  handle(SIGTSTP, SIG_DFL);
  kill(0, SIGTSTP);
  // Here again after SIGCONT; or at once, in a process group that nobody would resume.
  handle(SIGTSTP, noteSignal);
}

void cn_capture_mouse(bool isWanted) {
  if (isWanted == (hasMouse != 0)) return;
  hasMouse = isWanted;
  cn_write(isWanted ? mouseOn : mouseOff);
}

void cn_mouse_again(void) {
  if (hasMouse) cn_write(mouseOn);
}

// MARK: - Bytes in and out

static int drainPipe(void) {
  unsigned char bytes[64];
  int found = 0;
  ssize_t count;
  while ((count = read(pipeEnds[0], bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      switch (bytes[i]) {
      case SIGWINCH: found |= CN_SIGNAL_RESIZE; break;
      case SIGCONT: found |= CN_SIGNAL_CONTINUE; break;
      case SIGTSTP: found |= CN_SIGNAL_SUSPEND; break;
      case SIGINT: found |= CN_SIGNAL_INTERRUPT; break;
      case SIGTERM: found |= CN_SIGNAL_END; break;
      default: found |= CN_HANGUP; break;
      }
    }
  }
  // Somebody else stopped us, and the shell may have changed the terminal meanwhile.
  if (found & CN_SIGNAL_CONTINUE && isOpen) cn_resume();
  return found;
}

int cn_wait(int milliseconds, bool wantsOutput) {
  struct pollfd fds[3] = {{input, POLLIN, 0}, {pipeEnds[0], POLLIN, 0}, {output, POLLOUT, 0}};
  int count = poll(fds, wantsOutput ? 3 : 2, milliseconds);
  int found = 0;
  if (count < 0) return errno == EINTR ? drainPipe() : CN_HANGUP;
  if (fds[0].revents & POLLIN) found |= CN_INPUT;
  if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) found |= CN_HANGUP;
  if (fds[1].revents & POLLIN) found |= drainPipe();
  if (wantsOutput && fds[2].revents & POLLOUT) found |= CN_OUTPUT;
  if (wantsOutput && fds[2].revents & (POLLHUP | POLLERR | POLLNVAL)) found |= CN_HANGUP;
  return found;
}

int64_t cn_read(uint8_t *bytes, int64_t capacity) {
  ssize_t count = read(input, bytes, (size_t)capacity);
  if (count > 0) return count;
  return count < 0 && (errno == EAGAIN || errno == EINTR) ? CN_LATER : CN_GONE;
}

int64_t cn_send(const uint8_t *bytes, int64_t count) {
  ssize_t done = write(output, bytes, (size_t)count);
  if (done >= 0) return done;
  return errno == EAGAIN || errno == EINTR ? CN_LATER : CN_GONE;
}

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool cn_send_within(const uint8_t *bytes, int64_t count, int limit) {
  int64_t end = milliseconds() + limit;
  while (count > 0) {
    int64_t done = cn_send(bytes, count);
    if (done == CN_GONE) return false;
    if (done > 0) {
      bytes += done;
      count -= done;
      continue;
    }
    int64_t left = end - milliseconds();
    struct pollfd fd = {output, POLLOUT, 0};
    if (left <= 0 || poll(&fd, 1, (int)left) == 0 || fd.revents & (POLLHUP | POLLERR | POLLNVAL)) return false;
  }
  return true;
}
