import Architecture
import Interrupts
import Journal

/// The selected route: what it asks for, who would receive it, and its history.
struct RouteDetail {
  private let row: RouteRow
  private let model: InspectorModel

  init(_ row: RouteRow, _ model: InspectorModel) {
    self.row = row
    self.model = model
  }

  func draw(into grid: inout Grid, _ area: Rect) {
    var rest = area
    let isWide = area.width >= 160 && area.height >= 20
    let showsDecoding = model.showsDecoding ?? (model.size.height >= 34)
    // Below one another, the history is left a third, and at least a few lines.
    let most = isWide ? area.height : area.height - max(5, area.height / 3)
    let lines = receivers(showsDecoding, height: most - 1)
    drawReceivers(lines, into: &grid, isWide ? rest.takeLeft(area.width / 2 - 1) : rest.takeTop(1 + lines.count))
    if isWide { _ = rest.takeLeft(1) }
    if rest.height > 2 { drawHistory(into: &grid, rest) }
  }

  private func drawReceivers(_ lines: [Line], into grid: inout Grid, _ area: Rect) {
    var rest = area
    let device = row.device.isEmpty ? "" : " \(TextForm.escaped(row.device))"
    grid.rule("\(row.id.text)\(device): who would receive it", 0, in: rest.takeTop(1))
    grid.put(lines, in: rest)
  }

  /// In a small pane the decoding takes the receivers' place: it says them too.
  private func receivers(_ showsDecoding: Bool, height: Int) -> [Line] {
    let decoding = showsDecoding ? self.decoding : []
    guard height >= 8 || decoding.isEmpty else { return [asked] + decoding }
    guard let message = row.message, let preview = row.preview(in: model.snapshot) else { return [asked] + decoding }
    let request = FireRequest(origin: .message(row.group), message: message)
    let text = FirePreviewText(preview: preview, request: request, model: model)
    return [asked] + text.lines(height - 1 - decoding.count).map { Line(" ") + $0 } + decoding
  }

  /// What its entry, or what its device writes, asks for, and who wrote that.
  private var asked: Line {
    switch row.kind {
    case .message(let route):
      guard let message = row.message else {
        return Line(" \(route.signal.text): ") + Line("no interrupt message, \(row.faultText)", .wrong)
      }
      return Line(" \(route.signal.text): \(message.kindText) \(message.addressText)")
        + Line(route.isEnabled ? "" : ", masked", .waiting)
    case .pin(let pin):
      var line = Line(" \(TextForm.wide(pin.entry.rawValue)): \(pin.entry.text)")
      if let write = pin.lastWrite {
        line.append(", written \(model.ago(write.time).spanText) ago at \(model.code(write.rip))", .dim)
      }
      return line
    }
  }

  /// The destination in both forms, each by map and by scan.
  private var decoding: [Line] {
    guard let decoding = RouteDecoding(row, in: model.snapshot) else {
      return [Line(" no interrupt message in either form", .wrong)]
    }
    let extended =
      decoding.isExtended
      ? line("15-bit destination", decoding.extended)
      : Line(" 15-bit destination  the same: none of the extra bits is set", .dim)
    return [line("8-bit destination", decoding.plain), extended]
  }

  private func line(_ name: String, _ form: RouteDecoding.Form) -> Line {
    let route = form.check.route
    let who =
      route.count > 0
      ? Line(Receivers.names(route.contexts), .active)
      : Line("nobody: \(route.reason?.text ?? "no reason")", .wrong)
    let proof =
      form.check.agrees
      ? Line("  map equals scan", .dim)
      : Line("  MAP AND SCAN DIFFER: the scan finds \(Receivers.names(form.check.scan.contexts))", .wrong)
    return Line(" \(name.left(19)) \(form.message.addressText) -> ") + who + proof
  }

  private func drawHistory(into grid: inout Grid, _ area: Rect) {
    let numbers = model.index.routes.events(of: row.id)
    let events = numbers.suffix(max(0, area.height - 2)).reversed().compactMap { model.events.event($0) }
    EventsTable.draw("history of \(row.id.text), newest first", events, model, into: &grid, area)
    if events.isEmpty { grid.put(" no event of this route is in the log", .dim, 2, in: area) }
  }
}
