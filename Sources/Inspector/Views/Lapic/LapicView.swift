import Architecture
import Diagnosis
import Interrupts
import Journal

/// What exactly is in one local APIC, and what of it can be delivered.
public struct LapicView: ListView {
  public var id: ViewID { .lapic }
  public var tab: String? { "Lapic" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let context = model.selectedContext, context.isEnabled else {
      grid.put(" this context does not exist: its VTL is not enabled on the VP", .dim, 1, in: area)
      return
    }
    var rest = area
    if area.width < 80 || area.height < 18 {
      grid.put(title(context, model), 0, in: rest.takeTop(1))
      grid.put(LapicRegisters(context, model, width: rest.width - 1).lines, in: rest.inset(1, 0))
    } else if area.width >= 200 && area.height >= 40 {
      drawFull(context, model, into: &grid, rest)
    } else {
      let top = rest.takeTop(20)
      drawGrid(context, model, into: &grid, top)
      if rest.height > 2 { LapicPanes.history(context.id, model, into: &grid, rest) }
    }
  }

  private func title(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    let id = APICDecoding(context).idText
    return Line(context.id.description, .bold)
      + Line(" \(model.state(context).word)  g\(context.group.rawValue)  id \(id)", .plain)
  }

  /// One grid, the registers, and at 120 columns what else there is of the VP.
  private func drawGrid(_ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    let left = rest.takeLeft(BitGrid.width)
    let title = title(context, model)
    if model.lapicShowsWords {
      grid.put(BitGrid.words(context, title: title), in: left)
    } else {
      let lines = BitGrid.lines(
        context, .combined, title: title, selected: model.selection.vector, found: found(model))
      grid.put(lines + BitGrid.legend, in: left)
      BitGrid.mark(into: &grid, left)
    }
    _ = rest.takeLeft(1)
    if model.lapicShowsHistogram {
      return grid.put(
        LapicPanes.histograms(context.id, model, width: min(76, rest.width), height: rest.height), in: rest)
    }
    let registers = rest.takeLeft(rest.width >= 80 ? max(42, rest.width - 36) : rest.width)
    grid.put(LapicRegisters(context, model, width: registers.width - 1).lines, in: registers)
    if rest.width > 20 { grid.put(LapicPanes.neighbours(context, model, width: rest.width), in: rest) }
  }

  /// IRR, ISR and TMR apart, with everything in words beside and below.
  private func drawFull(_ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    var top = rest.takeTop(21)
    let found = found(model)
    for content in [BitGrid.Content.irr, .isr, .tmr] {
      let count = (0..<256).count { context.apic.bit($0, at: content.offset) }
      let title = Line(content.title, .bold) + Line("  \(count) set")
      grid.put(
        BitGrid.lines(context, content, title: title, selected: model.selection.vector, found: found),
        in: top.takeLeft(BitGrid.width + 2))
    }
    let registers = LapicRegisters(context, model, width: top.width - 1).lines
    grid.put([title(context, model)] + registers, in: top)
    grid.put(BitGrid.legend[0] + Line("  ") + BitGrid.legend[1], 19, in: area)
    var right = rest.takeRight(80)
    _ = rest.takeRight(1)
    LapicPanes.history(context.id, model, into: &grid, rest)
    grid.rule("latency of \(context.id)", 0, in: right.takeTop(1))
    grid.put(
      model.latency(of: context.id).lines,
      in: right.takeTop(4).inset(1, 0))
    if model.lapicShowsHistogram {
      let lines = LapicPanes.histograms(context.id, model, width: right.width - 2, height: right.height)
      return grid.put(lines, in: right.inset(1, 0))
    }
    grid.rule("the VP, VTLs and counters", 0, in: right.takeTop(1))
    grid.put(LapicPanes.neighbours(context, model, width: right.width - 2), in: right.inset(1, 0))
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let context = model.selectedContext, context.isEnabled else { return "" }
    guard let vector = model.selection.vector else {
      return Line("\(context.id) next: " + Waiting(context, in: model.snapshot).text)
    }
    return Line("\(context.id) vector ") + Line(vector.text, .bold) + Line(": " + about(vector, context, model))
  }

  private func about(_ vector: VectorNumber, _ context: ContextSnapshot, _ model: InspectorModel) -> String {
    if vector.rawValue < 16 { return "never: vectors below 16 are illegal" }
    var parts: [String] = []
    if let state = context.inService.first(where: { $0.vector == vector }) {
      parts.append("in service \(model.ago(state.since).spanText)" + journey(state))
    }
    if let state = context.pending.first(where: { $0.vector == vector }) {
      parts.append("pending \(model.ago(state.since).spanText)" + journey(state))
      parts.append("gate: " + (model.snapshot.outlook(of: vector, in: context).gate?.text ?? "open"))
    }
    if parts.isEmpty {
      let isBlocked = vector.priorityClass <= context.processorPriority & 0xF0 && context.processorPriority > 15
      parts.append("neither pending nor in service" + (isBlocked ? "; the PPR would hold it" : ""))
    }
    return parts.joined(separator: ", ")
  }

  private func journey(_ state: VectorState) -> String {
    state.journey == .none ? "" : " #\(state.journey.rawValue)"
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] {
    [.previousContext, .nextContext, .otherVTL, .journey, .why, .bitmaps, .fire, .switchVTL, .actions, .histogram]
  }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    switch command {
    case .up: moveVector(16, &model)
    case .down: moveVector(-16, &model)
    case .left: moveVector(-1, &model)
    case .right: moveVector(1, &model)
    case .first: model.selection.vector = VectorNumber(rawValue: 0xFF)
    case .last: model.selection.vector = VectorNumber(rawValue: 0x10)
    case .previousContext, .pageUp: model.select(model.contexts.moved(from: model.selection.context, by: -1))
    case .nextContext, .pageDown: model.select(model.contexts.moved(from: model.selection.context, by: 1))
    case .otherVTL: selectOtherVTL(&model)
    case .histogram: model.lapicShowsHistogram.toggle()
    case .bitmaps: model.lapicShowsWords.toggle()
    case .open: model.openJourney()
    default: return false
    }
    return true
  }

  /// The first move goes to what is most interesting: the highest pending vector, else the highest in
  /// service.
  private func moveVector(_ distance: Int, _ model: inout InspectorModel) {
    guard let vector = model.selection.vector else {
      let context = model.selectedContext
      model.selection.vector =
        context?.pending.first?.vector ?? context?.inService.first?.vector ?? VectorNumber(rawValue: 0x80)
      return
    }
    let next = vector.index + distance
    if (0..<256).contains(next) { model.selection.vector = VectorNumber(next) }
  }

  private func selectOtherVTL(_ model: inout InspectorModel) {
    let here = model.selection.context
    let all = model.contexts.filter { $0.vp == here.vp }
    guard let place = all.firstIndex(of: here), all.count > 1 else {
      model.message = Line("VP \(here.vp.rawValue) has no other VTL enabled")
      return
    }
    model.select(all[(place + 1) % all.count])
  }
}

extension LapicView {
  /// The 256 bits stand where they stand.
  var isFilterable: Bool { false }

  func allRows(_ model: InspectorModel) -> [RowID] {
    (0x10...0xFF).reversed().map { .vector(VectorNumber(rawValue: $0)) }
  }

  func selectedRow(_ model: InspectorModel) -> RowID? { model.selection.vector.map { .vector($0) } }

  func select(_ row: RowID, _ model: inout InspectorModel) {
    if case .vector(let vector) = row { model.selection.vector = vector }
  }

  func texts(of rows: [RowID], _ model: InspectorModel) -> [String] {
    guard let context = model.selectedContext else { return rows.map { _ in "" } }
    return rows.map { row in
      guard case .vector(let vector) = row else { return "" }
      return "\(vector.text) " + about(vector, context, model)
    }
  }

  /// A vector with what is known of it, and whose it is.
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    guard case .vector(let vector) = row, let context = model.selectedContext else { return json.null() }
    json.object { json in
      json.field("context", context.id)
      json.field("vector", vector)
      json.field("pending", context.pending.first { $0.vector == vector })
      json.field("inService", context.inService.first { $0.vector == vector })
    }
  }

  /// The vectors that a search has found.
  private func found(_ model: InspectorModel) -> Set<VectorNumber> {
    guard !model.searched.isEmpty else { return [] }
    return Set(
      hits(Needle(model.searched), model).compactMap { if case .vector(let vector) = $0 { vector } else { nil } })
  }
}

extension BitGrid.Content {
  /// Where the 256 bits begin in the register page.
  var offset: Int {
    switch self {
    case .combined, .irr: 0x200
    case .isr: 0x100
    case .tmr: 0x180
    }
  }
}
