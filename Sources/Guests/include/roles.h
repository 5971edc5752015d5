// Programs in which every processor has a part of its own: those that get stuck.
#pragma once

#include "interrupts.h"
#include <stdbool.h>
#include <stdint.h>

struct secure_program;

// Set by the word `near-miss` on the command line: the program does all that it does but its one mistake.
extern bool near_miss;

// Says what the program needs, before anything else. Where the machine has less the guest ends.
void require(uint32_t processors, uint32_t vtls);

struct play {
  // What a processor does, with interrupts enabled and a tick of 10 ms. When it returns the processor idles.
  void (*part)(uint32_t vp);
  const struct secure_program *secure; // VTL1 on every processor, or null
  uint64_t left_out;                   // processors that are not started, a bit each
};
// Starts the processors and VTL1 on them; when all are there, each begins with its part.
_Noreturn void play(const struct play *play);
// What a processor that was left out runs if it is started after all.
void join_play(void);

// Idles for a number of milliseconds.
void rest(uint32_t milliseconds);

// The handler that counts, and what it has counted on all processors.
void answer(struct frame *frame);
extern volatile uint32_t answers;
// Halts until there are `count` of them; needs no tick to see the last.
void wait_for_answers(uint32_t count);
// Interrupts a processor, and waits for one more answer.
void ask(uint32_t destination, uint8_t vector);
