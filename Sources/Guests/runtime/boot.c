#include "guest.h"

struct boot_info boot_info;

// The command line, copied so that the machine's page may be anywhere.
char command_line[1024];

// 4 GiB mapped to themselves, as the machine did, but in the guest's own tables and without page 0: null
// faults.
_Alignas(4096) uint64_t page_map[512];
_Alignas(4096) static uint64_t page_directory_pointers[512];
_Alignas(4096) static uint64_t page_directories[4][512];
_Alignas(4096) uint64_t first_page_table[512];

enum { PRESENT = 1 << 0, WRITABLE = 1 << 1, LARGE = 1 << 7 };

static void build_page_tables(void) {
  for (uint64_t i = 0; i < 4 * 512; i++) (&page_directories[0][0])[i] = i << 21 | PRESENT | WRITABLE | LARGE;
  for (uint64_t i = 1; i < 512; i++) first_page_table[i] = i << 12 | PRESENT | WRITABLE;
  page_directories[0][0] = (uint64_t)first_page_table | PRESENT | WRITABLE;
  for (uint64_t i = 0; i < 4; i++)
    page_directory_pointers[i] = (uint64_t)page_directories[i] | PRESENT | WRITABLE;
  page_map[0] = (uint64_t)page_directory_pointers | PRESENT | WRITABLE;
}

static void read_boot_information(const struct boot_info *page) {
  boot_info = *page;
  const char *text = (const char *)page + page->command_line_offset;
  for (uint32_t i = 0; i < page->command_line_length && i < sizeof command_line - 1; i++)
    command_line[i] = text[i];
}

__attribute__((used)) void start_boot_processor(const struct boot_info *page) {
  read_boot_information(page);
  build_page_tables();
  idt_build();
  context_prepare(0, 0);
  write_cr3((uint64_t)page_map);
  write_cr0(read_cr0() | 1 << 16); // WP
  context_load(&contexts[0][0]);
  if (boot_info.magic != BOOT_INFO_MAGIC) panic("no boot information");
  if (boot_info.vp_count > MAX_VPS)
    panic("%u processors; at most %u are supported", boot_info.vp_count, MAX_VPS);
  apic_enable();
  contexts[0][0].online = true;
  guest_main();
  guest_exit(0);
}
