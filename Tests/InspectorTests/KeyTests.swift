import Architecture
import Inspector
import Journal
import Testing

struct KeyTests {
  @Test func `no key means two things in one place`() {
    for view in ViewID.allCases {
      var seen: [Key: KeyCommand] = [:]
      for binding in KeyMap.standard.bindings where binding.scope == .everywhere || binding.scope == .view(view) {
        for key in binding.keys {
          #expect(seen[key] == nil, "\(key.name) in \(view)")
          seen[key] = binding.command
        }
      }
    }
  }

  @Test func `every command has a key that no terminal eats`() {
    for binding in KeyMap.standard.bindings where binding.command != .redraw && binding.command != .suspend {
      let plain = binding.keys.filter { key in
        switch key {
        case .function, .control: false
        default: true
        }
      }
      #expect(!plain.isEmpty, "\(binding.help)")
    }
  }

  @Test func `what the last line offers is in the key map of that view`() {
    for view in Views.all {
      for command in view.footer(Scene.model()) {
        let binding = KeyMap.standard.binding(for: command, in: view.id)
        #expect(binding != nil, "\(view.id) \(command)")
        #expect(binding.map { $0.scope == .everywhere || $0.scope == .view(view.id) } ?? false, "\(view.id) \(command)")
      }
    }
  }

  @Test func `an inspector that may only look sends no command`() {
    var model = Scene.model(isReadOnly: true)
    for key: Key in ["p", "s", .function(5)] {
      #expect(model.handle(key) == nil)
      #expect(model.message != nil)
    }
    // What acts on one context shows what it would do.
    #expect(model.strike("x", .enter) == nil)
    #expect(model.message?.text == "read-only: nothing was done")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("read-only: a preview") })
    #expect(model.strike("n", .enter) == nil)
  }

  @Test func `stop, run and step do what the machine's state lets them`() {
    var model = Scene.model()
    #expect(model.handle("s") == nil)
    #expect(model.handle("p") == .command(.pause))
    var paused = model.snapshot
    paused.machine.runState = .paused
    model.apply(Update(snapshot: paused))
    #expect(model.handle("s") == .command(.stepEvent))
    #expect(model.handle("p") == .command(.run))
    model.apply(Update(snapshot: nil, liveness: .dead))
    #expect(model.handle("p") == nil)
  }

  @Test func `q goes back to where a view was opened from, then to the overview, and then quits`() {
    var model = Scene.model()
    _ = model.handle("2")
    _ = model.handle(.enter)
    #expect(model.view == .lapic)
    #expect(model.handle("q") == nil)
    #expect(model.view == .groups)
    #expect(model.handle("q") == nil)
    #expect(model.view == .over)
    #expect(model.handle("q") == .quit)
    #expect(model.handle("Q") == .quit)
  }

  @Test func `from the overview q quits, wherever one has been, and the last line says so`() {
    var model = Scene.model()
    for key: Key in ["2", "3", "6"] {
      _ = model.handle(key)
      #expect(model.draw(Size(80, 24)).textRows[23].hasSuffix("q Back"))
    }
    _ = model.handle("1")
    #expect(model.draw(Size(80, 24)).textRows[23].hasSuffix("q Quit"))
    #expect(model.handle(.escape) == nil)
    #expect(model.view == .over)
    #expect(model.handle("q") == .quit)
  }

  @Test func `pasted text never acts`() {
    var model = Scene.model()
    for view: Key in ["1", "2", "3", "6"] {
      _ = model.handle(view)
      #expect(model.handle(.paste("Qpfx3\n\u{1B}")) == nil)
    }
    #expect(model.view == .events)
    #expect(model.dialog == nil)
  }

  @Test func `a selection stays on its context when contexts come and go`() {
    var model = Scene.model(vps: 16)
    model.select(ContextID(7, 0))
    var next = model.snapshot
    // VTL1 is enabled on VP 5: a new row above the selected one.
    let place = next.contexts.firstIndex { $0.id == ContextID(5, 1) }!
    next.contexts[place].isEnabled = true
    model.apply(Update(snapshot: next))
    #expect(model.selection.context == ContextID(7, 0))
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.hasPrefix(">  7.0") })
    _ = model.handle("k")
    #expect(model.selection.context == ContextID(6, 0))
  }

  @Test func `the selected row is on the screen however many there are`() {
    var model = Scene.model(vps: 64)
    for id in [ContextID(0, 0), ContextID(3, 1), ContextID(33, 0), ContextID(63, 0)] {
      model.select(id)
      let rows = model.draw(Size(80, 24)).textRows
      #expect(rows.contains { $0.hasPrefix(">") && $0.contains(" \(id) ") })
    }
  }
}

/// A small generator with a seed: the same keys in every run.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
