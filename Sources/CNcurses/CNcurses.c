#define _XOPEN_SOURCE_EXTENDED 1
#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1
#include "CNcurses.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// Key codes of our own, above those of curses.
enum { KEY_PASTE_BEGIN = KEY_MAX + 1, KEY_PASTE_END = KEY_MAX + 2 };

static const char pasteOn[] = "\033[?2004h";
static const char pasteOff[] = "\033[?2004l";

static SCREEN *screen;
static volatile sig_atomic_t isOpen;
static struct termios saved;
static int pipeEnds[2] = {-1, -1};
// What a crash sends: end of paste mode, leave the alternate screen, show the cursor, plain attributes.
static char farewell[256];
static size_t farewellLength;

static const int ending[] = {SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGWINCH};
static const int crashing[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What the program did with the signals before: it does so again afterwards. A terminal that goes away tells it
// twice, and the second time must not end a program that is tidying up.
static struct sigaction before[COUNT(ending)];

// MARK: - Signals. No handler touches curses.

static void noteSignal(int number) {
  int error = errno;
  unsigned char what = (unsigned char)number;
  if (pipeEnds[1] >= 0) { ssize_t ignored = write(pipeEnds[1], &what, 1); (void)ignored; }
  errno = error;
}

static void crash(int number) {
  if (isOpen) {
    isOpen = 0;
    ssize_t ignored = write(STDOUT_FILENO, farewell, farewellLength);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &saved);
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

static void handleAll(void) {
  // Before curses installs its own: it leaves alone what is not the default.
  for (size_t i = 0; i < COUNT(ending); i++) {
    sigaction(ending[i], NULL, &before[i]);
    handle(ending[i], noteSignal);
  }
  for (size_t i = 0; i < COUNT(crashing); i++) handle(crashing[i], crash);
  handle(SIGPIPE, SIG_IGN);
}

static void handleNone(void) {
  for (size_t i = 0; i < COUNT(ending); i++) sigaction(ending[i], &before[i], NULL);
  for (size_t i = 0; i < COUNT(crashing); i++) handle(crashing[i], SIG_DFL);
}

// MARK: - Opening and closing

static void append(const char *text) {
  if (text == NULL || text == (char *)-1) return;
  size_t length = strlen(text);
  if (farewellLength + length > sizeof farewell) return;
  memcpy(farewell + farewellLength, text, length);
  farewellLength += length;
}

static void prepareFarewell(void) {
  farewellLength = 0;
  append(pasteOff);
  append(tigetstr("sgr0"));
  append(tigetstr("cnorm"));
  append(tigetstr("rmkx"));
  append(tigetstr("rmcup"));
}

static void sendNow(const char *text) {
  fflush(stdout);
  ssize_t ignored = write(STDOUT_FILENO, text, strlen(text));
  (void)ignored;
}

static void setModes(void) {
  cbreak();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  idlok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  leaveok(stdscr, TRUE);
  curs_set(0);
}

static int startColours(bool isWanted) {
  if (!isWanted || !has_colors() || start_color() == ERR || use_default_colors() == ERR) return 0;
  // What terminfo says, not what the program would like: a pair beyond it is black on black.
  int count = tigetnum("colors");
  return count < 8 ? 0 : count;
}

int cn_open(bool wantsColour, int *colours, bool *isUTF8) {
  if (isOpen) return CN_FAILED;
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return CN_NOT_A_TERMINAL;
  setlocale(LC_ALL, "");
  *isUTF8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  if (tcgetattr(STDIN_FILENO, &saved) != 0) return CN_NOT_A_TERMINAL;
  if (pipeEnds[0] < 0 && pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0) return CN_FAILED;

  // Without setupterm's own message, and before newterm has sent anything.
  int status = 0;
  if (setupterm(NULL, STDOUT_FILENO, &status) == ERR) return CN_UNKNOWN_TYPE;
  char *cup = tigetstr("cup");
  if (cup == NULL || cup == (char *)-1) return CN_NO_CURSOR;

  handleAll();
  screen = newterm(NULL, stdout, stdin);
  if (screen == NULL) {
    handleNone();
    return CN_UNKNOWN_TYPE;
  }
  set_term(screen);
  set_escdelay(25);
  setModes();
  *colours = startColours(wantsColour);
  define_key("\033[200~", KEY_PASTE_BEGIN);
  define_key("\033[201~", KEY_PASTE_END);
  prepareFarewell();
  isOpen = 1;
  static bool isRegistered;
  if (!isRegistered) atexit(cn_close);
  isRegistered = true;
  refresh();
  sendNow(pasteOn);
  return CN_OK;
}

// Multiplexers that were resized meanwhile leave rows of the alternate screen behind: leave them blank ones.
static void leave(void) {
  erase();
  refresh();
  sendNow(pasteOff);
  endwin();
}

void cn_close(void) {
  if (!isOpen) return;
  isOpen = 0;
  leave();
  delscreen(screen);
  screen = NULL;
  tcsetattr(STDIN_FILENO, TCSANOW, &saved);
  handleNone();
}

void cn_suspend(void) {
  if (!isOpen) return;
  leave();
  tcsetattr(STDIN_FILENO, TCSANOW, &saved);
  handle(SIGTSTP, SIG_DFL);
  kill(0, SIGTSTP);
  // Here again after SIGCONT; or at once, in a process group that nobody would resume.
  handle(SIGTSTP, noteSignal);
  reset_prog_mode();
  setModes();
  cn_resize();
  clearok(curscr, TRUE);
  sendNow(pasteOn);
}

// MARK: - Painting

bool cn_pair(int16_t pair, int16_t colour) { return init_pair(pair, colour, -1) != ERR; }

void cn_put(int y, int x, const int32_t *scalars, int count, int attributes, int16_t pair) {
  attr_t attrs = A_NORMAL;
  if (attributes & CN_BOLD) attrs |= A_BOLD;
  if (attributes & CN_DIM) attrs |= A_DIM;
  if (attributes & CN_UNDERLINE) attrs |= A_UNDERLINE;
  if (attributes & CN_REVERSE) attrs |= A_REVERSE;
  for (int i = 0; i < count; i++) {
    wchar_t text[2] = {(wchar_t)scalars[i], 0};
    cchar_t cell;
    if (setcchar(&cell, text, attrs, pair, NULL) != ERR) mvadd_wch(y, x + i, &cell);
  }
}

void cn_flush(void) {
  wnoutrefresh(stdscr);
  doupdate();
}

void cn_redraw(void) { clearok(curscr, TRUE); }

void cn_size(int *width, int *height) { getmaxyx(stdscr, *height, *width); }

void cn_resize(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  resizeterm(size.ws_row, size.ws_col);
}

// MARK: - Input

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
      default: found |= CN_HANGUP; break;
      }
    }
  }
  if (found & CN_SIGNAL_CONTINUE && isOpen) {
    // Somebody else stopped us, and the shell may have changed the terminal meanwhile.
    reset_prog_mode();
    setModes();
    cn_resize();
    clearok(curscr, TRUE);
    sendNow(pasteOn);
  }
  return found;
}

int cn_wait(int milliseconds) {
  struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {pipeEnds[0], POLLIN, 0}};
  int count = poll(fds, 2, milliseconds);
  int found = 0;
  if (count < 0) return errno == EINTR ? drainPipe() : CN_HANGUP;
  if (fds[0].revents & POLLIN) found |= CN_INPUT;
  if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) found |= CN_HANGUP;
  if (fds[1].revents & POLLIN) found |= drainPipe();
  return found;
}

bool cn_at_end(void) {
  int waiting = 0;
  struct pollfd fd = {STDIN_FILENO, POLLIN, 0};
  if (poll(&fd, 1, 0) <= 0) return false;
  return ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0;
}

static int special(wint_t code) {
  switch (code) {
  case KEY_UP: return CN_UP;
  case KEY_DOWN: return CN_DOWN;
  case KEY_LEFT: return CN_LEFT;
  case KEY_RIGHT: return CN_RIGHT;
  case KEY_PPAGE: return CN_PAGE_UP;
  case KEY_NPAGE: return CN_PAGE_DOWN;
  case KEY_HOME: return CN_HOME;
  case KEY_END: return CN_END;
  case KEY_ENTER: return CN_ENTER;
  case KEY_BACKSPACE: return CN_BACKSPACE;
  case KEY_DC: return CN_DELETE;
  case KEY_BTAB: return CN_BACK_TAB;
  case KEY_PASTE_BEGIN: return CN_PASTE_BEGIN;
  case KEY_PASTE_END: return CN_PASTE_END;
  case KEY_RESIZE: return CN_RESIZE;
  default: break;
  }
  if (code >= KEY_F(1) && code <= KEY_F(12)) return CN_FUNCTION + (int)(code - KEY_F0);
  return CN_OTHER;
}

int cn_key(void) {
  wint_t code = 0;
  switch (get_wch(&code)) {
  case OK: return (int)code;
  case KEY_CODE_YES: return special(code);
  default: return CN_NONE;
  }
}
