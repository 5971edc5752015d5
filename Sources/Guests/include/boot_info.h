// What the machine tells a guest, in a page whose address is in RDI at entry. See ../README.md.
#pragma once

#include <stdint.h>

#define BOOT_INFO_MAGIC 0x45504F43534C5456 // the bytes "VTLSCOPE"
#define BOOT_INFO_VERSION 1

#define BOOT_INFO_RFC_2023 (1 << 0) // flags: groups are encoded in the high bits of APIC IDs ...
#define BOOT_INFO_GROUP_BITS(flags) ((flags) >> 8 & 0xFF) // ... this many

struct boot_info {
  uint64_t magic;
  uint32_t version;
  uint32_t size; // bytes that are filled in: this structure and the command line
  uint32_t vp_count;
  uint32_t vtl_count; // the highest VTL offered, plus one
  uint64_t memory_bytes;
  uint64_t tsc_hz;
  uint64_t apic_timer_hz; // before the divider
  uint64_t flags;
  uint32_t command_line_offset; // from the start of this structure
  uint32_t command_line_length; // without the NUL that ends it
};

_Static_assert(sizeof(struct boot_info) == 64, "BootInformation.swift writes this layout");
