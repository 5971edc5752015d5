#include "guest.h"

struct gate idt[256];
const struct table_register idt_register = {sizeof idt - 1, (uint64_t)idt};

static handler *handlers[VTLS][256];

extern uint8_t interrupt_stubs[256][16];
extern uint8_t guarded_return[];
void guarded_call(void (*function)(uint64_t), uint64_t argument, struct recovery *recovery);

void idt_build(void) {
  for (int vector = 0; vector < 256; vector++) {
    uint64_t stub = (uint64_t)interrupt_stubs[vector];
    idt[vector] = (struct gate){
      .offset_low = (uint16_t)stub,
      .selector = SELECTOR_CODE,
      .type = 0x8E,
      .offset_middle = (uint16_t)(stub >> 16),
      .offset_high = (uint32_t)(stub >> 32),
    };
  }
  idt[VECTOR_DOUBLE_FAULT].ist = 1;
}

void set_handler(uint32_t vtl, uint8_t vector, handler *handler) { handlers[vtl][vector] = handler; }

void leave_in_service(void) { this_context()->left_in_service = true; }

// Continues behind guarded_call instead of at the instruction that faulted.
static void recover(struct context *context, struct frame *frame) {
  struct recovery *recovery = context->recovery;
  context->recovery = 0;
  recovery->caught = true;
  recovery->vector = (uint8_t)frame->vector;
  recovery->error = frame->error;
  recovery->rip = frame->rip;
  recovery->address = read_cr2();
  recovery->handler_stack = (uint64_t)frame;
  frame->rip = (uint64_t)guarded_return;
  frame->rsp = recovery->rsp;
}

static void exception(struct context *context, struct frame *frame) {
  if (frame->vector == VECTOR_NMI) {
    context->strays++;
  } else if (context->recovery) {
    recover(context, frame);
  } else {
    panic("exception %lu error %lx at %lx cr2 %lx in %u.%u", frame->vector, frame->error, frame->rip,
          read_cr2(), context->vp, context->vtl);
  }
}

// Every interrupt and exception of every processor and VTL comes here, from entry.S.
__attribute__((used)) void interrupt(struct frame *frame) {
  struct context *context = this_context();
  uint8_t vector = (uint8_t)frame->vector;
  context->counts[vector]++;
  handler *handler = handlers[context->vtl][vector];
  if (handler)
    handler(frame);
  else if (vector < VECTOR_FIRST_EXTERNAL)
    exception(context, frame);
  else
    context->strays++;
  bool wants_eoi = !context->left_in_service;
  context->left_in_service = false;
  // A spurious interrupt was never in service.
  if (wants_eoi && vector >= VECTOR_FIRST_EXTERNAL && vector != VECTOR_SPURIOUS && !lazy_eoi()) apic_eoi();
}

struct recovery catch_exception(void (*function)(uint64_t), uint64_t argument) {
  struct context *context = this_context();
  struct recovery recovery = {0};
  context->recovery = &recovery;
  guarded_call(function, argument, &recovery);
  context->recovery = 0;
  return recovery;
}
