// Says hello and exits with 0: the smallest program that shows a machine works.
#include "guest.h"

void guest_main(void) { print("hello from processor %u of %u\n", this_context()->vp, processor_count()); }
