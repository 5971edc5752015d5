import Architecture
import Diagnosis
import Journal

/// What stands beside and below the grid of a local APIC where there is room.
enum LapicPanes {
  /// The other VTLs of the VP, what is Hyper-V's of this one, and its counters.
  static func neighbours(_ context: ContextSnapshot, _ model: InspectorModel, width: Int) -> [Line] {
    var lines = [Line("other contexts of VP\(context.id.vp.rawValue)", .bold)]
    for other in model.snapshot.contexts where other.id.vp == context.id.vp && other.id != context.id {
      let state = model.state(other)
      lines.append(
        Line("\(other.id)  ") + Line(state.word, state.style)
          + Line(other.isEnabled ? ", \(model.ago(other.since).spanText)" : ""))
      guard other.isEnabled else { continue }
      lines.append(Line("     " + Waiting(other, in: model.snapshot).text.clippedAtWord(to: width - 5), .dim))
    }
    lines.append(.empty)
    lines += vtl(context, model, width)
    lines.append(.empty)
    return lines + counters(context)
  }

  private static func vtl(_ context: ContextSnapshot, _ model: InspectorModel, _ width: Int) -> [Line] {
    var lines = [Line("VTL\(context.id.vtl.rawValue)", .bold)]
    if let reason = context.entryReason {
      lines.append(Line("entered by \(reason.text) \(model.ago(context.entryTime).spanText) ago"))
    }
    let vina = UInt8(truncatingIfNeeded: context.vina)
    let asserted = context.vinaAsserted ? ", asserted" : ""
    lines.append(
      label("VINA") + (context.vina.bit(8) ? Line("vector \(TextForm.hex(vina, 2))\(asserted)") : Line("off", .dim)))
    lines.append(label("assist page") + page(context.assistPage))
    lines.append(label("hypercalls") + page(context.hypercallPage))
    if context.guestOSID != 0 { lines.append(label("guest OS id") + Line(TextForm.hex(context.guestOSID))) }
    return lines
  }

  /// An MSR with an enable bit 0 and a page address.
  private static func page(_ msr: UInt64) -> Line {
    msr.bit(0) ? Line("at " + TextForm.hex(msr & ~0xFFF)) : Line("off", .dim)
  }

  private static func label(_ text: String) -> Line { Line(text.left(13), .dim) }

  private static func counters(_ context: ContextSnapshot) -> [Line] {
    let counters = context.counters
    let rows: [(String, UInt64, Bool)] = [
      ("accepted", counters.accepted, false), ("merged", counters.merged, false),
      ("rejected", counters.rejected, true), ("EOI", counters.endOfInterrupts, false),
      ("spurious EOI", counters.spuriousEOIs, true), ("sent", counters.sent, false),
      ("undelivered", counters.undelivered, true), ("VTL entries", counters.vtlEntries, false),
      ("halts", counters.halts, false), ("exceptions", counters.exceptions, true),
    ]
    return [Line("since power-on", .bold)]
      + rows.map { label($0.0) + Line(TextForm.count($0.1).right(6), $0.2 && $0.1 > 0 ? .waiting : .plain) }
  }

  /// How the spans of each hop are spread, one hop below the other.
  static func histograms(_ id: ContextID, _ model: InspectorModel, width: Int, height: Int) -> [Line] {
    let hops = model.latency(of: id).hops
    let rows = max(1, height / hops.count - 2)
    return hops.flatMap { hop in
      let count = "  \(TextForm.count(hop.histogram.total)) in the log"
      let bars = hop.spans == nil ? [Line("  none in the log", .dim)] : hop.histogram.lines(rows, width: width)
      return [Line("\(id) \(hop.name)", .bold) + Line(count, .dim)] + bars + [.empty]
    }
  }

  /// What happened in this context, the newest first.
  static func history(_ id: ContextID, _ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let events = model.events.newest(area.height, depth: 16_384) { $0.context == id }
    EventsTable.draw("history of \(id), newest first", events, model, into: &grid, area)
    if events.isEmpty { grid.put(" no event of this context is in the log", .dim, 2, in: area) }
  }
}

extension InspectorModel {
  /// Of one local APIC, over as many events as a look has time for.
  func latency(of id: ContextID) -> Latency {
    Latency(events, index.timers, in: snapshot, depth: 65_536, at: id)
  }
}
