#include "guest.h"

_Alignas(4096) struct assist_page assist_pages[MAX_VPS];
uint64_t vtl_call_stub;
uint64_t vtl_return_stub;

static const struct secure_program *secure_program;

extern uint8_t hypercall_pages[VTLS][4096];
extern uint8_t secure_entry[];
extern uint8_t start_application_processor[];

// Where the stubs are in the hypercall page is the machine's choice.
static void find_stubs(void) {
  uint64_t offsets = 0;
  uint16_t status = get_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_CODE_PAGE_OFFSETS, &offsets);
  if (status) panic("no code page offsets: status %x", status);
  if (this_context()->vtl == 0)
    vtl_call_stub = (uint64_t)hypercall_pages[0] + (offsets & 0xFFF);
  else
    vtl_return_stub = (uint64_t)hypercall_pages[1] + (offsets >> 12 & 0xFFF);
}

uint16_t enable_partition_vtl(uint64_t partition, uint8_t vtl) {
  return hypercall_status(hypercall(HVCALL_ENABLE_PARTITION_VTL | HYPERCALL_FAST, partition, vtl));
}

struct segment {
  uint64_t base;
  uint32_t limit;
  uint16_t selector;
  uint16_t attributes;
};

struct table {
  uint16_t reserved[3];
  uint16_t limit;
  uint64_t base;
};

// HV_INPUT_ENABLE_VP_VTL with its HV_INITIAL_VP_CONTEXT; HV_INPUT_START_VIRTUAL_PROCESSOR is the same.
struct enable_vp_vtl_input {
  uint64_t partition;
  uint32_t vp;
  uint8_t vtl;
  uint8_t reserved[3];
  uint64_t rip, rsp, rflags;
  struct segment cs, ds, es, fs, gs, ss, tr, ldtr;
  struct table idtr, gdtr;
  uint64_t efer, cr0, cr3, cr4, pat;
};
_Static_assert(sizeof(struct enable_vp_vtl_input) == 240, "TLFS: HV_INPUT_ENABLE_VP_VTL");

// A context in 64-bit mode, with the page tables and control registers of the running one. GS points at it.
static uint64_t initial_context(struct context *context, uint32_t vp, uint64_t rip, uint64_t rsp) {
  struct segment data = {0, 0xFFFFFFFF, SELECTOR_DATA, 0xC093};
  struct segment gs = {(uint64_t)context, 0xFFFFFFFF, SELECTOR_DATA, 0xC093};
  struct enable_vp_vtl_input *input = (struct enable_vp_vtl_input *)this_context()->hypercall_input;
  *input = (struct enable_vp_vtl_input){
    .partition = HV_PARTITION_SELF,
    .vp = vp,
    .vtl = (uint8_t)context->vtl,
    .rip = rip,
    .rsp = rsp,
    .rflags = 2,
    .cs = {0, 0xFFFFFFFF, SELECTOR_CODE, 0xA09B},
    .ds = data,
    .es = data,
    .fs = data,
    .gs = gs,
    .ss = data,
    .tr = {(uint64_t)&context->tss, sizeof context->tss - 1, SELECTOR_TSS, 0x8B},
    .ldtr = {0, 0xFFFF, 0, 0x82},
    .idtr = {.limit = idt_register.limit, .base = idt_register.base},
    .gdtr = {.limit = sizeof context->gdt - 1, .base = (uint64_t)context->gdt},
    .efer = rdmsr(MSR_EFER),
    .cr0 = read_cr0(),
    .cr3 = read_cr3(),
    .cr4 = read_cr4(),
    .pat = 0x0007040600070406,
  };
  return (uint64_t)input;
}

uint16_t enable_vp_vtl(uint32_t vp, uint8_t vtl) {
  uint32_t index = vp == HV_VP_SELF ? this_context()->vp : vp;
  struct context *context = &contexts[vtl][index];
  context_prepare(index, vtl);
  uint64_t input =
    initial_context(context, vp, (uint64_t)secure_entry, (uint64_t)stacks[vtl][index] + STACK_SIZE);
  return hypercall_status(hypercall(HVCALL_ENABLE_VP_VTL, input, 0));
}

uint16_t start_virtual_processor(uint32_t vp) {
  uint64_t input = initial_context(&contexts[0][vp], vp, (uint64_t)start_application_processor,
                                   (uint64_t)stacks[0][vp] + STACK_SIZE);
  return hypercall_status(hypercall(HVCALL_START_VP, input, 0));
}

uint16_t enable_vina(uint8_t vector) {
  return set_vp_register(HV_VP_SELF, HV_INPUT_VTL_OWN, REGISTER_VSM_VINA,
                         vector | VINA_ENABLED | VINA_AUTO_RESET);
}

bool vtl1_planned(uint32_t vp) { return !(secure_program->without >> vp & 1); }

// VTL1 on the boot processor, before anything else of it: VTL1 alone may now enable it on the others.
static void found_vtl1(void) {
  hypercall_enable();
  find_stubs();
  for (uint32_t vp = 1; vp < processor_count(); vp++) {
    if (!vtl1_planned(vp)) continue;
    uint16_t status = enable_vp_vtl(vp, 1);
    if (status) panic("VTL1 of processor %u: status %x", vp, status);
  }
}

static void first_entry(struct context *context) {
  context->entered = true;
  if (context->vp == 0) found_vtl1();
  wrmsr(MSR_HV_VP_ASSIST_PAGE, (uint64_t)&assist_pages[context->vp] | 1);
  secure_program->start();
  context->online = true;
}

// One entry into VTL1, from vtl.S.
__attribute__((used)) void secure_dispatch(struct registers *registers) {
  struct context *context = this_context();
  struct assist_page *page = &assist_pages[context->vp];
  enum vtl_return how = RETURN_NORMAL;
  volatile uint32_t *reason = &page->entry_reason;
  if (!context->entered)
    first_entry(context);
  else if (*reason == ENTRY_CALL)
    how = secure_program->call(registers);
  // An operator's switch writes no reason: what is left here must not look like one.
  *reason = ENTRY_NONE;
  page->return_rax = registers->rax;
  page->return_rcx = registers->rcx;
  registers->rcx = how;
}

void vtl1_prepare(const struct secure_program *program) {
  secure_program = program;
  hypercall_enable();
  find_stubs();
}

void vtl1_enable(const struct secure_program *program) {
  vtl1_prepare(program);
  uint16_t status = enable_partition_vtl(HV_PARTITION_SELF, 1);
  if (status) panic("VTL1 of the partition: status %x", status);
  status = enable_vp_vtl(HV_VP_SELF, 1);
  if (status) panic("VTL1 of the boot processor: status %x", status);
  vtl1_join();
}

void vtl1_join(void) {
  struct vtl_call call = {0};
  vtl_call(&call);
}
