/// What a part of the screen stands for: what a click means there, and where what is searched is marked.
public struct Target: Hashable, Sendable {
  public enum Meaning: Hashable, Sendable {
    /// A row of the list.
    case row(RowID)
    /// The same thing in another place: a letter, a cell.
    case thing(RowID)
    case view(ViewID)
    case key(Key)
  }

  public var area: Rect
  public var meaning: Meaning

  public func contains(_ x: Int, _ y: Int) -> Bool {
    x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height
  }
}
