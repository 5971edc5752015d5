import Architecture
import Diagnosis
import Interrupts
import Journal

/// How routes are written.
extension RouteRow {
  /// What findings about it are about; nil when there is no such pin any more.
  func subject(in snapshot: Snapshot) -> Subject? {
    switch id {
    case .pin(let ioapic, let pin):
      guard snapshot.platform.ioapics.indices.contains(ioapic) else { return nil }
      return .pin(snapshot.platform.ioapics[ioapic].firstInterrupt &+ UInt32(pin))
    case .message(let place): return UInt16(exactly: place).map { .route($0) }
    }
  }

  var vectorText: String {
    guard let command = message?.command, command.deliveryMode.hasVector else { return "-" }
    return command.vector.text
  }

  /// `id 2`, `log f`, `id ff, all`.
  var destinationText: String {
    guard let message else { return "-" }
    let destination = TextForm.hex(message.command.destination)
    if message.isNarrow, message.command.destination == 0xFF { return "all (ff)" }
    return (message.command.isLogical ? "log " : "id ") + destination
  }

  /// Why what the device would write is no interrupt message.
  var faultText: String { signal?.signal.fault?.text ?? "-" }
}

enum RouteText {
  /// Why a route is worth a look.
  static func note(_ row: RouteRow, _ model: InspectorModel) -> Line {
    if row.isWedged { return Line("WEDGED S21", .wrong) }
    if let finding = model.finding(row) {
      return Line("\(finding.code.rawValue) \(TextForm.escaped(finding.title))", .wrong)
    }
    if let route = row.signal, !route.isEnabled { return Line("not enabled", .dim) }
    guard row.message != nil else { return Line(row.faultText, .wrong) }
    if let route = row.signal, route.malformed > 0 {
      return Line("\(TextForm.count(route.malformed)) writes were no message", .waiting)
    }
    guard let pin = row.pin else { return Line(row.signal.map { $0.signal.text } ?? "", .dim) }
    if pin.entry.isRemoteIRRSet { return Line("waits for EOI \(model.ago(pin.remoteIRRSince).spanText)", .waiting) }
    if pin.isLineHigh, pin.entry.isMasked { return Line("line high, masked", .waiting) }
    if pin.lastSent != nil, !pin.lastWasDelivered { return Line("the last one reached nobody", .wrong) }
    return .empty
  }

  /// The 8259 pair in one line.
  static func pic(_ pic: PICSnapshot) -> Line {
    func chip(_ name: String, _ chip: PICChipSnapshot) -> String {
      guard chip.isInitialized else { return "\(name) not set up" }
      return "\(name) IRR \(TextForm.hex(chip.requests, 2)) ISR \(TextForm.hex(chip.inService, 2)) "
        + "IMR \(TextForm.hex(chip.mask, 2)) base \(TextForm.hex(chip.vectorBase, 2))"
        + (chip.isAutoEOI ? " AEOI" : "")
    }
    var line = Line(" 8259", .bold) + Line("  \(chip("master", pic.master)); \(chip("slave", pic.slave))  ")
    line.append("INTR \(pic.isOutputHigh ? 1 : 0)", pic.isOutputHigh ? .waiting : .dim)
    line.append("  taken \(TextForm.count(pic.acknowledged))")
    if pic.spurious > 0 { line.append("  spurious \(TextForm.count(pic.spurious))", .waiting) }
    return line
  }

  /// Where the 8259's output goes: LINT0 of the processor that takes it, or else of the bootstrap processor.
  static func lint0(_ model: InspectorModel) -> Line {
    let wired = model.snapshot.contexts.filter { $0.isEnabled && $0.id.vtl == .vtl0 }
    guard let context = wired.first(where: takesExternal) ?? wired.first(where: { $0.apicBase.bit(8) }) else {
      return Line(" LINT0  no bootstrap processor is enabled", .dim)
    }
    let entry = context.apicBase.bit(11) ? APICDecoding(context).entry(0x350).text : "INTR, its local APIC is off"
    let line =
      Line(" LINT0", .bold) + Line(" of \(context.id)  \(entry)  ")
      + Line(takesExternal(context) ? "takes the 8259's interrupts" : "the 8259 does not reach it", .dim)
    guard context.externalPending else { return line }
    let gate = model.snapshot.externalOutlook(in: context).gate
    return line + Line(gate.map { "  one waits: \($0.text)" } ?? "  one is taken next", .waiting)
  }

  private static func takesExternal(_ context: ContextSnapshot) -> Bool {
    let entry = APICDecoding(context).entry(0x350)
    return !context.apicBase.bit(11) || entry.deliveryMode == .external && !entry.isMasked
  }
}
