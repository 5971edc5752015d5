import Architecture
import Inspector
import Journal
import Testing

struct ScreenTests {
  static let views: [Key] = ["1", "2", "3", "6", "7"]
  static let sizes = [
    Size(1, 1), Size(39, 10), Size(40, 10), Size(60, 15), Size(80, 24), Size(81, 25), Size(100, 30), Size(120, 40),
    Size(132, 43), Size(200, 60), Size(300, 100),
  ]

  @Test(arguments: sizes) func `every view draws at every size`(size: Size) {
    var model = Scene.model(vps: 64)
    for view in Self.views {
      _ = model.handle(view)
      let grid = model.draw(size)
      #expect(grid.size == size)
      #expect(grid == model.draw(size))
    }
  }

  @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)]) func `header, tabs and last line are never cut`(
    size: Size
  ) {
    var model = Scene.model(vps: 64)
    for view in Self.views {
      _ = model.handle(view)
      let rows = model.draw(size).textRows
      for row in [rows[0], rows[1], rows[size.height - 2], rows[size.height - 1]] {
        #expect(!row.contains("…"), "\(row)")
      }
      #expect(rows[size.height - 1].hasSuffix(model.view == .over ? "Quit" : "Back"))
    }
  }

  @Test(arguments: [Size(80, 24), Size(120, 40)]) func `the help is not cut`(size: Size) {
    var model = Scene.model()
    model.size = size
    _ = model.handle("?")
    #expect(!model.draw(size).textRows.contains { $0.contains("…") })
    // Its end is within reach where it is longer than the screen.
    for _ in 0..<80 {
      _ = model.handle("j")
      #expect(!model.draw(size).textRows.contains { $0.contains("…") })
    }
    #expect(model.draw(size).textRows.contains { $0.contains("it has ended") })
  }

  @Test func `below 40 by 10 there is one line that says the state`() {
    let grid = Scene.model().draw(Size(39, 9))
    #expect(grid.textRows[0] == "RUN demo.4711 12.481 903")
    #expect(grid.textRows.dropFirst().joined() == "")
  }

  @Test func `in a locale that is not UTF-8 every cell is ASCII`() {
    var model = Scene.model()
    model.glyphs = .ascii
    for view in Self.views {
      _ = model.handle(view)
      let grid = model.draw(Size(200, 60))
      #expect(grid.cells.allSatisfy { $0.scalar.isASCII && $0.scalar.value >= 0x20 && $0.scalar.value < 0x7F })
    }
  }

  @Test func `no byte of the guest reaches a cell raw`() {
    var model = Scene.model()
    model.symbols = SymbolTable(
      [.init(address: 0, name: "a\u{1B}]52;c;x\u{07}b\u{9B}31m\u{202E}c\u{7F}\u{65E5}")], end: .max)
    model.name = "x\u{1B}[2J"
    for view in Self.views {
      _ = model.handle(view)
      for cell in model.draw(Size(200, 60)).cells {
        let value = cell.scalar.value
        #expect(value >= 0x20 && !(0x7F...0x9F).contains(value) && value != 0x202E && value != 0x65E5)
      }
    }
    #expect(model.symbol(1) == "a^[]52;c;x^Gb\\x9b31m\\u{202e}c^?\\u{65e5}+1")
  }

  @Test func `every kind of standing still has its own word`() {
    var words: [String] = []
    var model = Scene.model()
    func note(_ change: (inout Snapshot) -> Void = { _ in }, _ liveness: Liveness = .beating) {
      var next = model.snapshot
      change(&next)
      model.apply(Update(snapshot: next, liveness: liveness))
      words.append(String(model.draw(Size(80, 24)).textRows[0].prefix(40)))
    }
    note()
    note { $0.machine.idleUntil = $0.machine.time + .seconds(2) }
    note {
      $0.machine.idleUntil = nil; $0.machine.runState = .paused
    }
    note { $0.machine.runState = .stopped }
    note({ $0.machine.runState = .running }, .wedged(milliseconds: 3_200))
    note({ _ in }, .suspended(milliseconds: 3_200))
    note({ _ in }, .dead)
    note({ _ in }, .exited)
    note({ _ in }, .archived)
    note()
    _ = model.handle("z")
    words[words.count - 1] = String(model.draw(Size(80, 24)).textRows[0].prefix(40))
    #expect(Set(words).count == words.count)
    #expect(words[4].contains("LOST 3.2s"))
  }

  @Test func `a frozen picture stands still and catches up`() {
    var model = Scene.model()
    _ = model.handle("z")
    let before = model.draw(Size(120, 40))
    var next = model.snapshot
    next.machine.time += .seconds(1)
    next.machine.epoch += 10
    next.machine.nextEvent = 400_001
    let event = Event(sequence: 400_000, time: next.machine.time, .nmiTaken)
    model.apply(Update(snapshot: next, events: [event], missed: 3))
    #expect(model.draw(Size(120, 40)) == before)
    _ = model.handle("z")
    #expect(model.snapshot.machine.epoch == next.machine.epoch)
    #expect(model.events.last == event)
    #expect(model.events.missed == 3)
  }

  @Test func `mono and 8 colours keep every meaning apart`() {
    let styles: [Style] = [.plain, .dim, .waiting, .preempted, .wrong]
    for (theme, colours) in [(Theme.mono, 256), (.auto, 0), (.dark, 8), (.light, 8), (.auto, 256)] {
      let looks = styles.map { theme.appearance(of: $0, colours: colours) }
      #expect(Set(looks).count == looks.count, "\(theme) \(colours)")
      // A badge of something wrong is not the badge of something normal.
      let badges = [Style.badge, Style(.wrong, reversed: true)].map { theme.appearance(of: $0, colours: colours) }
      #expect(badges[0] != badges[1])
    }
  }

  @Test func `a selected row is reversed whatever is in it, in every theme`() {
    for role in Style.Role.allCases {
      for theme in Theme.allCases {
        let look = theme.appearance(of: Style(role).selected, colours: 256)
        #expect(look.isReversed && look.colour == nil && !look.isDim)
      }
    }
  }

  @Test func `no colour is beyond what the terminal has`() {
    for theme in Theme.allCases {
      for colours in [0, 2, 8, 16, 88, 256] {
        for role in Style.Role.allCases {
          let colour = theme.appearance(of: Style(role), colours: colours).colour
          #expect(colour.map { Int($0) < colours } ?? true)
        }
      }
    }
  }

  @Test func `events later than the frame wait for the next one, unless the core has died`() {
    var model = Scene.model()
    let next = model.snapshot.machine.nextEvent
    let events = (0..<3).map { Event(sequence: next + $0, time: Scene.now, .nmiTaken) }
    let last = model.events.last
    model.apply(Update(snapshot: nil, events: events))
    #expect(model.events.last == last)
    var frame = model.snapshot
    frame.machine.nextEvent = next + 2
    model.apply(Update(snapshot: frame))
    #expect(model.events.last == events[1])
    model.apply(Update(snapshot: nil, liveness: .dead))
    #expect(model.events.last == events[2])
  }

  @Test func `what a core that does not answer left is not drawn as live`() {
    var model = Scene.model()
    let body = 2..<22
    func letters() -> String { model.draw(Size(80, 24)).styleRows[body].joined() }
    #expect(letters().contains("a"))
    model.apply(Update(snapshot: nil, liveness: .wedged(milliseconds: 2_000)))
    #expect(!letters().contains("a"))
    #expect(letters().contains("x"))
    model.apply(Update(snapshot: nil, liveness: .dead))
    #expect(!letters().contains("a"))
  }
}
