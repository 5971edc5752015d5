import Architecture
import Journal

/// What one group's map holds, in a few lines.
enum GroupBlock {
  static func title(_ group: GroupSnapshot) -> String { "g\(group.id.rawValue)  VTL\(group.vtl.rawValue)" }

  static func lines(_ group: GroupSnapshot, _ model: InspectorModel, width: Int, isCompact: Bool) -> [Line] {
    if isCompact { return [map(group, model), members(group)] }
    return [map(group, model), physical(group, width), logical(group, width), members(group)]
  }

  private static func map(_ group: GroupSnapshot, _ model: InspectorModel) -> Line {
    let isOff = group.logicalMode == .disabled
    var line = Line(" logical map ", .dim) + Line(group.logicalMode.text, isOff ? .waiting : .bold)
    if group.logicalModeReason != .none { line.append(": \(group.logicalModeReason.text)", .waiting) }
    return line + Line("   generation \(group.generation)   built \(model.ago(group.builtAt).spanText) ago")
  }

  /// Neighbouring ids on neighbouring VPs as one run: `0-15 > VP 0-15`.
  private static func physical(_ group: GroupSnapshot, _ width: Int) -> Line {
    var parts: [String] = []
    var i = 0
    let all = group.physical
    while i < all.count {
      var last = i
      while last + 1 < all.count, all[last + 1].key == all[last].key &+ 1,
        all[last + 1].vp.index == all[last].vp.index + 1
      {
        last += 1
      }
      let id = TextForm.hex(all[i].key)
      let vp = all[i].vp.index
      parts.append(
        last == i ? "\(id) > VP \(vp)" : "\(id)-\(TextForm.hex(all[last].key)) > VP \(vp)-\(all[last].vp.index)")
      i = last + 1
    }
    return listed(" physical id ", parts, width)
  }

  private static func logical(_ group: GroupSnapshot, _ width: Int) -> Line {
    let isFlat = group.logicalMode == .flat
    var parts: [String] = []
    for (cluster, entries) in clusters(group.logical) {
      let mask = entries.reduce(0) { $0 | $1.key & 0xFFFF }
      let name =
        isFlat
        ? "flat \(TextForm.hex(mask, 2))"
        : "cluster \(TextForm.hex(cluster)) bits \(TextForm.hex(mask, group.logicalMode == .x2APIC ? 4 : 1))"
      parts.append("\(name) > VP " + IndexRuns.text(entries.map(\.vp.index)))
    }
    return listed(" logical id  ", parts, width)
  }

  private static func clusters(_ entries: [MapEntry]) -> [(UInt32, [MapEntry])] {
    Dictionary(grouping: entries) { $0.key >> 16 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func listed(_ label: String, _ parts: [String], _ width: Int) -> Line {
    let text = parts.isEmpty ? "none" : parts.joined(separator: ", ")
    return Line(label, .dim)
      + Line(text.clippedAtWord(to: max(1, width - label.columns)), parts.isEmpty ? .dim : .plain)
  }

  private static func members(_ group: GroupSnapshot) -> Line {
    let off = group.members - min(group.members, group.softwareEnabled)
    var line = Line(" members \(group.members)   present \(group.hardwareEnabled)   enabled \(group.softwareEnabled)")
    if off > 0 { line.append("   not enabled \(off)", .waiting) }
    if group.duplicateIDs > 0 { line.append("   DUPLICATE IDS \(group.duplicateIDs)", .wrong) }
    return line
  }
}
