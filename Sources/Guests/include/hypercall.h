// The Hyper-V hypercall interface (TLFS, "Hypercall Interface").
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MSR_HV_GUEST_OS_ID 0x40000000
#define MSR_HV_HYPERCALL 0x40000001
#define MSR_HV_VP_INDEX 0x40000002
#define MSR_HV_VP_ASSIST_PAGE 0x40000073

enum hypercall_code {
  HVCALL_FLUSH_SPACE = 0x02,
  HVCALL_FLUSH_LIST = 0x03,
  HVCALL_SEND_IPI = 0x0B,
  HVCALL_MODIFY_PROTECTION = 0x0C,
  HVCALL_ENABLE_PARTITION_VTL = 0x0D,
  HVCALL_ENABLE_VP_VTL = 0x0F,
  HVCALL_VTL_CALL = 0x11,
  HVCALL_VTL_RETURN = 0x12,
  HVCALL_FLUSH_SPACE_EX = 0x13,
  HVCALL_FLUSH_LIST_EX = 0x14,
  HVCALL_INSTALL_INTERCEPT = 0x4D,
  HVCALL_GET_VP_REGISTERS = 0x50,
  HVCALL_SET_VP_REGISTERS = 0x51,
  HVCALL_TRANSLATE = 0x52,
  HVCALL_POST_MESSAGE = 0x5C,
  HVCALL_SIGNAL_EVENT = 0x5D,
  HVCALL_RETARGET = 0x7E,
  HVCALL_ASSERT_INTERRUPT = 0x94,
  HVCALL_START_VP = 0x99,
  HVCALL_TRANSLATE_EX = 0xAC,
  HVCALL_SIGNAL_EVENT_DIRECT = 0xC0,
  HVCALL_POST_MESSAGE_DIRECT = 0xC1,
  HVCALL_CHECK_ACCESS = 0xD4,
  HVCALL_GET_CPUID = 0xF4,
  HVCALL_QUERY_CAPABILITIES = 0x8001,
};

#define HYPERCALL_FAST (1 << 16)
#define HYPERCALL_REPS(n) ((uint64_t)(n) << 32)

enum hypercall_status {
  HV_SUCCESS = 0x00,
  HV_INVALID_HYPERCALL_CODE = 0x02,
  HV_INVALID_HYPERCALL_INPUT = 0x03,
  HV_INVALID_ALIGNMENT = 0x04,
  HV_INVALID_PARAMETER = 0x05,
  HV_ACCESS_DENIED = 0x06,
  HV_INVALID_PARTITION_ID = 0x0D,
  HV_INVALID_VP_INDEX = 0x0E,
  HV_INVALID_PORT_ID = 0x11,
  HV_INVALID_CONNECTION_ID = 0x12,
  HV_INSUFFICIENT_BUFFERS = 0x13,
  HV_INVALID_SYNIC_STATE = 0x18,
  HV_INVALID_REGISTER_VALUE = 0x50,
  HV_INVALID_VTL_STATE = 0x51,
  HV_INVALID_DEVICE_ID = 0x57,
  HV_VTL_ALREADY_ENABLED = 0x86,
};

enum vp_register {
  REGISTER_VSM_CODE_PAGE_OFFSETS = 0xD0002,
  REGISTER_VSM_VP_STATUS = 0xD0003,
  REGISTER_VSM_PARTITION_STATUS = 0xD0004,
  REGISTER_VSM_VINA = 0xD0005,
  REGISTER_VSM_PARTITION_CONFIG = 0xD0007,
  REGISTER_VSM_VP_SECURE_CONFIG_VTL0 = 0xD0010,
  REGISTER_RIP = 0x20010,
  REGISTER_PENDING_EVENT0 = 0x10004,
  REGISTER_CR_INTERCEPT_CONTROL = 0xE0000,
  REGISTER_CR_INTERCEPT_CR0_MASK = 0xE0001,
  REGISTER_CR_INTERCEPT_CR4_MASK = 0xE0002,
  REGISTER_CR_INTERCEPT_MISC_ENABLE_MASK = 0xE0003,
};

#define HV_PARTITION_SELF UINT64_MAX
#define HV_VP_SELF 0xFFFFFFFE
#define HV_INPUT_VTL_OWN 0
#define HV_INPUT_VTL(n) (1 << 4 | (n))

// Does the machine say it is Hyper-V, with virtual secure mode?
bool hypercall_available(void);
// Sets up the hypercall page of the running VTL; once per partition and VTL.
void hypercall_enable(void);

// One hypercall: input and output are addresses, or with HYPERCALL_FAST the parameters. Returns the result
// value.
uint64_t hypercall(uint64_t control, uint64_t input, uint64_t output);
static inline uint16_t hypercall_status(uint64_t result) { return (uint16_t)result; }

// Registers of `vp` in the VTL an HV_INPUT_VTL names. Both return the status.
uint16_t get_vp_register(uint32_t vp, uint8_t input_vtl, uint32_t name, uint64_t *value);
uint16_t set_vp_register(uint32_t vp, uint8_t input_vtl, uint32_t name, uint64_t value);

// Sends a fixed interrupt to the VPs of a mask in one VTL, which must not be above the caller's.
uint16_t send_synthetic_ipi(uint8_t vector, uint8_t input_vtl, uint64_t vps);
