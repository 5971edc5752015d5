import Architecture
import Diagnosis
import Interrupts
import Journal

/// More that may be done to one context: an NMI, an EOI on its behalf.
struct ActionMenu: Dialog {
  /// Bound to the context it was opened for.
  let context: ContextID
  private var choice = Choice.nmi
  /// What has been typed to confirm; nil until a confirmation is asked for.
  private var typed: String?

  private enum Choice: UInt8, CaseIterable {
    case nmi, endOfInterrupt

    var key: Unicode.Scalar {
      switch self {
      case .nmi: "n"
      case .endOfInterrupt: "e"
      }
    }

    var text: String {
      switch self {
      case .nmi: "NMI to it"
      case .endOfInterrupt: "EOI on its behalf"
      }
    }
  }

  init(_ context: ContextID) { self.context = context }

  var title: String { "Act on \(context)" }

  func size(in model: InspectorModel) -> Size { Size(min(72, model.size.width - 4), 8) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    for (row, item) in Choice.allCases.enumerated() {
      let style = item == choice ? Style.plain.selected : .plain
      grid.put(
        Line(" \(Character(item.key)) ", .bold) + Line(" \(item.text.left(18))", style)
          + Line("  " + effect(item, model), refusal(item, model) == nil ? .plain : .wrong), row, in: area)
    }
    let idle = model.isReadOnly ? Self.readOnly : "Enter does what is selected"
    let question =
      typed.map { Line("type \(context) or yes, then Enter: ") + Line($0 + "_", .bold) } ?? Line(idle, .dim)
    grid.put(question, 4, in: area)
  }

  private static var readOnly: String { "read-only: a preview. To act, start the core from the inspector" }

  /// What would happen, or why it would not.
  private func effect(_ item: Choice, _ model: InspectorModel) -> String {
    if let refusal = refusal(item, model) { return "refused: " + refusal.text }
    guard let here = model.snapshot[context] else { return "" }
    switch item {
    case .nmi:
      let reached = preview(nmi(model), in: model.snapshot).route.contexts
      if reached != [context] { return "refused: its APIC ID is not its own alone; use f" }
      return here.nmiBlocked ? "an NMI handler runs: it would wait" : "taken whatever IF and TPR are"
    case .endOfInterrupt: return here.inService.first.map { "clears ISR \($0.vector.text)" } ?? ""
    }
  }

  private func refusal(_ item: Choice, _ model: InspectorModel) -> CommandRefusal? {
    guard model.isAlive else { return .machineStopped }
    guard let here = model.snapshot[context] else { return .noSuchContext }
    guard here.isEnabled else { return .vtlNotEnabled }
    switch item {
    case .nmi: return here.apicBase.bit(11) ? nil : .apicDisabled
    case .endOfInterrupt: return here.inService.isEmpty ? .nothingInService : nil
    }
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    let act = model.isReadOnly ? [] : [FooterItem("Enter", typed == nil ? "Do" : "Confirm")]
    return act + [FooterItem("j k", "Choose"), FooterItem("Esc", "Cancel")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    if let text = typed { return confirm(text, key, model) }
    switch key {
    case .escape, .backspace, "q", "x": return .close
    case .up, "k", .backTab: choice = Choice(rawValue: choice.rawValue &- 1) ?? choice
    case .down, "j", .tab: choice = Choice(rawValue: choice.rawValue + 1) ?? choice
    case .character(let scalar):
      guard let item = Choice.allCases.first(where: { $0.key == scalar }) else { break }
      choice = item
      return act(&model)
    case .enter: return act(&model)
    default: break
    }
    return .stay
  }

  private mutating func act(_ model: inout InspectorModel) -> DialogOutcome {
    guard !model.isReadOnly else {
      model.message = "read-only: nothing was done"
      return .stay
    }
    if let refusal = refusal(choice, model) {
      model.message = Line("refused: " + refusal.text, .wrong)
      return .stay
    }
    switch choice {
    case .nmi:
      guard preview(nmi(model), in: model.snapshot).route.contexts == [context] else {
        model.message = Line("refused: its APIC ID is not its own alone; use f", .wrong)
        return .stay
      }
      typed = ""
      return .stay
    case .endOfInterrupt: return .act(.command(.endOfInterrupt(context)))
    }
  }

  /// An NMI may not be sent by one stray key: the name of the context is typed.
  private mutating func confirm(_ text: String, _ key: Key, _ model: InspectorModel) -> DialogOutcome {
    switch key {
    case .escape: typed = nil
    case .backspace: typed = String(text.dropLast())
    case .character(let scalar) where scalar.isASCII && text.count < 12:
      typed = text + String(Character(scalar))
    case .enter where text == context.description || text == "yes": return .act(.command(.fire(nmi(model))))
    default: break
    }
    return .stay
  }

  /// A physical NMI as if the context had sent it to itself: the shorthand for self takes fixed requests only.
  private func nmi(_ model: InspectorModel) -> FireRequest {
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = .nmi
    command.isAsserted = true
    let isWide = model.snapshot[context]?.apicBase.bit(10) ?? false
    let id = model.snapshot[context]?.apic[0x20] ?? 0
    command.destination = isWide ? id : id >> 24
    return FireRequest(origin: .context(context), message: InterruptMessage(command, isNarrow: !isWide))
  }
}

extension InspectorModel {
  mutating func openActionMenu() { dialog = ActionMenu(selection.context) }
}
