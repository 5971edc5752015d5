import Architecture
import Inspector
import Journal
import Testing

/// Anybody's fingers on the keyboard, and anybody's window.
struct StormTests {
  private static let sizes = [
    Size(40, 10), Size(60, 15), Size(80, 24), Size(81, 25), Size(120, 40), Size(200, 60), Size(39, 9), Size(1, 1),
  ]

  private static let keys: [Key] = {
    var keys: [Key] = (32..<127).map { .character(Unicode.Scalar(UInt8($0))) }
    keys += [
      .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .enter, .escape, .escape, .backspace, .delete,
      .tab, .backTab, .paste("5.0"), .paste("\u{1B}[201~\r:quit\r"), .character("é"), .character("\u{0}"),
    ]
    keys += (1...12).map { .function(UInt8($0)) }
    keys += ["l", "z", "a", "c", "x"].map { .control($0) }
    keys += [
      .mouse(MouseEvent(.left, column: 20, row: 8)), .mouse(MouseEvent(.left, column: 12, row: 23)),
      .mouse(MouseEvent(.wheelDown, column: 3, row: 3)),
    ]
    return keys
  }()

  private func checkInvariants(_ model: InspectorModel) {
    #expect(model.snapshot[model.selection.context]?.isEnabled == true)
    #expect(model.snapshot.groups.contains { $0.id == model.selection.group })
    #expect(Views.all.contains { $0.id == model.view })
    for row in model.shownRows.prefix(4) { #expect(model.texts(of: [row]) != [""]) }
  }

  /// New events and a moving machine, as while somebody types.
  private func look(_ model: inout InspectorModel, _ step: Int) {
    var next = model.snapshot
    next.machine.time += .milliseconds(1)
    next.machine.epoch += 1
    let sequence = next.machine.nextEvent
    next.machine.nextEvent += 2
    let place = step % next.contexts.count
    next.contexts[place].rip &+= 3
    let id = next.contexts[place].id
    model.apply(
      Update(
        snapshot: next,
        events: [
          Event(sequence: sequence, time: next.machine.time, context: id, .halted(interruptsEnabled: true)),
          Event(
            sequence: sequence + 1, time: next.machine.time, journey: JourneyID(rawValue: sequence), context: id,
            .accepted(VectorNumber(0x41), .fixed, .pending)),
        ], hostMilliseconds: UInt64(step) * 100))
  }

  private static let tabs = Views.all.filter { $0.tab != nil }.map(\.id)
  /// 100,000 keys and no fewer, over all views.
  private static let keysPerView = (100_000 + tabs.count - 1) / tabs.count

  @Test(arguments: tabs)
  func `random keys in every view: no crash, no way in without a way out, and what is selected exists`(view: ViewID) {
    var random = SplitMix(state: UInt64(view.rawValue) &* 7_919 &+ 1)
    var model = Scene.busy()
    _ = model.execute("view \(view.name)")
    for step in 0..<Self.keysPerView {
      _ = model.handle(Self.keys[Int(random.next() % UInt64(Self.keys.count))])
      if step % 40 == 0 { look(&model, step / 40) }
      guard step % 100 == 0 else { continue }
      model.size = Self.sizes[Int(random.next() % UInt64(Self.sizes.count))]
      #expect(model.draw(model.size).size == model.size)
      checkInvariants(model)
      guard step % 500 == 0 else { continue }
      for _ in 0..<3 { _ = model.handle(.escape) }
      #expect(model.dialog == nil && model.prompt == nil && !model.isHelpOpen)
      #expect(model.handle("Q") == .quit)
      _ = model.execute("view \(view.name)")
    }
  }

  @Test func `from every dialog and prompt, three times Esc is back in the view`() {
    for keys: [Key] in [
      ["f"], ["v"], ["x"], ["x", "n"], ["W"], ["d"], [">"], ["c"], ["O"], ["7", "S"], ["?"], ["?", "/"], [":"], ["/"],
      ["\\"],
      ["f", .backTab, .right, .right, .enter], [":", "f", .tab, .tab],
    ] {
      for view: Key in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "o"] {
        var model = Scene.model()
        model.strike(view)
        for key in keys { _ = model.handle(key) }
        let before = model.view
        // A search begun in the help leaves it as it was.
        var pressed = 0
        while model.dialog != nil || model.prompt != nil || model.isHelpOpen, pressed < 10 {
          _ = model.handle(.escape)
          pressed += 1
        }
        #expect(pressed <= 3, "\(keys)")
        #expect(model.view == before)
      }
    }
  }

  @Test func `a storm of sizes ends in what a fresh start at the last size shows`() {
    var random = SplitMix(state: 99)
    for keys: [Key] in [
      ["1"], ["2"], ["3"], ["6"], ["6", "J"], ["1", "t"], ["1", "-"], ["?"], ["W"], ["f"], [":"], ["d"],
    ] {
      var stormed = Scene.model(vps: 64)
      for key in keys { _ = stormed.handle(key) }
      for _ in 0..<200 {
        stormed.size = Size(1 + Int(random.next() % 300), 1 + Int(random.next() % 100))
        #expect(stormed.draw(stormed.size).size == stormed.size)
      }
      let last = Size(100, 30)
      stormed.size = last
      var fresh = Scene.model(vps: 64)
      for key in keys { _ = fresh.handle(key) }
      fresh.size = last
      #expect(stormed.draw(last) == fresh.draw(last), "\(keys)")
    }
  }

  @Test func `a paste of 4 kB does nothing but in a prompt, where it is text`() {
    let text = String(repeating: "Qpfx3\n:quit\n", count: 400)
    for view: Key in ["1", "2", "3", "6"] {
      var model = Scene.model()
      model.strike(view)
      let before = model.draw(Size(80, 24)).textRows.prefix(20)
      #expect(model.handle(.paste(text)) == nil)
      #expect(model.draw(Size(80, 24)).textRows.prefix(20) == before)
      #expect(model.message?.text == "pasted text does nothing here")
      model.strike(":", .paste(text))
      #expect(model.prompt?.text == "Qpfx3")
    }
  }
}
