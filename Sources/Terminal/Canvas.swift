import Inspector

/// A cell as this terminal can show it.
struct PaintedCell: Hashable {
  var scalar: Unicode.Scalar = " "
  /// Bits of `CN_BOLD` and so on, without those that the terminal does not have.
  var attributes: UInt8 = 0
  /// A palette index; -1 is the terminal's own foreground.
  var colour: Int16 = -1
}

/// What the terminal shows, what it is to show, and what of the difference goes first.
///
/// A frame need not be finished before the next one is known: what is painted is always a part of the newest.
struct Canvas {
  private(set) var size = Size(0, 0)
  private var shown: [PaintedCell] = []
  private var target: [PaintedCell] = []
  /// What a key changed and has not been painted since.
  private var urgency: [Rank] = []
  /// Parts that are renewed once a second, when they were, and the frame that has them new.
  private var calm: [Rect] = []
  private var renewed: UInt64 = 0
  private var withheld: [PaintedCell]?
  /// The row at which the last piece was full: the next one goes on there, so that a busy upper half does not keep the
  /// lower half from the screen.
  private var resumesAt = 0
  /// Nothing of what is there can be counted on: the next piece begins with an empty screen.
  private(set) var isLost = true

  /// Cells of one row and one look.
  struct Run: Hashable {
    var x: Int
    var y: Int
    var cells: ArraySlice<PaintedCell>
  }

  /// What goes first.
  private enum Rank: UInt8, CaseIterable, Comparable {
    /// What a key changed: what is written there, or that it is selected.
    case struck
    /// The rest of what it changed: that something stepped back, or came forward.
    case faded
    case other

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// `reverse` is the attribute bit of a selection.
  private let reverse: UInt8

  init(reverse: UInt8) { self.reverse = reverse }

  // MARK: - What is wanted

  var isFinished: Bool { !isLost && shown == target }
  var hasUrgent: Bool { urgency.contains { $0 != .other } }

  /// How long a calm part stays as it is, in nanoseconds.
  static var calmness: UInt64 { 1_000_000_000 }

  /// `isKeyed` says that the change is a key's doing; `calm` are parts that otherwise may wait.
  mutating func aim(at cells: [PaintedCell], size: Size, isKeyed: Bool, calm: [Rect] = [], now: UInt64 = 0) {
    let mayWait = !isKeyed && size == self.size && calm == self.calm && now &- renewed < Self.calmness
    guard !calm.isEmpty, mayWait else {
      (self.calm, renewed, withheld) = (calm, now, nil)
      return aim(at: cells, size: size, isKeyed: isKeyed)
    }
    withheld = cells
    var held = cells
    for area in calm {
      for y in area.y..<(area.y + area.height) {
        let row = y * size.width
        held.replaceSubrange(
          (row + area.x)..<(row + area.x + area.width), with: target[(row + area.x)..<(row + area.x + area.width)])
      }
    }
    aim(at: held, size: size, isKeyed: false)
  }

  /// Lets go of what has been held back for long enough.
  mutating func release(at now: UInt64) {
    guard let cells = withheld, let due = nextRelease, now >= due else { return }
    (renewed, withheld) = (now, nil)
    aim(at: cells, size: size, isKeyed: false)
  }

  /// When `release` has something to do.
  var nextRelease: UInt64? { withheld == nil ? nil : renewed &+ Self.calmness }

  private mutating func aim(at cells: [PaintedCell], size: Size, isKeyed: Bool) {
    if size != self.size {
      self.size = size
      target = cells
      urgency = Array(repeating: isKeyed ? .struck : .other, count: cells.count)
      lose()
      return
    }
    if isKeyed {
      for i in cells.indices where cells[i] != target[i] {
        let isStruck =
          cells[i].scalar != target[i].scalar || (cells[i].attributes ^ target[i].attributes) & reverse != 0
        urgency[i] = min(urgency[i], isStruck ? .struck : .faded)
      }
    }
    target = cells
  }

  /// Forgets what the terminal shows.
  mutating func lose() {
    isLost = true
    shown = Array(repeating: PaintedCell(), count: size.width * size.height)
    resumesAt = 0
  }

  /// The screen has been emptied.
  mutating func wipe() {
    lose()
    isLost = false
  }

  // MARK: - Painting

  /// Takes the next part of the difference: about so many bytes of it, at least a few cells.
  mutating func next(_ budget: Int) -> [Run] {
    var runs: [Run] = []
    var left = budget
    for rank in Rank.allCases where rank == .other || hasUrgent {
      let first = rank == .other ? resumesAt : 0
      for step in 0..<size.height {
        let y = (first + step) % size.height
        if !paint(y, rank, &left, &runs) {
          if rank == .other { resumesAt = y }
          return runs
        }
      }
    }
    resumesAt = 0
    urgency = Array(repeating: .other, count: urgency.count)
    return runs
  }

  /// The runs of one row and rank; false when there is no room left.
  private mutating func paint(_ y: Int, _ rank: Rank, _ left: inout Int, _ runs: inout [Run]) -> Bool {
    let start = y * size.width
    let end = start + size.width
    var i = start
    while i < end {
      guard isDue(i, rank) else {
        i += 1
        continue
      }
      var last = i + 1
      while last < end, isDue(last, rank), looksLike(last, i) { last += 1 }
      let overhead = Self.moveBytes + (target[i].attributes == 0 && target[i].colour < 0 ? 0 : Self.lookBytes)
      left -= overhead
      guard left > 0 || runs.isEmpty else { return false }
      let fitting = min(last, i + max(Self.leastCells, left))
      left -= target[i..<fitting].reduce(0) { $0 + ($1.scalar.isASCII ? 1 : 3) }
      runs.append(Run(x: i - start, y: y, cells: target[i..<fitting]))
      for place in i..<fitting {
        shown[place] = target[place]
        urgency[place] = .other
      }
      if fitting < last { return false }
      i = last
    }
    return true
  }

  /// What moving the cursor and changing the attributes takes, about.
  private static var moveBytes: Int { 6 }
  private static var lookBytes: Int { 10 }
  private static var leastCells: Int { 4 }

  private func looksLike(_ a: Int, _ b: Int) -> Bool {
    target[a].attributes == target[b].attributes && target[a].colour == target[b].colour
  }

  private func isDue(_ i: Int, _ rank: Rank) -> Bool { urgency[i] == rank && shown[i] != target[i] }
}
