/*
 * vtlscope.h: the layout of the region, a file through which a virtual machine monitor can be inspected.
 *
 * This header is the layout. It needs nothing but a C11 or C++11 compiler with the __atomic builtins (GCC,
 * Clang), so a VMM in C, C++, Swift or (through bindgen) Rust includes it and becomes inspectable:
 *
 *   1. Fill a vtlscope_header on the stack: identity, counts, then vtlscope_plan() for the tables.
 *   2. Create the file, posix_fallocate() header.file_size bytes, flock(LOCK_EX) it for life, mmap it shared,
 *      copy the header in, and only then give the file its name, NAME.PID, in $XDG_RUNTIME_DIR/vtlscope/, or
 *      else in /dev/shm/vtlscope-UID/ (directory 0700, file 0600). A lock that is free means that the writer
 *      is dead.
 *   3. For each event: vtlscope_event_begin(), fill the slot, vtlscope_event_end().
 *   4. Every few milliseconds, and whenever the machine stops: vtlscope_frame_begin(), fill every record that
 *      changed since that bank was last written, vtlscope_frame_end().
 *   5. Many times a second, also when idle or paused: vtlscope_beat(). At a clean exit: vtlscope_beat() with
 *      VTLSCOPE_HOST_EXITED, then unlink the file.
 *
 * One thread writes. Readers map nothing and write nothing: they copy with pread() and check what they have,
 * so a writer can be stopped or killed between any two stores. All fields are in the writer's byte order.
 *
 * Versions: fields are appended, strides grow and reserved bytes get a meaning in a new minor version; a reader
 * takes those it knows, and the stride of a table says which fields its records have. It refuses another major
 * version. Reserved bytes are zero.
 *
 * 1.1 appends to vtlscope_context, and adds the interrupt hardware outside of the local APICs: the tables ioapics,
 * pins, message_routes and devices. A writer that has none of it leaves those tables all zero.
 * 1.2 appends to vtlscope_context: the synthetic interrupt controller, its timers, and what virtual secure mode holds.
 */
#ifndef VTLSCOPE_H
#define VTLSCOPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VTLSCOPE_ASSERT(condition) static_assert(condition, #condition)
#else
#define VTLSCOPE_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define VTLSCOPE_AT(type, field, place) VTLSCOPE_ASSERT(offsetof(type, field) == (place))

/* "VTLSCOPE" in the bytes of a little-endian writer. */
#define VTLSCOPE_MAGIC 0x45504F43534C5456ull
#define VTLSCOPE_BYTE_ORDER 0x01020304u
#define VTLSCOPE_MAJOR 1u
#define VTLSCOPE_MINOR 2u

#define VTLSCOPE_BANKS 3u
/* Room for a map entry per VP and logical bit, twice over. */
#define VTLSCOPE_MAP_ENTRIES_PER_VP 16u
#define VTLSCOPE_PAGE 4096u

/* vtlscope_header.host_state: what the writer's thread is doing. */
#define VTLSCOPE_HOST_RUNNING 1u
#define VTLSCOPE_HOST_IDLE 2u /* every VP waits; nothing is due yet */
#define VTLSCOPE_HOST_PAUSED 3u
#define VTLSCOPE_HOST_EXITED 4u

/* Where a table is and how far apart its records are. */
typedef struct vtlscope_table {
  uint64_t offset; /* bytes, a multiple of 8, from the start of the file or of a bank: see vtlscope_header */
  uint32_t stride; /* bytes */
  uint32_t count;
} vtlscope_table;
VTLSCOPE_ASSERT(sizeof(vtlscope_table) == 16);

/* At the file's start. */
typedef struct vtlscope_header {
  uint64_t magic;
  uint32_t byte_order;
  uint16_t major_version;
  uint16_t minor_version;
  uint64_t file_size;   /* bytes */
  uint32_t header_size; /* sizeof(vtlscope_header) of the writer */
  uint32_t pid;
  uint64_t start_time; /* of the process: field 22 of /proc/PID/stat, clock ticks since boot */
  char boot_id[40];    /* /proc/sys/kernel/random/boot_id, NUL-padded */
  char name[64];       /* of the machine, NUL-padded */
  uint32_t vp_count;
  uint32_t vtl_count; /* contexts are numbered vp * vtl_count + vtl */
  uint32_t group_count;
  uint32_t map_capacity; /* map entries per group */

  vtlscope_table banks; /* from the file's start; each begins with a vtlscope_bank */
  /* From the start of a bank. */
  vtlscope_table machine;     /* one vtlscope_machine */
  vtlscope_table groups;      /* vtlscope_group */
  vtlscope_table map_entries; /* vtlscope_map_entry, map_capacity of them per group */
  vtlscope_table contexts;    /* vtlscope_context */
  vtlscope_table stamps;      /* vtlscope_stamps, one per context */
  /* From the file's start. */
  vtlscope_table events;  /* vtlscope_event, a power of two of them; event n is in slot n modulo count */
  vtlscope_table symbols; /* vtlscope_symbol, by ascending address */
  vtlscope_table strings; /* bytes; stride 1 */

  uint64_t symbols_end;     /* nothing at or above this address is named */
  uint64_t symbols_dropped; /* symbols that found no room */

  /* Version 1.1. From the start of a bank. */
  vtlscope_table ioapics;        /* vtlscope_ioapic */
  vtlscope_table pins;           /* vtlscope_pin: those of the first IOAPIC, then those of the next */
  vtlscope_table message_routes; /* vtlscope_message_route */
  vtlscope_table devices;        /* one vtlscope_devices */

  /* What changes while the machine lives; a cache line of its own. */
  uint64_t current_frame; /* frames count from 1, 0 is none yet; frame n is in bank n modulo banks.count */
  uint64_t next_event;    /* how many events have been recorded */
  uint64_t heartbeat;     /* CLOCK_MONOTONIC, nanoseconds */
  uint32_t host_state;    /* VTLSCOPE_HOST_... */
  uint32_t publishing;    /* the part of the last second that went into frames, in millionths; 0 unknown */

  /* Version 1.2. From the start of a bank. */
  vtlscope_table memory; /* one vtlscope_memory, with what follows it */
  uint32_t reserved_live[4];
} vtlscope_header;
VTLSCOPE_AT(vtlscope_header, file_size, 16);
VTLSCOPE_AT(vtlscope_header, boot_id, 40);
VTLSCOPE_AT(vtlscope_header, vp_count, 144);
VTLSCOPE_AT(vtlscope_header, banks, 160);
VTLSCOPE_AT(vtlscope_header, events, 256);
VTLSCOPE_AT(vtlscope_header, symbols_end, 304);
VTLSCOPE_AT(vtlscope_header, ioapics, 320);
VTLSCOPE_AT(vtlscope_header, current_frame, 384);
VTLSCOPE_AT(vtlscope_header, host_state, 408);
VTLSCOPE_AT(vtlscope_header, publishing, 412);
VTLSCOPE_AT(vtlscope_header, memory, 416);
VTLSCOPE_ASSERT(sizeof(vtlscope_header) == 448);

/* At the start of a bank. */
typedef struct vtlscope_bank {
  uint64_t frame; /* the frame in this bank; 0 while it is being written */
  uint64_t reserved[7];
} vtlscope_bank;
VTLSCOPE_ASSERT(sizeof(vtlscope_bank) == 64);

/* vtlscope_machine.present */
#define VTLSCOPE_MACHINE_IDLE_UNTIL (1u << 0)

/* vtlscope_machine.group_encoding */
#define VTLSCOPE_GROUPS_EXPLICIT 0u
#define VTLSCOPE_GROUPS_RFC_2023 1u

/* What is true of the whole machine. Times are ticks of virtual time: nanoseconds since power-on. */
typedef struct vtlscope_machine {
  uint64_t epoch; /* counts changes of the machine */
  uint64_t time;
  uint64_t instructions; /* retired by all VPs */
  uint64_t next_event;   /* the sequence number of the next event, when the frame was made */
  uint64_t undelivered;  /* requests that reached nobody */
  uint64_t map_disagreements;
  uint64_t idle_until; /* if present: every VP waits until then */
  uint64_t memory_bytes;
  uint64_t commands;     /* operator commands taken */
  uint32_t exit_status;  /* of the guest, when stop_cause is 1 */
  uint32_t pace_milli;   /* virtual time over host time, in thousandths; 0 unknown */
  uint32_t present;      /* VTLSCOPE_MACHINE_... */
  uint16_t enabled_vtls; /* bit n: VTL n is enabled for the partition */
  uint8_t run_state;     /* 0 running, 1 paused, 2 stopped for good */
  /* 0 none, 1 debug exit, 2 triple fault, 3 nothing can happen, 4 time, 5 limit, 6 quit, 7 guest's reset */
  uint8_t stop_cause;
  uint8_t group_encoding;
  uint8_t group_bits; /* with VTLSCOPE_GROUPS_RFC_2023 */
  uint8_t reserved[6];
} vtlscope_machine;
VTLSCOPE_AT(vtlscope_machine, exit_status, 72);
VTLSCOPE_AT(vtlscope_machine, group_encoding, 88);
VTLSCOPE_ASSERT(sizeof(vtlscope_machine) == 96);

/* One register of a local APIC: 32 bits at every 16 bytes (SDM Vol. 3A, table 12-1). */
typedef struct vtlscope_apic_register {
  uint32_t value;
  uint32_t reserved[3];
} vtlscope_apic_register;

/* A write worth remembering. */
typedef struct vtlscope_write {
  uint64_t time;
  uint64_t rip;
  uint64_t value;
} vtlscope_write;

/* vtlscope_context.flags */
#define VTLSCOPE_CONTEXT_ENABLED (1u << 0)
#define VTLSCOPE_CONTEXT_ACTIVE (1u << 1) /* this is the VTL its VP is in */
#define VTLSCOPE_CONTEXT_INTERRUPT_SHADOW (1u << 2)
#define VTLSCOPE_CONTEXT_NMI_BLOCKED (1u << 3)
#define VTLSCOPE_CONTEXT_INIT_PENDING (1u << 4)
#define VTLSCOPE_CONTEXT_VINA_ASSERTED (1u << 5)
#define VTLSCOPE_CONTEXT_EXTERNAL_PENDING (1u << 6) /* an 8259 has an interrupt for it (ExtINT) */

/* vtlscope_context.present: which of the optional fields say something. */
#define VTLSCOPE_CONTEXT_STARTUP_VECTOR (1u << 0)
#define VTLSCOPE_CONTEXT_TIMER_DUE (1u << 1)
#define VTLSCOPE_CONTEXT_LAST_MASKED_EXPIRY (1u << 2)
#define VTLSCOPE_CONTEXT_LAST_TPR (1u << 3)
#define VTLSCOPE_CONTEXT_LAST_EOI (1u << 4)
#define VTLSCOPE_CONTEXT_LAST_HALT (1u << 5)
#define VTLSCOPE_CONTEXT_LAST_INIT (1u << 6)
#define VTLSCOPE_CONTEXT_LAST_INIT_SENDER (1u << 7)
#define VTLSCOPE_CONTEXT_LAST_STARTUP (1u << 8)
#define VTLSCOPE_CONTEXT_LAST_EXPIRY (1u << 9)
#define VTLSCOPE_CONTEXT_LAST_TIMER_WRITE (1u << 10)
#define VTLSCOPE_CONTEXT_SYNIC (1u << 11) /* 1.2: the fields of the SynIC and of its timers */

/* The size of a vtlscope_context in version 1.0. */
#define VTLSCOPE_CONTEXT_SIZE_1_0 1536u

/* One synthetic interrupt source (TLFS). Version 1.2. */
typedef struct vtlscope_sint {
  uint64_t config; /* the SINTn MSR */
  uint64_t delivered;
  uint64_t dropped;
  uint32_t message_type; /* in its slot; 0 empty */
  uint32_t queued;       /* messages behind it */
  uint32_t event_flags;  /* how many are set */
  uint8_t message_pending;
  uint8_t reserved[3];
} vtlscope_sint;
VTLSCOPE_ASSERT(sizeof(vtlscope_sint) == 40);

/* One synthetic timer (TLFS). Version 1.2. */
#define VTLSCOPE_STIMER_DUE (1u << 0)
#define VTLSCOPE_STIMER_LAST_EXPIRY (1u << 1)
typedef struct vtlscope_stimer {
  uint64_t config; /* STIMERn_CONFIG */
  uint64_t count;  /* STIMERn_COUNT, 100 ns */
  uint64_t due;
  uint64_t last_expiry;
  uint64_t expired;
  uint64_t skipped;
  uint8_t present; /* VTLSCOPE_STIMER_...: which of the times there are */
  uint8_t waits;   /* its message waits for the slot */
  uint8_t reserved[6];
} vtlscope_stimer;
VTLSCOPE_ASSERT(sizeof(vtlscope_stimer) == 56);


/* One VTL of one VP. */
typedef struct vtlscope_context {
  /* The local APIC page as xAPIC MMIO and KVM_GET_LAPIC have it; in x2APIC mode the ID register has 32 bits,
   * and 310h the ICR's destination. */
  vtlscope_apic_register apic[64];

  uint32_t vp;
  uint8_t vtl;
  uint8_t group;
  uint8_t activity;     /* 0 running, 1 halted, 2 waits for SIPI, 3 shutdown, 4 idle */
  uint8_t entry_reason; /* 0 none, 1 call, 2 interrupt, 3 intercept, 16 return, 17 operator */
  uint32_t flags;
  uint32_t present;
  uint64_t since; /* when activity and ACTIVE became what they are */

  uint64_t rip;
  uint64_t rsp;
  uint64_t rflags;
  uint64_t cr0;
  uint64_t cr3;
  uint64_t cr4;
  uint64_t efer;
  uint64_t instruction[2]; /* the bytes at RIP: byte i is bits 8i+7:8i of the pair */
  uint8_t instruction_count;
  uint8_t nmi_pending;
  uint8_t startup_vector;
  uint8_t init_latch; /* what keeps a pending INIT waiting: 0 nothing, 1 SMM, 2 VMX root, 3 GIF=0 */
  uint16_t code_selector;
  uint16_t reserved_selector;

  /* One bit per vector: waiting in the IRR, served in the ISR, and which of those are level-triggered. */
  uint64_t pending[4];
  uint64_t pending_level[4];
  uint64_t in_service[4];
  uint64_t in_service_level[4];
  uint64_t apic_base; /* IA32_APIC_BASE */

  uint64_t timer_due;
  uint64_t timer_period;
  uint64_t timer_deadline; /* IA32_TSC_DEADLINE */
  uint64_t timer_expired;
  uint64_t timer_expired_masked;
  uint64_t last_masked_expiry;

  vtlscope_write last_tpr;
  vtlscope_write last_eoi;  /* value: the vector, 0 when nothing was in service */
  vtlscope_write last_halt; /* rip: after HLT; value: RFLAGS */
  uint64_t last_init;
  uint64_t last_startup;
  uint32_t last_init_vp;
  uint8_t last_init_vtl;
  uint8_t reserved_init[3];

  uint64_t entry_time;
  uint64_t vina;        /* TLFS, VsmVina: vector 7:0, enabled 8, auto-reset 9, auto-EOI 10 */
  uint64_t assist_page; /* TLFS, the VP_ASSIST_PAGE MSR */
  uint64_t guest_os_id;
  uint64_t hypercall_page;

  uint64_t instructions; /* retired in this context */
  uint64_t accepted;
  uint64_t merged;
  uint64_t rejected;
  uint64_t end_of_interrupts;
  uint64_t spurious_eois;
  uint64_t sent;
  uint64_t undelivered;
  uint64_t vtl_entries;
  uint64_t halts;
  uint64_t exceptions;

  /* Version 1.1. */
  uint64_t smis;             /* that reached it, and were turned down */
  uint64_t arbitrations_won; /* lowest-priority requests that it got */
  uint64_t last_expiry;      /* of the timer, masked or not */
  uint64_t merged_ticks;     /* expiries that found their vector pending already */
  uint64_t ignored_timer_writes;
  vtlscope_write last_timer_write;
  uint8_t timer_register;     /* of the last write: 0 TMICT, 1 IA32_TSC_DEADLINE, 2 LVT timer, 3 TDCR */
  uint8_t timer_ignored;      /* its mode did not let it do anything */
  uint8_t lazy_eoi;           /* 0 off, 1 enabled, 2 armed, 3 taken */
  uint8_t reserved_lazy[5];
  uint64_t lazy_eoi_address; /* guest physical */
  uint64_t reserved_tail[6];

  /* Version 1.2. */
  uint64_t synic_control; /* TLFS, the SCONTROL MSR */
  uint64_t message_page;  /* SIMP */
  uint64_t event_page;    /* SIEFP */
  vtlscope_sint sints[16];
  vtlscope_stimer stimers[4];
  uint64_t vsm_partition_config;
  uint64_t vsm_secure_config[2]; /* VsmVpSecureConfigVtl0 and 1, as this context has set them */
  uint64_t intercept_control;
  uint64_t intercept_cr0_mask;
  uint64_t intercept_cr4_mask;
  uint64_t intercept_misc_enable_mask;
  uint64_t pending_event; /* PendingEvent0, low half */
  uint64_t reference_tsc; /* the REFERENCE_TSC MSR */
  uint8_t waits_for_tlb;
  uint8_t reserved_vsm[7];
  uint64_t reserved_tail_1_2[7];
} vtlscope_context;
VTLSCOPE_AT(vtlscope_context, vp, 1024);
VTLSCOPE_AT(vtlscope_context, rip, 1048);
VTLSCOPE_AT(vtlscope_context, instruction_count, 1120);
VTLSCOPE_AT(vtlscope_context, pending, 1128);
VTLSCOPE_AT(vtlscope_context, timer_due, 1264);
VTLSCOPE_AT(vtlscope_context, last_tpr, 1312);
VTLSCOPE_AT(vtlscope_context, entry_time, 1408);
VTLSCOPE_AT(vtlscope_context, instructions, 1448);
VTLSCOPE_AT(vtlscope_context, smis, VTLSCOPE_CONTEXT_SIZE_1_0);
VTLSCOPE_AT(vtlscope_context, last_timer_write, 1576);
VTLSCOPE_AT(vtlscope_context, lazy_eoi_address, 1608);
VTLSCOPE_AT(vtlscope_context, synic_control, 1664);
VTLSCOPE_AT(vtlscope_context, stimers, 2328);
VTLSCOPE_AT(vtlscope_context, vsm_partition_config, 2552);
VTLSCOPE_ASSERT(sizeof(vtlscope_context) == 2688);

/* Since when a vector waits or is being served, and which interrupt it belongs to. */
typedef struct vtlscope_stamp {
  uint64_t since;
  uint64_t journey; /* 0 none */
} vtlscope_stamp;

/* By vector. An entry says something while its bit in pending or in_service of its context is set. */
typedef struct vtlscope_stamps {
  vtlscope_stamp pending[256];
  vtlscope_stamp in_service[256];
  uint64_t reserved[8]; /* keeps the same vector of many contexts out of one set of the cache */
} vtlscope_stamps;
VTLSCOPE_ASSERT(sizeof(vtlscope_stamps) == 8256);

/* One APIC group. Its map entries begin at record index * map_capacity: physical ones, then logical ones. */
typedef struct vtlscope_group {
  uint64_t built_at;
  uint32_t generation; /* counts rebuilds */
  uint32_t members;    /* local APICs that exist, */
  uint32_t hardware_enabled;
  uint32_t software_enabled; /* and are enabled */
  uint32_t duplicate_ids;
  uint32_t physical_count;
  uint32_t logical_count;
  uint32_t entries_dropped; /* that found no room */
  uint8_t id;
  uint8_t vtl;
  uint8_t logical_mode;        /* 0 unused, 1 flat, 2 cluster, 3 x2APIC, 4 disabled */
  uint8_t logical_mode_reason; /* 0 none, 1 mixed modes, 2 aliased LDR, 3 group not zero */
  uint8_t reserved[20];
} vtlscope_group;
VTLSCOPE_AT(vtlscope_group, id, 40);
VTLSCOPE_ASSERT(sizeof(vtlscope_group) == 64);

typedef struct vtlscope_map_entry {
  uint32_t key; /* a physical ID; or a logical slot: cluster in bits 31:16, one bit of bits 15:0 */
  uint32_t vp;
} vtlscope_map_entry;
VTLSCOPE_ASSERT(sizeof(vtlscope_map_entry) == 8);

/* Names of devices: UTF-8, NUL-padded; a longer one is cut off. */
#define VTLSCOPE_DEVICE_NAME 24u

/* An IOAPIC (82093AA). */
typedef struct vtlscope_ioapic {
  uint64_t base;            /* guest physical */
  uint32_t first_interrupt; /* the global system interrupt of pin 0 */
  uint32_t pin_count;
  uint8_t id;      /* bits 27:24 of its ID register */
  uint8_t version; /* 0x11, or 0x20 with an EOI register */
  uint8_t reserved[14];
} vtlscope_ioapic;
VTLSCOPE_ASSERT(sizeof(vtlscope_ioapic) == 32);

/* vtlscope_pin.flags */
#define VTLSCOPE_PIN_LINE_HIGH (1u << 0)
#define VTLSCOPE_PIN_LAST_DELIVERED (1u << 1) /* the last message reached somebody */

/* vtlscope_pin.present */
#define VTLSCOPE_PIN_LAST_SENT (1u << 0)
#define VTLSCOPE_PIN_LAST_EOI (1u << 1)
#define VTLSCOPE_PIN_LAST_MASKED_EDGE (1u << 2)
#define VTLSCOPE_PIN_LAST_UNMASK (1u << 3)
#define VTLSCOPE_PIN_LAST_WRITE (1u << 4)

/* One pin of an IOAPIC. */
typedef struct vtlscope_pin {
  uint64_t entry;            /* of the redirection table */
  uint64_t line_since;       /* when the line became what it is */
  uint64_t remote_irr_since; /* says something while remote IRR is set in the entry */
  uint64_t last_sent;
  uint64_t last_journey;     /* 0 none */
  uint64_t last_eoi;         /* the last time remote IRR was cleared */
  uint64_t last_masked_edge; /* an edge that was lost */
  uint64_t last_unmask;
  vtlscope_write last_write; /* of the entry; value: what was there before */
  uint64_t raised;           /* rising edges of the line */
  uint64_t sent;
  uint64_t undelivered; /* messages that reached nobody */
  uint64_t coalesced;
  uint64_t masked_edges;
  uint64_t end_of_interrupts;
  uint32_t flags;
  uint32_t present;
  uint8_t index; /* in its IOAPIC */
  uint8_t group; /* that its messages are resolved in */
  uint8_t reserved[6];
  char device[VTLSCOPE_DEVICE_NAME]; /* what is on the line; empty: unknown */
  uint64_t reserved_tail[2];
} vtlscope_pin;
VTLSCOPE_AT(vtlscope_pin, raised, 88);
VTLSCOPE_AT(vtlscope_pin, index, 144);
VTLSCOPE_ASSERT(sizeof(vtlscope_pin) == 192);

/* vtlscope_message_route.flags */
#define VTLSCOPE_ROUTE_ENABLED (1u << 0)

/* vtlscope_message_route.present */
#define VTLSCOPE_ROUTE_LAST_SENT (1u << 0)

/* The message-signaled interrupt of one device. */
typedef struct vtlscope_message_route {
  uint64_t address;
  uint32_t data;
  uint32_t flags;
  uint64_t sent;
  uint64_t undelivered; /* reached nobody */
  uint64_t malformed;   /* writes that were no interrupt message */
  uint64_t last_sent;
  uint64_t last_journey; /* 0 none */
  uint32_t present;
  uint8_t group;
  uint8_t last_fault; /* 0 none, 1 not FEEh, 2 upper address bits, 3 extended destination */
  uint8_t reserved[2];
  char device[VTLSCOPE_DEVICE_NAME];
  uint64_t reserved_tail;
} vtlscope_message_route;
VTLSCOPE_AT(vtlscope_message_route, device, 64);
VTLSCOPE_ASSERT(sizeof(vtlscope_message_route) == 96);

/* vtlscope_pic.flags */
#define VTLSCOPE_PIC_AUTO_EOI (1u << 0)
#define VTLSCOPE_PIC_INITIALIZED (1u << 1) /* ICW1 to ICW4 were written */

/* One 8259A interrupt controller: a bit per input. */
typedef struct vtlscope_pic {
  uint8_t requests;
  uint8_t in_service;
  uint8_t mask;
  uint8_t lines;
  uint8_t level_triggered; /* 4D0h or 4D1h */
  uint8_t vector_base;
  uint8_t flags;
  uint8_t reserved;
} vtlscope_pic;
VTLSCOPE_ASSERT(sizeof(vtlscope_pic) == 8);

/* vtlscope_devices.present */
#define VTLSCOPE_DEVICES_PIC (1u << 0)
#define VTLSCOPE_DEVICES_PIT (1u << 1)
#define VTLSCOPE_DEVICES_SERIAL (1u << 2)
#define VTLSCOPE_DEVICES_PIT_DUE (1u << 3)

/* vtlscope_devices.flags */
#define VTLSCOPE_DEVICES_PIC_OUTPUT (1u << 0) /* INTR is asserted */

/* The devices of a PC that interrupts begin or pass in. */
typedef struct vtlscope_devices {
  uint32_t present;
  uint32_t flags;

  vtlscope_pic pic[2]; /* master, slave */
  uint64_t pic_acknowledged;
  uint64_t pic_spurious;

  uint64_t pit_due; /* channel 0 of the 8254 */
  uint64_t pit_period;
  uint64_t pit_expired;
  uint32_t pit_reload; /* counts of 1.193182 MHz, 1...65536; 0 never loaded */
  uint8_t pit_mode;    /* 0...5 */
  uint8_t reserved_pit[3];

  uint8_t serial_ier; /* registers of the 16550, as they would read */
  uint8_t serial_iir;
  uint8_t serial_lcr;
  uint8_t serial_mcr;
  uint8_t serial_lsr;
  uint8_t serial_waiting; /* bytes in the receive FIFO, 0...16 */
  uint8_t serial_trigger; /* its trigger level */
  uint8_t reserved_serial;
  uint64_t serial_received;
  uint64_t serial_transmitted;
  uint64_t serial_overruns;
  uint64_t serial_disconnected;
  uint32_t serial_typed; /* bytes an operator has typed that are not on the line yet */
  uint32_t reserved_typed;
} vtlscope_devices;
VTLSCOPE_AT(vtlscope_devices, pit_due, 40);
VTLSCOPE_AT(vtlscope_devices, serial_ier, 72);
VTLSCOPE_ASSERT(sizeof(vtlscope_devices) == 120);

/* Consecutive pages of which a VTL may not do everything (TLFS, HvCallModifyVtlProtectionMask). */
typedef struct vtlscope_protection {
  uint64_t first_page; /* guest page numbers first_page ... first_page + count - 1 */
  uint64_t count;
  uint8_t vtl;    /* whose accesses are meant */
  uint8_t access; /* what it may do: 0 read, 1 write, 2 kernel execute, 3 user execute */
  uint8_t reserved[6];
} vtlscope_protection;
VTLSCOPE_ASSERT(sizeof(vtlscope_protection) == 24);

/* A page that Hyper-V has laid over one of the guest's. */
typedef struct vtlscope_overlay {
  uint64_t page;
  uint32_t vp; /* 0 for those of a VTL of the partition */
  uint8_t vtl;
  uint8_t kind; /* 0 hypercall, 1 VP assist, 2 reference TSC, 3 SynIC messages, 4 SynIC event flags */
  uint8_t is_writable;
  uint8_t reserved;
} vtlscope_overlay;
VTLSCOPE_ASSERT(sizeof(vtlscope_overlay) == 16);

#define VTLSCOPE_PROTECTIONS 1024u
#define VTLSCOPE_OVERLAYS 1024u

/* What the VTLs may do with guest memory. Room for VTLSCOPE_PROTECTIONS vtlscope_protection follows at once, then for
 * VTLSCOPE_OVERLAYS vtlscope_overlay. */
typedef struct vtlscope_memory {
  uint64_t dropped_protections; /* that found no room */
  uint64_t dropped_overlays;
  uint64_t intercepts;      /* since power-on */
  uint64_t intercept_waits; /* for a message slot */
  uint32_t protection_count; /* by VTL, then by page */
  uint32_t overlay_count;
  uint32_t intercepted_ports;
  uint32_t reserved;
} vtlscope_memory;
VTLSCOPE_ASSERT(sizeof(vtlscope_memory) == 48);
#define VTLSCOPE_MEMORY_OVERLAYS 24624u /* where the overlays are */
#define VTLSCOPE_MEMORY_BYTES 41008u    /* with all that follows */
VTLSCOPE_ASSERT(VTLSCOPE_MEMORY_OVERLAYS == 48 + 24 * VTLSCOPE_PROTECTIONS);
VTLSCOPE_ASSERT(VTLSCOPE_MEMORY_BYTES == VTLSCOPE_MEMORY_OVERLAYS + 16 * VTLSCOPE_OVERLAYS);

/* vtlscope_event.vtl when the event belongs to no context. */
#define VTLSCOPE_NO_VTL 0xFFu

/* One thing that happened. A reader skips, and counts, a kind that it does not know.
 *
 * kind                  detail                  a                   b                    c
 *  0 requested          source 7:0, narrow 8,   ICR (x2APIC form)   target's VP 31:0,    delivered 15:0,
 *                       has a target 9                              candidates 47:32,    rejected 31:16,
 *                                                                   group 55:48,         reason 39:32,
 *                                                                   target's VTL 63:56   path 47:40
 *  1 accepted           vector 7:0, mode 15:8   0 pending,
 *                                               1 merged,           journey merged with
 *                                               2 rejected          reason
 *  2 acknowledged       vector                  waited
 *  3 end of interrupt   vector                  in service
 *  4 spurious EOI
 *  5 timer expired      vector 7:0, masked 8    due
 *  6 halted             interrupts enabled
 *  7 woke                                       after
 *  8 VTL switched       from 7:0, to 15:8       reason              1 + vector, or 0
 *  9 hypercall          code                    status 15:0,        what it is about     what goes with it
 *                                               reps done 27:16,
 *                                               asked for 39:28,
 *                                               fast 40, has a
 *                                               target 41, its VTL
 *                                               47:44 and VP 63:48
 * 10 task priority      from 7:0, to 15:8
 * 11 exception          vector 7:0, has code 8  error code          address
 * 12 NMI taken
 * 13 INIT processed
 * 14 SIPI processed     vector
 * 15 map rebuilt        group                   generation          mode                 reason
 * 16 APIC base changed                          from                to
 * 17 software enable    on
 * 18 APIC error         status
 * 19 VTL enabled        VTL 7:0, partition 8
 * 20 VINA asserted      vector
 * 21 command            kind                    refusal, 0 none
 * 22 stopped            cause                   status
 * 23 pin looked at      pin 7:0, line high 8    cause                outcome
 * 24 route written      pin                     entry before         entry now
 * 25 remote IRR cleared pin 7:0, vector 15:8    how
 * 26 message sent       route                   address              data                 fault, 0 none
 * 27 ExtINT taken       vector 7:0, IRQ 15:8    spurious
 * 28 timer write        register                value
 *                       (ignored by its mode)
 * 29 KVM hypercall      has a target 0          number               result               target's VP 31:0, VTL 39:32
 * 30 intercepted        kind 3:0, access 7:4,   GPA, register, MSR,  GVA or value
 *                       VTL 11:8, waits 15      port or vector
 * 31 SynIC message      SINT 7:0, outcome 15:8  HV_MESSAGE_TYPE
 * 32 SynIC event        SINT 7:0, new 8         flag
 * 33 stimer expired     timer 7:0, direct 8     due                  vector or SINT
 * 34 protection         VTL 7:0, access 15:8    first page           pages
 * 35 overlay page       kind 7:0, VTL 15:8      page                 mapped
 * 36 TLB lock           VTL 7:0, locked 8
 * 37 flush waits                                holder's VP 31:0, VTL 39:32
 * 38 event injected     VTL 7:0, vector 15:8    error code 31:0, has one 32
 * 39 connection         0 message, 1 event,     its ID               target's VP 31:0,
 *                       2 SINT route 3:0;                            VTL 39:32
 *                       0 made, 1 broken,
 *                       2 refused 7:4;
 *                       SINT 15:8
 * 40 guest crashed      CRASH_CTL 63:56         P0                  P1                   P2
 * 41 and the rest       has a message 0         P3                  P4
 * 42 guest idle         interrupts enabled
 *
 * The fields of 9 other than code, status 15:0 are of version 1.2, as are 30 to 42.
 */
typedef struct vtlscope_event {
  uint64_t stamp; /* 1 + the sequence number; 0 while the slot is being written */
  uint64_t time;
  uint64_t journey; /* 0 none */
  uint64_t rip;
  uint32_t vp;
  uint8_t vtl;
  uint8_t kind;
  uint16_t detail;
  uint64_t a;
  uint64_t b;
  uint64_t c;
} vtlscope_event;
VTLSCOPE_AT(vtlscope_event, kind, 37);
VTLSCOPE_ASSERT(sizeof(vtlscope_event) == 64);

/* A name of the guest's own for an address in it. */
typedef struct vtlscope_symbol {
  uint64_t address;
  uint32_t name;   /* offset in the strings */
  uint32_t length; /* bytes, UTF-8 */
} vtlscope_symbol;
VTLSCOPE_ASSERT(sizeof(vtlscope_symbol) == 16);

#ifdef __cplusplus
extern "C" {
#endif

/* Atomic access of the C11 memory model. */
static inline uint64_t vtlscope_load_acquire(const uint64_t *place) {
  return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}
static inline void vtlscope_store_release(uint64_t *place, uint64_t value) {
  __atomic_store_n(place, value, __ATOMIC_RELEASE);
}
static inline void vtlscope_store_relaxed(uint64_t *place, uint64_t value) {
  __atomic_store_n(place, value, __ATOMIC_RELAXED);
}
static inline void vtlscope_store_state(uint32_t *place, uint32_t value) {
  __atomic_store_n(place, value, __ATOMIC_RELEASE);
}
static inline void vtlscope_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline void vtlscope_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

static inline uint64_t vtlscope_align(uint64_t bytes, uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/* Places the tables and sets file_size, from vp_count, vtl_count and group_count, from the counts in ioapics, pins,
 * message_routes and devices, and from the counts given. `events` must be a power of two. */
static inline void vtlscope_plan(vtlscope_header *header, uint32_t events, uint32_t symbols,
                                 uint32_t string_bytes) {
  uint32_t contexts = header->vp_count * header->vtl_count;
  uint64_t next = vtlscope_align(sizeof(vtlscope_bank), 64);
  header->map_capacity = header->vp_count * VTLSCOPE_MAP_ENTRIES_PER_VP;

#define VTLSCOPE_PLACE(table, type, n)                              \
  do {                                                              \
    header->table.offset = next;                                    \
    header->table.stride = (uint32_t)sizeof(type);                  \
    header->table.count = (n);                                      \
    next = vtlscope_align(next + (uint64_t)sizeof(type) * (n), 64); \
  } while (0)
  VTLSCOPE_PLACE(machine, vtlscope_machine, 1);
  VTLSCOPE_PLACE(groups, vtlscope_group, header->group_count);
  VTLSCOPE_PLACE(map_entries, vtlscope_map_entry, header->group_count * header->map_capacity);
  VTLSCOPE_PLACE(contexts, vtlscope_context, contexts);
  VTLSCOPE_PLACE(stamps, vtlscope_stamps, contexts);
  VTLSCOPE_PLACE(ioapics, vtlscope_ioapic, header->ioapics.count);
  VTLSCOPE_PLACE(pins, vtlscope_pin, header->pins.count);
  VTLSCOPE_PLACE(message_routes, vtlscope_message_route, header->message_routes.count);
  VTLSCOPE_PLACE(devices, vtlscope_devices, header->devices.count);
  header->memory.offset = next;
  header->memory.stride = VTLSCOPE_MEMORY_BYTES;
  next = vtlscope_align(next + (uint64_t)VTLSCOPE_MEMORY_BYTES * header->memory.count, 64);

  header->banks.offset = VTLSCOPE_PAGE;
  header->banks.stride = (uint32_t)vtlscope_align(next, VTLSCOPE_PAGE);
  header->banks.count = VTLSCOPE_BANKS;
  next = header->banks.offset + (uint64_t)header->banks.stride * VTLSCOPE_BANKS;
  VTLSCOPE_PLACE(events, vtlscope_event, events);
  VTLSCOPE_PLACE(symbols, vtlscope_symbol, symbols);
  VTLSCOPE_PLACE(strings, char, string_bytes);
#undef VTLSCOPE_PLACE
  header->file_size = vtlscope_align(next, VTLSCOPE_PAGE);
  header->header_size = (uint32_t)sizeof(vtlscope_header);
}

static inline void *vtlscope_bank_at(void *base, uint64_t frame) {
  vtlscope_header *header = (vtlscope_header *)base;
  return (char *)base + header->banks.offset + frame % header->banks.count * header->banks.stride;
}

/* Opens the bank of the next frame and returns it. The frame before stays what readers see. */
static inline void *vtlscope_frame_begin(void *base) {
  void *bank = vtlscope_bank_at(base, ((vtlscope_header *)base)->current_frame + 1);
  vtlscope_store_relaxed(&((vtlscope_bank *)bank)->frame, 0);
  vtlscope_fence_release();
  return bank;
}

/* Makes the frame under way the current one. */
static inline uint64_t vtlscope_frame_end(void *base) {
  vtlscope_header *header = (vtlscope_header *)base;
  uint64_t frame = header->current_frame + 1;
  vtlscope_store_release(&((vtlscope_bank *)vtlscope_bank_at(base, frame))->frame, frame);
  vtlscope_store_release(&header->current_frame, frame);
  return frame;
}

/* Opens the slot of event `sequence`, which is header->next_event. */
static inline vtlscope_event *vtlscope_event_begin(void *base, uint64_t sequence) {
  vtlscope_header *header = (vtlscope_header *)base;
  vtlscope_event *slot =
      (vtlscope_event *)((char *)base + header->events.offset) + (sequence & (header->events.count - 1));
  /* Whoever sees a store below also sees the next_event stored before it. */
  vtlscope_fence_release();
  vtlscope_store_relaxed(&slot->stamp, 0);
  vtlscope_fence_release();
  return slot;
}

/* Makes a filled slot readable. */
static inline void vtlscope_event_end(void *base, vtlscope_event *slot, uint64_t sequence) {
  vtlscope_store_release(&slot->stamp, sequence + 1);
  vtlscope_store_release(&((vtlscope_header *)base)->next_event, sequence + 1);
}

/* Says that the writer lives, at `now` of CLOCK_MONOTONIC in nanoseconds. */
static inline void vtlscope_beat(void *base, uint32_t host_state, uint64_t now) {
  vtlscope_header *header = (vtlscope_header *)base;
  vtlscope_store_state(&header->host_state, host_state);
  vtlscope_store_release(&header->heartbeat, now);
}

/* Says what being seen costs: the part of the last second that went into frames, in millionths, at least 1. */
static inline void vtlscope_cost(void *base, uint32_t millionths) {
  vtlscope_store_state(&((vtlscope_header *)base)->publishing, millionths);
}

#ifdef __cplusplus
}
#endif

#endif
