// Starting the other processors.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Starts one processor with INIT and SIPI, waits until it is up, and lets it run `entry`, which must not
// return.
void processor_start(uint32_t vp, void (*entry)(void));
// The steps of it: what the processor will find, INIT, SIPI.
void processor_prepare(uint32_t vp, void (*entry)(void));
void processor_init(uint32_t vp);
void processor_startup(uint32_t vp);
void processor_await(uint32_t vp);
// Starts all but the boot processor.
void processors_start(void (*entry)(void));
uint32_t processor_count(void);
