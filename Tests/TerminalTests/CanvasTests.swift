import Inspector
import Testing

@testable import Terminal

private let reversed: UInt8 = 8

/// What a terminal shows that is sent the runs of a canvas.
private struct Paper {
  var cells: [PaintedCell]
  let width: Int

  init(_ size: Size) {
    cells = Array(repeating: PaintedCell(), count: size.width * size.height)
    width = size.width
  }

  mutating func paint(_ runs: [Canvas.Run]) {
    for run in runs { for (i, cell) in run.cells.enumerated() { cells[run.y * width + run.x + i] = cell } }
  }
}

@Suite struct `What is painted first` {
  private static let size = Size(80, 24)

  private func page(_ character: Unicode.Scalar, attributes: UInt8 = 0) -> [PaintedCell] {
    Array(repeating: PaintedCell(scalar: character, attributes: attributes), count: Self.size.width * Self.size.height)
  }

  private func canvas(showing cells: [PaintedCell]) -> Canvas {
    var canvas = Canvas(reverse: reversed)
    canvas.aim(at: cells, size: Self.size, isKeyed: false)
    canvas.wipe()
    _ = canvas.next(1 << 20)
    return canvas
  }

  private func row(_ y: Int, _ text: String, _ cells: inout [PaintedCell], attributes: UInt8 = 0) {
    for (x, scalar) in text.unicodeScalars.enumerated() {
      cells[y * Self.size.width + x] = PaintedCell(scalar: scalar, attributes: attributes)
    }
  }

  @Test(arguments: [1, 40, 100, 1_000, 1 << 20]) func `pieces of any size come to the whole`(budget: Int) {
    var canvas = Canvas(reverse: reversed)
    var cells = page(".")
    row(3, "some words in between", &cells, attributes: reversed)
    canvas.aim(at: cells, size: Self.size, isKeyed: false)
    canvas.wipe()
    var paper = Paper(Self.size)
    var pieces = 0
    while !canvas.isFinished {
      let runs = canvas.next(budget)
      #expect(!runs.isEmpty)
      #expect(runs.reduce(0) { $0 + $1.cells.count } <= max(4, budget))
      paper.paint(runs)
      pieces += 1
    }
    #expect(paper.cells == cells)
    #expect(budget < 1 << 20 || pieces == 1)
  }

  @Test func `only what differs is painted`() {
    var cells = page(".")
    var canvas = canvas(showing: cells)
    row(5, "new", &cells)
    canvas.aim(at: cells, size: Self.size, isKeyed: false)
    let runs = canvas.next(1_000)
    #expect(runs.count == 1)
    #expect(runs.first?.y == 5 && runs.first?.x == 0 && runs.first?.cells.count == 3)
  }

  @Test func `what a key changed goes before what time changed, and what it says before what steps back`() {
    var cells = page(".")
    var canvas = canvas(showing: cells)
    // Time changed the first rows.
    for y in 0..<6 { row(y, String(repeating: "t", count: 80), &cells) }
    canvas.aim(at: cells, size: Self.size, isKeyed: false)
    // A dialog opened: everything steps back, and its text stands in the middle.
    for i in cells.indices { cells[i].attributes = 2 }
    row(12, "Fire interrupt", &cells)
    canvas.aim(at: cells, size: Self.size, isKeyed: true)
    let first = canvas.next(60)
    #expect(first.first?.y == 12)
    #expect(first.first?.cells.map(\.scalar) == Array("Fire interrupt".unicodeScalars))
  }

  @Test func `a selection that moves is what a key says`() {
    var cells = page(".")
    row(8, "one", &cells, attributes: reversed)
    var canvas = canvas(showing: cells)
    row(8, "one", &cells)
    row(9, "two", &cells, attributes: reversed)
    for i in 0..<160 { cells[i].attributes = 2 }
    canvas.aim(at: cells, size: Self.size, isKeyed: true)
    #expect(canvas.next(40).map(\.y) == [8, 9])
  }

  @Test func `a frame that is replaced before it was painted is never painted`() {
    var canvas = canvas(showing: page("."))
    canvas.aim(at: page("a"), size: Self.size, isKeyed: false)
    _ = canvas.next(100)
    canvas.aim(at: page("b"), size: Self.size, isKeyed: false)
    var paper: [Unicode.Scalar] = []
    while !canvas.isFinished { paper += canvas.next(500).flatMap { $0.cells.map(\.scalar) } }
    #expect(!paper.contains("a"))
  }

  @Test func `rows that change all the time do not keep the others from the screen`() {
    var cells = page(".")
    var canvas = canvas(showing: cells)
    row(20, "far below", &cells)
    var seen = false
    for tick in 0..<20 {
      for y in 0..<5 { row(y, String(repeating: tick.isMultiple(of: 2) ? "x" : "y", count: 80), &cells) }
      canvas.aim(at: cells, size: Self.size, isKeyed: false)
      seen = seen || canvas.next(120).contains { $0.y == 20 }
    }
    #expect(seen)
  }

  @Test func `a calm part is renewed once a second, as a whole, or with a key`() {
    let area = Rect(x: 10, y: 12, width: 60, height: 10)
    var canvas = Canvas(reverse: reversed)
    var paper = Paper(Self.size)
    func show(_ character: Unicode.Scalar, at now: UInt64, isKeyed: Bool = false) -> (
      above: Unicode.Scalar, calm: Unicode.Scalar
    ) {
      canvas.aim(at: page(character), size: Self.size, isKeyed: isKeyed, calm: [area], now: now)
      if canvas.isLost { canvas.wipe() }
      while !canvas.isFinished { paper.paint(canvas.next(1 << 20)) }
      let inside = (12..<22).flatMap { paper.cells[($0 * 80 + 10)..<($0 * 80 + 70)] }
      #expect(Set(inside).count == 1)
      return (paper.cells[0].scalar, inside[0].scalar)
    }
    #expect(show("a", at: 0) == ("a", "a"))
    #expect(show("b", at: 100_000_000) == ("b", "a"))
    #expect(show("c", at: Canvas.calmness - 1) == ("c", "a"))
    #expect(canvas.nextRelease == Canvas.calmness)
    canvas.release(at: Canvas.calmness - 1)
    #expect(canvas.isFinished)
    canvas.release(at: Canvas.calmness)
    while !canvas.isFinished { paper.paint(canvas.next(1 << 20)) }
    #expect(paper.cells == page("c"))
    #expect(canvas.nextRelease == nil)
    #expect(show("d", at: Canvas.calmness + 1, isKeyed: true) == ("d", "d"))
    #expect(show("e", at: Canvas.calmness * 2) == ("e", "d"))
    #expect(show("f", at: Canvas.calmness * 2 + 1) == ("f", "f"))
  }

  @Test func `a new size begins with an empty screen`() {
    var canvas = canvas(showing: page("."))
    canvas.aim(at: Array(repeating: PaintedCell(), count: 200), size: Size(20, 10), isKeyed: true)
    #expect(canvas.isLost)
    #expect(!canvas.isFinished)
    canvas.wipe()
    #expect(canvas.isFinished)
    #expect(canvas.next(100).isEmpty)
  }
}
