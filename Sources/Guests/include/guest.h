// Everything a guest program may use. A program defines `guest_main`.
#pragma once

#include "apic.h"
#include "boot_info.h"
#include "context.h"
#include "cpu.h"
#include "devices.h"
#include "hypercall.h"
#include "intercept.h"
#include "interrupts.h"
#include "ioapic.h"
#include "legacy.h"
#include "paravirtual.h"
#include "print.h"
#include "processors.h"
#include "roles.h"
#include "synic.h"
#include "tick.h"
#include "vtl.h"

// Runs on the boot processor in VTL0 with interrupts disabled and the APIC enabled in xAPIC mode. When it
// returns the guest exits with 0.
void guest_main(void);
