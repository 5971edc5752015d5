import Architecture
import Journal

/// What protected memory is in words.
enum MemoryText {
  /// Why no page is protected.
  static func emptiness(_ model: InspectorModel) -> String {
    let higher = model.snapshot.contexts.filter { $0.isEnabled && $0.id.vtl > .vtl0 }
    guard let context = higher.first else {
      return "no page is protected: only VTL0 is enabled, and nothing is above it to protect any"
    }
    guard let protector = higher.first(where: { $0.vsm.partitionConfig & 1 != 0 }) else {
      return "no page is protected: VTL\(context.id.vtl.rawValue) is enabled and has not set EnableVtlProtection"
    }
    return "no page is protected: VTL\(protector.id.vtl.rawValue) may protect memory and allows everything"
  }

  /// One sentence about a run.
  static func sentence(_ run: ProtectionRun, _ model: InspectorModel) -> Line {
    let log = model.index.memory
    let pages = run.count == 1 ? "1 page" : "\(TextForm.count(run.count)) pages"
    var line = Line("VTL\(run.vtl.rawValue)", .bold)
    line.append(" may \(AccessText.words(run.access)) \(pages) from \(TextForm.hex(run.firstPage &<< 12))")
    if let change = log.lastChange(of: run) {
      let by = change.context.map { " by \($0)" } ?? ""
      line.append("; set\(by) \(model.ago(change.time).spanText) ago")
    }
    let denials = log.denials(of: run)
    guard let last = denials.last else { return line }
    line.append("; \(denials.count) denied, last ", .waiting)
    return line + ProtectionTable.what(last, model)
  }

  /// `529 pages protected in 4 runs; 1 intercept, 0 waits; overlay pages: hypercall 1, SIMP 4`.
  static func summary(_ model: InspectorModel) -> Line {
    let memory = model.snapshot.memory
    let pages = memory.protections.reduce(UInt64(0)) { $0 &+ $1.count }
    var line = Line(" \(TextForm.count(pages)) pages protected in \(memory.protections.count) runs")
    if memory.droppedProtections > 0 {
      line.append(", \(TextForm.count(memory.droppedProtections)) runs found no room", .wrong)
    }
    line.append("; \(TextForm.count(memory.intercepts)) intercepts")
    if memory.interceptWaits > 0 {
      line.append(", \(TextForm.count(memory.interceptWaits)) waits for a slot", .waiting)
    }
    if memory.interceptedPorts > 0 { line.append("; \(memory.interceptedPorts) ports watched") }
    let overlays = OverlayKind.allCases.compactMap { kind in
      let count = memory.overlays.filter { $0.kind == kind }.count
      return count == 0 ? nil : "\(kind.name) \(count)"
    }
    return line + Line("; overlays: \(overlays.isEmpty ? "none" : overlays.joined(separator: ", "))")
  }

  /// The overlay pages, one to an entry of the same width.
  static func overlays(_ model: InspectorModel, width: Int) -> [Line] {
    let entries = model.snapshot.memory.overlays.map { overlay in
      "\(overlay.context)".left(6) + overlay.kind.name.left(14) + TextForm.hex(overlay.page &<< 12, 9)
        + (overlay.isWritable ? " rw" : " r-")
    }
    let across = max(1, (width - 1) / 36)
    return stride(from: 0, to: entries.count, by: across).map { start in
      Line(" " + entries[start..<min(entries.count, start + across)].map { $0.left(36) }.joined())
    }
  }
}
