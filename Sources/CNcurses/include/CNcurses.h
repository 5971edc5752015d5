// The part of ncursesw that the terminal needs, in functions that Swift can import: no macros, no variadics,
// no globals. And what has to be C because signal handlers call it.
//
// Curses decides which bytes make a frame. It does not send them, and it reads none: how many bytes are under way,
// and that answers are not keys, is known only to who does that (Terminal.TerminalScreen).
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

// What cn_wait found; several at once.
enum { CN_INPUT = 1, CN_HANGUP = 2, CN_SIGNAL_RESIZE = 4, CN_SIGNAL_CONTINUE = 8, CN_SIGNAL_SUSPEND = 16,
       CN_SIGNAL_INTERRUPT = 32, CN_SIGNAL_END = 64, CN_OUTPUT = 128 };

// What cn_read and cn_send return instead of a count.
enum { CN_LATER = -1, CN_GONE = -2 };

// Takes the terminal of standard input and output. `colours` is how many may be used, 0 for none.
int cn_open(bool wantsColour, int *colours, bool *isUTF8);
// Gives it back as it was. Does nothing when it is not open.
void cn_close(void);
// Gives it back, stops the process group as Ctrl-Z would, and takes it again when resumed.
void cn_suspend(void);
// Has clicks reported as input, or leaves them to the terminal.
void cn_capture_mouse(bool isWanted);

// A string of the terminal's terminfo entry, such as "kcuu1"; NULL when it has none.
const char *cn_capability(const char *name);
// The attribute bits that the terminal can show.
int cn_attributes(void);

// Makes `pair` (1...) the foreground `colour` on the terminal's own background. False when it cannot.
bool cn_pair(int16_t pair, int16_t colour);
void cn_put(int y, int x, const int32_t *scalars, int count, int attributes, int16_t pair);
// Works out the bytes for what was put since the last time: see cn_output.
void cn_flush(void);
// Everything is blank, and the next flush clears the terminal.
void cn_blank(void);
// Adds bytes of our own after those of curses.
void cn_write(const char *text);
// Takes the bytes that are to be sent. They are valid until the next call.
int64_t cn_output(const uint8_t **bytes);
void cn_size(int *width, int *height);
// Asks the kernel for the size and takes it over.
void cn_resize(void);

// Waits for input, for a signal, for room to send when that is wanted, or for the time; -1 is for ever.
int cn_wait(int milliseconds, bool wantsOutput);
// Reads what is there, without waiting.
int64_t cn_read(uint8_t *bytes, int64_t capacity);
// Sends as much as there is room for, without waiting.
int64_t cn_send(const uint8_t *bytes, int64_t count);
// Sends all of it, but gives up after so many milliseconds. False when it could not.
bool cn_send_within(const uint8_t *bytes, int64_t count, int limit);

#endif
