extension InspectorModel {
  /// What a click or a turn of the wheel does: what the key would that stands there, or pointing at what is there.
  mutating func handle(_ event: MouseEvent) -> Action? {
    switch event.kind {
    case .wheelUp: return scroll(by: -3)
    case .wheelDown: return scroll(by: 3)
    case .left: return click(event)
    case .middle, .right: return nil
    }
  }

  private mutating func scroll(by rows: Int) -> Action? {
    let key: Key = rows < 0 ? .up : .down
    var action: Action?
    for _ in 0..<abs(rows) { action = handle(key) ?? action }
    return action
  }

  /// The screen is drawn again to know what stands where: the same model gives the same screen.
  private mutating func click(_ event: MouseEvent) -> Action? {
    guard let target = draw(size).target(event.column, event.row) else { return nil }
    switch target.meaning {
    case .key(let key): return handle(key)
    case .view(let id): return perform(.view(id))
    case .row(let row), .thing(let row):
      if isHelpOpen || prompt != nil || dialog != nil { return nil }
      return point(at: row)
    }
  }

  /// A click on what is selected already opens it.
  private mutating func point(at row: RowID) -> Action? {
    guard let list = listView else { return nil }
    if list.selectedRow(self) == row, !(view == .events && isFollowing) { return perform(.open) }
    if case .context(let id) = row, list.id != .over || overLayout == .folded {
      select(id)
    } else {
      list.select(row, &self)
    }
    return nil
  }
}
