/// How often there is a new frame on a line that would take more: remote screens are read over links that others use too.
///
/// A frame that changes much is followed by a pause that pays for it, but never by a long one. Keys are not held up.
struct FrameBudget {
  /// Bytes that have been sent and not been paid for.
  private var debt = 0
  private var lastPayment: UInt64
  private var lastFrame: UInt64

  init(now: UInt64) {
    lastPayment = now
    lastFrame = now
  }

  /// Bytes a second for a screen of so many cells: less than 3 kB at 80x24, and than 8 kB at 200x60.
  static func rate(cells: Int) -> Int { 1_500 + cells * 9 / 20 }
  /// However much changes, there are three frames a second.
  static var longestPause: UInt64 { 333_000_000 }

  mutating func beginFrame(at now: UInt64) { lastFrame = now }

  mutating func sent(_ bytes: Int, cells: Int, at now: UInt64) {
    pay(cells: cells, at: now)
    // What a single large repaint costs is not remembered for long.
    debt = min(debt + bytes, Self.rate(cells: cells) / 2)
  }

  private mutating func pay(cells: Int, at now: UInt64) {
    let paid = Double(now &- lastPayment) / 1e9 * Double(Self.rate(cells: cells))
    guard paid >= 1 else { return }
    debt = max(0, debt - Int(min(paid, 1e9)))
    lastPayment = now
  }

  mutating func allowsFrame(cells: Int, at now: UInt64) -> Bool {
    pay(cells: cells, at: now)
    return debt == 0 || now &- lastFrame >= Self.longestPause
  }

  /// When `allowsFrame` becomes true by itself.
  func nextFrame(cells: Int) -> UInt64 {
    let paid = lastPayment &+ UInt64(Double(debt) / Double(Self.rate(cells: cells)) * 1e9) &+ 1
    return min(paid, lastFrame &+ Self.longestPause)
  }
}
