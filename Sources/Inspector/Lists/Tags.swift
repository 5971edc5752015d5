import Architecture
import Journal

extension InspectorModel {
  /// Tags the row that is pointed at, or takes its tag away, and goes on to the next one.
  mutating func toggleTag() {
    guard let list = listView, let row = list.selectedRow(self) else {
      message = "no row is selected"
      return
    }
    if tags.remove(row) == nil { tags.insert(row) }
    move(by: 1, in: list)
    message = Line("\(tags.count) tagged")
  }

  mutating func untagAll() {
    message = Line(tags.isEmpty ? "nothing is tagged" : "no tags any more")
    tags = []
  }

  /// Tagged contexts, in their order.
  var taggedContexts: [ContextID] { tags.compactMap(\.context).sorted() }
}

extension FireForm {
  /// Names the contexts of `all` that are in the sender's group: one by its ID, several by one logical
  /// destination where there is one for exactly them.
  mutating func aim(at all: [ContextID], in snapshot: Snapshot) {
    let group = group(in: snapshot)
    let targets = all.compactMap { snapshot[$0] }.filter { $0.isEnabled && $0.group == group }
    guard let first = targets.first else { return }
    if targets.count == 1 {
      address = .physical
      id = APICDecoding(first).id.rawValue
    } else if let logical = Self.logical(targets, isNarrow: isNarrow(in: snapshot)) {
      address = .logical
      id = logical
    }
  }

  /// The logical destination that names all of these: bits of one cluster, or of a flat ID.
  private static func logical(_ targets: [ContextSnapshot], isNarrow: Bool) -> UInt32? {
    let wide = targets.allSatisfy { APICDecoding($0).mode == .x2APIC }
    let narrow = targets.allSatisfy { APICDecoding($0).mode == .xAPIC && $0.apic[0xE0] >> 28 == 0xF }
    guard wide ? !isNarrow : narrow else { return nil }
    let ids = targets.map { wide ? $0.apic[0xD0] : $0.apic[0xD0] >> 24 }
    guard ids.allSatisfy({ $0 != 0 && (!wide || $0 >> 16 == ids[0] >> 16) }) else { return nil }
    return ids.reduce(0, |)
  }
}
