// Starting the other processors.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Starts one processor with INIT and SIPI, waits until it is up, and lets it run `entry`, which must not
// return.
void processor_start(uint32_t vp, void (*entry)(void));
// All of it but the SIPI, which has to be of vector 8.
void processor_init(uint32_t vp, void (*entry)(void));
// Starts all but the boot processor.
void processors_start(void (*entry)(void));
uint32_t processor_count(void);
