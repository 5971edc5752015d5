#define _XOPEN_SOURCE_EXTENDED 1
#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1
#include "CNcurses.h"

#include "private.h"

#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

static const char pasteOn[] = "\033[?2004h";
static const char pasteOff[] = "\033[?2004l";

static SCREEN *screen;
// What curses writes goes to `memory`, for the caller to send; `curses` is the descriptor that it writes to.
static int curses = -1, memory = -1;
static FILE *stream;
static attr_t supported;

// MARK: - Opening and closing

static void setModes(void) {
  cbreak();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  keypad(stdscr, TRUE);
  idlok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  leaveok(stdscr, TRUE);
  // A key that waits must not cut a frame in half: the caller counts on what it has painted.
  typeahead(-1);
  curs_set(0);
}

static int startColours(bool isWanted) {
  if (!isWanted || !has_colors() || start_color() == ERR || use_default_colors() == ERR) return 0;
  // What terminfo says, not what the program would like: a pair beyond it is black on black.
  int count = tigetnum("colors");
  return count < 8 ? 0 : count;
}

static bool openOutput(void) {
  curses = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  memory = memfd_create("screen", MFD_CLOEXEC);
  stream = curses < 0 ? NULL : fdopen(curses, "w");
  return stream != NULL && memory >= 0;
}

static void closeOutput(void) {
  if (stream != NULL) fclose(stream);
  if (memory >= 0) close(memory);
  stream = NULL;
  curses = memory = -1;
}

const char *cn_capability(const char *name) {
  const char *text = tigetstr(name);
  return text == (char *)-1 ? NULL : text;
}

static void prepareFarewell(void) {
  cn_farewell_begin();
  cn_farewell(pasteOff);
  cn_farewell(cn_capability("sgr0"));
  cn_farewell(cn_capability("cnorm"));
  cn_farewell(cn_capability("rmkx"));
  cn_farewell(cn_capability("rmcup"));
}

int cn_open(bool wantsColour, int *colours, bool *isUTF8) {
  if (cn_is_open()) return CN_FAILED;
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return CN_NOT_A_TERMINAL;
  setlocale(LC_ALL, "");
  *isUTF8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  if (!cn_take_terminal()) return CN_NOT_A_TERMINAL;

  // Without setupterm's own message, and before newterm has sent anything.
  int status = 0;
  if (setupterm(NULL, STDOUT_FILENO, &status) == ERR) return CN_UNKNOWN_TYPE;
  if (cn_capability("cup") == NULL) return CN_NO_CURSOR;
  if (!openOutput()) {
    closeOutput();
    return CN_FAILED;
  }

  // Before curses installs handlers of its own: it leaves alone what is not the default.
  cn_handle_signals();
  screen = newterm(NULL, stream, stdin);
  if (screen == NULL) {
    cn_unhandle_signals();
    closeOutput();
    return CN_UNKNOWN_TYPE;
  }
  set_term(screen);
  setModes();
  cn_remember_modes();
  *colours = startColours(wantsColour);
  supported = termattrs();
  prepareFarewell();
  fflush(stream);
  dup2(memory, curses);
  static bool isRegistered;
  if (!isRegistered) atexit(cn_close);
  isRegistered = true;
  cn_set_open(true);
  refresh();
  cn_write(pasteOn);
  return CN_OK;
}

// Multiplexers that were resized meanwhile leave rows of the alternate screen behind: leave them blank ones.
static void leave(void) {
  erase();
  refresh();
  cn_write(pasteOff);
  endwin();
  const uint8_t *bytes = NULL;
  int64_t count = cn_output(&bytes);
  cn_send_within(bytes, count, 300);
}

void cn_close(void) {
  if (!cn_is_open()) return;
  cn_capture_mouse(false);
  cn_set_open(false);
  leave();
  delscreen(screen);
  screen = NULL;
  closeOutput();
  cn_give_terminal_back();
}

void cn_suspend(void) {
  if (!cn_is_open()) return;
  leave();
  cn_stop();
  cn_resume();
}

void cn_resume(void) {
  cn_use_modes();
  cn_resize();
  keypad(stdscr, TRUE);
  cn_blank();
  refresh();
  cn_write(pasteOn);
  cn_mouse_again();
}

// MARK: - Painting

bool cn_pair(int16_t pair, int16_t colour) { return init_pair(pair, colour, -1) != ERR; }

int cn_attributes(void) {
  int all = 0;
  if (supported & A_BOLD) all |= CN_BOLD;
  if (supported & A_DIM) all |= CN_DIM;
  if (supported & A_UNDERLINE) all |= CN_UNDERLINE;
  if (supported & A_REVERSE) all |= CN_REVERSE;
  return all;
}

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

void cn_blank(void) {
  werase(stdscr);
  clearok(curscr, TRUE);
}

void cn_write(const char *text) {
  size_t length = strlen(text);
  while (length > 0) {
    ssize_t count = write(memory, text, length);
    if (count <= 0) return;
    text += count;
    length -= (size_t)count;
  }
}

int64_t cn_output(const uint8_t **bytes) {
  static uint8_t *buffer;
  static off_t capacity;
  off_t size = lseek(memory, 0, SEEK_CUR);
  if (size <= 0) return 0;
  if (size > capacity) {
    uint8_t *grown = realloc(buffer, (size_t)size);
    if (grown == NULL) return 0;
    buffer = grown;
    capacity = size;
  }
  ssize_t count = pread(memory, buffer, (size_t)size, 0);
  lseek(memory, 0, SEEK_SET);
  if (ftruncate(memory, 0) != 0) return 0;
  *bytes = buffer;
  return count < 0 ? 0 : count;
}

void cn_size(int *width, int *height) { getmaxyx(stdscr, *height, *width); }

void cn_resize(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  resizeterm(size.ws_row, size.ws_col);
}
