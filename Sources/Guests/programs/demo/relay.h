// IPIs whose arrival is checked.
#pragma once

#include "guest.h"

enum form { UNICAST, ALL_BUT_SELF, LOGICAL, LOWEST_PRIORITY };

// One kind of IPI. Only its holder sends it, waits until it has arrived everywhere, and hands the relay on to
// the next processor. So no two of a kind are ever under way: a vector that is already pending would swallow
// the second.
struct relay {
  const char *name;
  uint8_t vector;
  enum form form;
  uint64_t interval;   // between rounds, in microseconds
  struct relay *reply; // what the target sends back, if anything
  volatile uint32_t holder;
  volatile bool waiting;
  uint64_t due; // when to send, or to give up waiting
  uint64_t round;
  uint32_t expected;         // arrivals in this round
  volatile uint64_t awaited; // processors that have not taken it, a bit each
  volatile uint64_t sent, arrived;
  volatile uint64_t strays; // arrivals nobody had sent: an operator's, say
};

// Lets the relay's holder do what is due. Called now and then on every processor.
void relay_drive(struct relay *relay);

// In the handler of the vector. False when nobody had sent it here.
bool relay_take(struct relay *relay);
