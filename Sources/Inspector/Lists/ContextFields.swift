import Architecture
import Diagnosis
import Journal

/// What filters can ask about a context, in every list of contexts.
enum ContextFields {
  static let all: [FilterField<ContextSnapshot>] = [
    FilterField("ctx", .context, "the context") { context, _ in [FilterValue(context.id)] },
    FilterField("vp", .number, "the VP") { context, _ in [FilterValue(context.id.vp.rawValue)] },
    FilterField("vtl", .number, "the VTL") { context, _ in [FilterValue(context.id.vtl.rawValue)] },
    FilterField("group", .number, "the APIC group") { context, _ in [FilterValue(context.group.rawValue)] },
    FilterField("state", .word, "its letter or word", words: stateWords) { context, model in
      let state = model.state(context)
      return [.word(String(state.letter)), .word(word(state))]
    },
    FilterField("active", .flag, "its VP is in it") { context, _ in [FilterValue(context.isActive)] },
    FilterField("irr", .hex, "a pending vector") { context, _ in context.pending.map { FilterValue($0.vector.rawValue) }
    },
    FilterField("isr", .hex, "a vector in service") { context, _ in
      context.inService.map { FilterValue($0.vector.rawValue) }
    },
    FilterField("ppr", .hex, "the PPR") { context, _ in [FilterValue(context.processorPriority)] },
    FilterField("tpr", .hex, "the TPR") { context, _ in [FilterValue(context.taskPriority)] },
    FilterField("if", .flag, "RFLAGS.IF") { context, _ in [FilterValue(context.interruptsEnabled)] },
    FilterField("since", .span, "how long it is as it is") { context, model in [FilterValue(model.ago(context.since))]
    },
    FilterField("due", .span, "until its timer expires") { context, model in
      context.timer.due.map { [FilterValue($0 - model.snapshot.machine.time)] } ?? []
    },
    FilterField("late", .span, "since its timer should have") { context, model in
      model.timer(context).late(at: model.snapshot.machine.time).map { [FilterValue($0)] } ?? []
    },
    FilterField("id", .hex, "the APIC ID") { context, _ in [FilterValue(APICDecoding(context).id.rawValue)] },
    FilterField("mode", .word, "of its local APIC", words: ["disabled", "xAPIC", "x2APIC", "invalid"]) { context, _ in
      [.word(APICDecoding(context).mode.text)]
    },
    FilterField("enabled", .flag, "its local APIC is on in SVR") { context, _ in
      [FilterValue(APICDecoding(context).isSoftwareEnabled)]
    },
    FilterField("sent", .number, "requests sent") { context, _ in [FilterValue(context.counters.sent)] },
    FilterField("lost", .number, "requests that reached nobody") { context, _ in
      [FilterValue(context.counters.undelivered)]
    },
    FilterField("rip", .hex, "where it runs") { context, _ in [FilterValue(context.rip)] },
    FilterField("code", .text, "the symbol there") { context, model in [.text(model.code(context.rip))] },
    FilterField("finding", .word, "the code of a finding") { context, model in
      model.findings.filter { $0.isAbout(context.id) }.map { .word($0.code.rawValue) }
    },
  ]

  /// One word for each state, so that no quotation marks are needed.
  private static func word(_ state: ContextState) -> String {
    state.word.split(separator: " ").joined(separator: "-")
  }

  private static var stateWords: [String] {
    ContextState.allCases.flatMap { [String($0.letter), word($0)] }
  }

  /// Nothing pending, in service or wrong, and not running.
  static func isQuiet(_ id: ContextID, _ model: InspectorModel) -> Bool {
    guard let context = model.snapshot[id] else { return true }
    guard model.finding(id) == nil, context.pending.isEmpty, context.inService.isEmpty else { return false }
    switch model.state(context) {
    case .running, .ready, .preempted, .shutDown: return false
    case .inactive, .halted, .idle, .waitsForStartup, .notEnabled: return true
    }
  }
}
