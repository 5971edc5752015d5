// The part of ncursesw that the terminal needs, in functions that Swift can import: no macros, no variadics,
// no globals. And what has to be C because signal handlers call it.
#ifndef CNCURSES_H
#define CNCURSES_H

#include <stdbool.h>
#include <stdint.h>

enum {
  CN_OK = 0,
  CN_NOT_A_TERMINAL = 1,
  CN_UNKNOWN_TYPE = 2,
  CN_NO_CURSOR = 3,
  CN_FAILED = 4,
};

// Attribute bits of cn_put.
enum { CN_BOLD = 1, CN_DIM = 2, CN_UNDERLINE = 4, CN_REVERSE = 8 };

// What cn_key returns instead of a character. Function keys are CN_FUNCTION + n.
enum {
  CN_NONE = -1,
  CN_UP = 0x200000,
  CN_DOWN,
  CN_LEFT,
  CN_RIGHT,
  CN_PAGE_UP,
  CN_PAGE_DOWN,
  CN_HOME,
  CN_END,
  CN_ENTER,
  CN_BACKSPACE,
  CN_DELETE,
  CN_BACK_TAB,
  CN_PASTE_BEGIN,
  CN_PASTE_END,
  CN_RESIZE,
  CN_OTHER,
  CN_FUNCTION = 0x200100,
};

// What cn_wait found; several at once.
enum { CN_INPUT = 1, CN_HANGUP = 2, CN_SIGNAL_RESIZE = 4, CN_SIGNAL_CONTINUE = 8, CN_SIGNAL_SUSPEND = 16,
       CN_SIGNAL_INTERRUPT = 32 };

// Takes the terminal of standard input and output. `colours` is how many may be used, 0 for none.
int cn_open(bool wantsColour, int *colours, bool *isUTF8);
// Gives it back as it was. Does nothing when it is not open.
void cn_close(void);
// Gives it back, stops the process group as Ctrl-Z would, and takes it again when resumed.
void cn_suspend(void);

// Makes `pair` (1...) the foreground `colour` on the terminal's own background. False when it cannot.
bool cn_pair(int16_t pair, int16_t colour);
void cn_put(int y, int x, const int32_t *scalars, int count, int attributes, int16_t pair);
void cn_flush(void);
// Everything is painted at the next flush, whatever was there.
void cn_redraw(void);
void cn_size(int *width, int *height);
// Asks the kernel for the size and takes it over.
void cn_resize(void);

// Waits for input, a signal or the time; -1 is for ever.
int cn_wait(int milliseconds);
// The next key that is there, or CN_NONE.
int cn_key(void);
// Input was announced and none came: the other end is gone.
bool cn_at_end(void);

#endif
