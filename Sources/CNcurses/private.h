// What Terminal.c, which knows signals, modes and bytes, offers to CNcurses.c, which knows curses.
#ifndef CNCURSES_PRIVATE_H
#define CNCURSES_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

bool cn_is_open(void);
void cn_set_open(bool isOpen);

// Opens the terminal of standard input and output and remembers its modes.
bool cn_take_terminal(void);
// The modes as they are now are those of the program: `cn_use_modes` sets them again.
void cn_remember_modes(void);
void cn_use_modes(void);
// Sets the modes from before and undoes `cn_handle_signals`.
void cn_give_terminal_back(void);
void cn_handle_signals(void);
void cn_unhandle_signals(void);
// Sets the modes from before, and stops the process group until it is continued.
void cn_stop(void);
// Takes the terminal up again: the modes, the size, the cursor, an empty screen.
void cn_resume(void);
// Takes the mouse again if it had been taken.
void cn_mouse_again(void);

// What a crash sends.
void cn_farewell_begin(void);
void cn_farewell(const char *text);

#endif
