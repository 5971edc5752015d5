/// The panes of the overview, and where each stands.
struct OverPanes {
  /// One letter for each context; the grid of them needs none.
  var strip: Rect?
  /// The newest events.
  var tail: Rect?
  /// The findings and what looking costs.
  var summary: Rect?
  /// The selected context, and below it what has changed.
  var context: Rect?
  var list: Rect

  /// Nil where there is room for the list only.
  init?(_ model: InspectorModel, _ area: Rect) {
    guard area.width >= 80, area.height >= 18 else { return nil }
    var rest = area
    if model.overLayout != .grid { strip = rest.takeTop(MapStrip.lines(model, width: area.width).count) }
    if rest.height >= 30 { tail = rest.takeBottom(Self.tailRows(model, rest)) }
    if rest.width >= 200 { summary = rest.takeRight(52) }
    if rest.width >= 120 {
      context = rest.takeRight(rest.width >= 140 ? 52 : 38)
      _ = rest.takeRight(1)
    }
    list = rest
  }

  /// A third of the height, and what a short table leaves.
  private static func tailRows(_ model: InspectorModel, _ rest: Rect) -> Int {
    let least = rest.width >= 120 ? 19 : 4
    return max(rest.height / 3, rest.height - max(model.contexts.count + 1, least))
  }
}
