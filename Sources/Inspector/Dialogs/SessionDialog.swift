import Journal

/// `0`: what is looked at, by whom it may be acted on, what has been seen of it, and what looking costs.
struct SessionDialog: Dialog {
  var title: String { "Session" }

  func size(in model: InspectorModel) -> Size { Size(min(70, model.size.width - 2), lines(model).count + 2) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) { grid.put(lines(model), in: area) }

  private func lines(_ model: InspectorModel) -> [Line] {
    let machine = model.snapshot.machine
    func row(_ name: String, _ text: String) -> Line { Line(name.left(10), .dim) + Line(text) }
    let state = Header.state(model).text.split(separator: " ").joined(separator: " ")
    let range = model.events.first.map { "from event \($0.sequence)" } ?? "none"
    return [
      row("core", "\(TextForm.escaped(model.name)), \(state), process \(model.liveness.word)"),
      row("role", model.isReadOnly ? "RO: looks on; the core belongs to another process" : "RW: may act on it"),
      row("machine", "\(machine.vpCount) VPs, \(machine.vtlCount) VTLs, \(model.contexts.count) contexts"),
      row("moment", "\(machine.time.pointText) s, frame \(machine.epoch)"),
      row("commands", "\(TextForm.count(machine.commands)) taken by the machine"),
      row("events", "\(TextForm.count(UInt64(model.events.count))) kept, \(range)"),
      row("missed", "\(TextForm.count(model.events.missed)) events were overwritten unread"),
      row("looks", "\(Header.rate(model))\(model.isFrozen ? ", picture frozen" : "")"),
      row("cost", model.cost?.text(askedDecihertz: model.refreshDecihertz) ?? "not measured yet"),
    ]
  }

  func footer(_ model: InspectorModel) -> [FooterItem] { [FooterItem("Esc", "Close")] }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape, .backspace, .enter, "q", "0": return .close
    default: return .stay
    }
  }
}
