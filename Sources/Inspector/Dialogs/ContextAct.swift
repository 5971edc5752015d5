import Architecture
import Interrupts
import Journal

/// What the action menu can do to a context, in its order.
enum ContextAct: UInt8, Hashable, Sendable, CaseIterable {
  case nmi, smi, initialize, startup, endOfInterrupt, reset

  var key: Unicode.Scalar {
    switch self {
    case .nmi: "n"
    case .smi: "s"
    case .initialize: "i"
    case .startup: "p"
    case .endOfInterrupt: "e"
    case .reset: "r"
    }
  }

  var text: String {
    switch self {
    case .nmi: "NMI to it"
    case .smi: "SMI to it"
    case .initialize: "INIT to it"
    case .startup: "SIPI to it"
    case .endOfInterrupt: "EOI on its behalf"
    case .reset: "reset of it"
    }
  }

  private var mode: DeliveryMode? {
    switch self {
    case .nmi: .nmi
    case .smi: .smi
    case .initialize: .initialize
    case .startup: .startup
    case .endOfInterrupt, .reset: nil
    }
  }

  /// - Parameter vector: of a SIPI: the page where it starts.
  func command(on context: ContextID, vector: VectorNumber, in snapshot: Snapshot) -> Command {
    if let request = request(to: context, vector: vector, in: snapshot) { return .fire(request) }
    return self == .reset ? .reset(context) : .endOfInterrupt(context)
  }

  /// A physical request as if the context had sent it to itself: the shorthand for self takes fixed requests only. Nil
  /// when it is no request.
  func request(to context: ContextID, vector: VectorNumber, in snapshot: Snapshot) -> FireRequest? {
    guard let mode else { return nil }
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = mode
    command.isAsserted = true
    if mode.hasVector { command.vector = vector }
    let isWide = snapshot[context]?.apicBase.bit(10) ?? false
    let id = snapshot[context]?.apic[0x20] ?? 0
    command.destination = isWide ? id : id >> 24
    return FireRequest(origin: .context(context), message: InterruptMessage(command, isNarrow: !isWide))
  }
}

/// What would come of an act, or why it would not be done.
struct ContextActEffect: Hashable {
  var text: String
  var isRefused = false

  init(of act: ContextAct, on id: ContextID, isAlive: Bool, in snapshot: Snapshot) {
    let refusal = Self.refusal(of: act, on: id, isAlive: isAlive, in: snapshot)
    if let refusal {
      self.init(refused: refusal.text)
    } else if let request = act.request(to: id, vector: VectorNumber(0), in: snapshot) {
      self.init(of: act, on: id, preview(request, in: snapshot), in: snapshot)
    } else if act == .reset {
      self.init(text: "CPU and APIC as at power-on: " + Self.start(id))
    } else {
      self.init(text: snapshot[id]?.inService.first.map { "clears ISR \($0.vector.text)" } ?? "")
    }
  }

  private init(text: String) { self.text = text }

  private init(refused why: String) {
    text = "refused: " + why
    isRefused = true
  }

  /// The machine's rules (it has the last word).
  private static func refusal(
    of act: ContextAct, on id: ContextID, isAlive: Bool, in snapshot: Snapshot
  ) -> CommandRefusal? {
    guard isAlive else { return .machineStopped }
    guard let context = snapshot[id] else { return .noSuchContext }
    guard context.isEnabled else { return .vtlNotEnabled }
    switch act {
    case .nmi, .smi, .initialize, .startup: return nil
    case .endOfInterrupt: return context.inService.isEmpty ? .nothingInService : nil
    case .reset:
      let hasOther = snapshot.contexts.contains { $0.id.vp == id.vp && $0.id.vtl > id.vtl && $0.isEnabled }
      return id.vtl > .vtl0 || hasOther ? .cannotBeReset : nil
    }
  }

  private init(of act: ContextAct, on id: ContextID, _ preview: FirePreview, in snapshot: Snapshot) {
    if let refusal = preview.refusal {
      self.init(refused: refusal.text)
    } else if preview.route.contexts == [id], let target = preview.targets.first, let context = snapshot[id] {
      switch target.acceptance {
      case .rejected(let why):
        self.init(text: (act == .smi ? "recorded and dropped: " : "would be dropped: ") + why.text)
      case .merged: self.init(text: "one waits already: this one is merged with it")
      case .pending: self.init(text: Self.text(of: act, on: context))
      }
    } else {
      self.init(refused: "its APIC ID is not its own alone; use f")
    }
  }

  private static func text(of act: ContextAct, on context: ContextSnapshot) -> String {
    switch act {
    case .nmi: context.nmiBlocked ? "an NMI handler runs: it would wait" : "taken whatever IF and TPR are"
    case .initialize: "reset, but for what INIT leaves: " + start(context.id)
    case .startup: "starts in real mode at the page you type"
    case .smi, .endOfInterrupt, .reset: ""
    }
  }

  /// What a processor does after INIT or a reset. No machine of ours has firmware at the reset vector.
  private static func start(_ id: ContextID) -> String { id.vp == VPIndex(0) ? "runs at FFFFFFF0" : "waits for SIPI" }
}
