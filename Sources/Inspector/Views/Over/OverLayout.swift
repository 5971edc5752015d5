/// How the overview shows contexts.
enum OverLayout: UInt8, Hashable, Sendable, CaseIterable {
  /// A row for each.
  case table
  /// A letter for each: thousands fit.
  case grid
  /// A row for each VP, with a letter for each of its contexts.
  case folded

  var name: String { "\(self)" }
  var next: OverLayout { OverLayout(rawValue: (rawValue + 1) % 3) ?? .table }
}

extension InspectorModel {
  mutating func lay(_ layout: OverLayout) {
    overLayout = layout
    message = Line("layout: " + layout.name)
    lists[.over]?.top = nil
    if let list = listView, list.id == .over { list.arrange(&self) }
  }
}
