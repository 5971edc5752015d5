import Architecture
import Journal

/// What filters can ask about an event.
enum EventFields {
  static let all: [FilterField<Event>] = [
    FilterField("kind", .word, "the word under KIND", words: kinds) { event, _ in [.word(event.kindText)] },
    FilterField("ctx", .context, "where it happened") { event, _ in event.context.map { [FilterValue($0)] } ?? [] },
    FilterField("vp", .number, "the VP") { event, _ in event.context.map { [FilterValue($0.vp.rawValue)] } ?? [] },
    FilterField("vtl", .number, "the VTL") { event, _ in event.context.map { [FilterValue($0.vtl.rawValue)] } ?? [] },
    FilterField("vec", .hex, "the vector") { event, _ in event.vector.map { [FilterValue($0.rawValue)] } ?? [] },
    FilterField("journey", .number, "the interrupt it belongs to") { event, _ in
      event.journey == .none ? [] : [FilterValue(event.journey.rawValue)]
    },
    FilterField("group", .number, "the group a request was resolved in") { event, _ in
      event.route.map { [FilterValue($0.group.rawValue)] } ?? []
    },
    FilterField("deliv", .number, "how many a request reached") { event, _ in
      event.route.map { [FilterValue($0.delivered)] } ?? []
    },
    FilterField("target", .context, "the first that a request reached") { event, _ in
      event.route?.firstTarget.map { [FilterValue($0)] } ?? []
    },
    FilterField("late", .span, "how late a timer was") { event, _ in
      if case .timerExpired(_, let due, _) = event.body { [FilterValue(event.time - due)] } else { [] }
    },
    FilterField("took", .span, "how long it had waited or lasted") { event, _ in
      event.span.map { [FilterValue($0)] } ?? []
    },
    FilterField("ago", .span, "how long ago") { event, model in [FilterValue(model.ago(event.time))] },
    FilterField("seq", .number, "its number") { event, _ in [FilterValue(event.sequence)] },
    FilterField("rip", .hex, "where the code was") { event, _ in event.rip == 0 ? [] : [FilterValue(event.rip)] },
    FilterField("code", .text, "the symbol there") { event, model in
      event.rip == 0 ? [] : [.text(model.code(event.rip))]
    },
    FilterField("text", .text, "the words under WHAT") { event, _ in [.text(event.text)] },
  ]

  /// The words an event can have under KIND.
  static let kinds: [String] = [
    "IPI", "MSI", "IOAPC", "TIMER", "LVT", "HVIPI", "PVIPI", "OPER", "VINA", "SINT", "NMI", "INIT", "SIPI", "IRR",
    "ACK", "EOI",
    "HLT", "IDLE", "WAKE", "VTL", "HCALL", "TPR", "EXC", "MAP", "BASE", "SVR", "ESR", "VSM", "OP", "STOP", "PIN", "RTE",
    "INTA",
    "ICPT", "SMSG", "SEVT", "STIM", "PROT", "OVER", "TLB", "INJ",
  ]

  /// A processor that goes to sleep and wakes up: most of what an idle machine has to tell.
  static func isQuiet(_ event: Event) -> Bool {
    switch event.body {
    case .halted, .idled, .woke: true
    default: false
    }
  }
}

extension Event {
  /// The vector it is about, where it is about one.
  var vector: VectorNumber? {
    switch body {
    case .requested(_, let message, _):
      message.command.deliveryMode.hasVector ? message.command.vector : nil
    case .accepted(let vector, let mode, _): mode.hasVector ? vector : nil
    case .acknowledged(let vector, _), .endOfInterrupt(let vector, _), .timerExpired(let vector, _, _),
      .started(let vector), .notificationAsserted(let vector), .remoteIRRCleared(_, let vector, _),
      .externalAcknowledged(let vector, _, _):
      vector
    case .vtlSwitched(_, _, _, let vector): vector
    case .routeWritten(_, _, let entry): entry.vector
    default: nil
    }
  }

  /// Of a request.
  var route: RouteSummary? { if case .requested(_, _, let route) = body { route } else { nil } }

  /// The time it tells: waited in the IRR, in service, asleep.
  var span: VirtualTime? {
    switch body {
    case .acknowledged(_, let span), .endOfInterrupt(_, let span), .woke(let span): span
    default: nil
    }
  }
}
