import Architecture
import Inspector
import Journal
import Testing

struct DialogTests {
  static let sizes = [Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size = Size(80, 24), at context: ContextID = ContextID(0, 0), isReadOnly: Bool = false)
    -> InspectorModel
  {
    var model = Scene.model(vps: size.width >= 200 ? 64 : 16, isReadOnly: isReadOnly)
    model.size = size
    model.selection.context = context
    return model
  }

  private func fixed(_ vector: UInt8, from context: ContextID, to id: Int) -> Action {
    .command(
      .fire(
        FireRequest(
          origin: .context(context),
          message: InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(id)))))
  }

  // MARK: - Goldens

  @Test(arguments: sizes) func `the fire dialog is what it was`(size: Size) throws {
    var model = model(size, at: ContextID(2, 0))
    model.strike("f")
    model.type("5")
    model.strike(.backTab, .backTab)
    model.type("4f")
    try expectGolden(model.draw(size), "fire-\(size.width)x\(size.height)")
  }

  @Test(arguments: sizes) func `why is what it was`(size: Size) throws {
    var model = model(size, at: ContextID(5, 0))
    model.strike("W")
    try expectGolden(model.draw(size), "why-\(size.width)x\(size.height)")
  }

  @Test(arguments: sizes) func `the VTL switch is what it was`(size: Size) throws {
    var model = model(size)
    model.strike("v")
    try expectGolden(model.draw(size), "vtl-\(size.width)x\(size.height)")
  }

  @Test func `the action menu is what it was`() throws {
    var model = model(at: ContextID(2, 0))
    model.strike("x", "n")
    try expectGolden(model.draw(Size(80, 24)), "actions-80x24")
  }

  // MARK: - Fire

  @Test func `typing a vector and an ID fires a fixed IPI from the selected context`() {
    var model = model()
    model.strike("f")
    model.type("2")
    model.strike(.backTab, .backTab)
    model.type("31")
    #expect(model.strike(.enter) == fixed(0x31, from: ContextID(0, 0), to: 2))
    #expect(model.dialog == nil)
  }

  @Test func `Esc and q cancel`() {
    for key in [Key.escape, "q"] {
      var model = model()
      #expect(model.strike("f", key) == nil)
      #expect(model.dialog == nil)
    }
  }

  @Test func `Backspace takes back what stands in the field, and never closes the dialog`() {
    var model = model()
    model.strike("f", .backTab, .backTab)
    model.type("31")
    model.strike(.backspace)
    model.type("2")
    model.strike(.tab, .tab, .backspace, .backspace, .backspace)
    #expect(model.dialog != nil)
    #expect(model.strike(.enter) == nil)
    #expect(model.message?.text == "the field is empty")
    model.type("3")
    model.strike(.tab, .backspace)
    #expect(model.strike(.enter) == fixed(0x32, from: ContextID(0, 0), to: 3))
  }

  @Test func `what is typed but is no value is not fired`() {
    var model = model()
    model.strike("f", .tab, .tab)
    model.type("9.9")
    #expect(model.strike(.enter) == nil)
    #expect(model.message?.text == "9.9 is no context that could send")
    #expect(model.dialog != nil)
  }

  @Test func `an ID of 8 bits takes no third digit`() {
    var model = model(at: ContextID(1, 1))
    model.strike("f")
    model.type("102")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.destination == 0x10)
  }

  @Test func `a digit on a choice says where digits go`() {
    var model = model()
    model.strike("f", .tab, "2")
    #expect(model.message?.text == "Space changes this one; Tab goes to the vector and the ID")
  }

  @Test func `what is in front stands out: what is behind is dimmed, and no half word is left beside it`() {
    var model = model()
    model.strike("x")
    let grid = model.draw(Size(80, 24))
    #expect(!grid.styleRows[18].contains("b") && !grid.styleRows[3].contains("a"))
    let rows = grid.textRows.filter { $0.contains("│") || $0.contains("┌") }
    for row in rows { #expect(row.first == " " && "│┐┘".contains(row.last ?? " ")) }
    #expect(rows.count > 4)
  }

  @Test func `one VTL has none to switch to`() {
    var model = model()
    var next = model.snapshot
    next.machine.vtlCount = 1
    model.apply(Update(snapshot: next))
    model.strike("v")
    #expect(model.dialog == nil)
    #expect(model.message?.text == "this machine has one VTL: there is none to switch to")
  }

  @Test func `pasted digits fill a field, and pasted commands do nothing`() {
    var model = model()
    #expect(model.strike("f", .backTab, .backTab, .paste("41")) == nil)
    #expect(model.strike(.paste("\r\rq\r")) == nil)
    #expect(model.dialog != nil)
    #expect(model.strike(.enter) == fixed(0x41, from: ContextID(0, 0), to: 1))
  }

  @Test func `a context can be typed as the sender`() {
    var model = model()
    model.strike("f", .tab, .tab)
    model.type("3.0")
    #expect(model.strike(.enter) == fixed(0x2F, from: ContextID(3, 0), to: 1))
  }

  @Test func `an xAPIC sender and an MSI write 8 bits of destination`() {
    var model = model(at: ContextID(1, 1))
    model.strike("f")
    model.type("41")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.isNarrow)
    #expect(request.origin == .context(ContextID(1, 1)))

    var other = self.model()
    other.strike("f", .tab, .tab, " ")
    guard case .command(.fire(let message))? = other.strike(.enter) else {
      Issue.record("no message was sent")
      return
    }
    #expect(message.origin == .message(GroupID(0)))
    #expect(message.message.isNarrow)
  }

  @Test func `NMI needs the name of its target, or yes`() {
    var model = model()
    model.strike("f", .backTab, .backTab, .backTab, .right, .right)
    #expect(model.strike(.enter) == nil)
    #expect(model.strike(.enter) == nil)
    model.type("1.1")
    #expect(model.strike(.enter) == nil)
    model.strike(.backspace)
    model.type("0")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.deliveryMode == .nmi)
  }

  @Test func `more than four targets need a yes`() {
    var model = model()
    model.strike("f", .backTab, .right, .right, .right)
    #expect(model.strike(.enter) == nil)
    model.type("yes")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.shorthand == .allIncludingSelf)
  }

  @Test func `a fact that changes between a key and Enter is marked, and Enter is asked for again`() {
    var model = model()
    model.strike("f", .backTab, .backTab)
    model.type("31")
    var next = model.snapshot
    next.machine.epoch += 1
    for i in next.contexts.indices where next.contexts[i].id == ContextID(1, 0) {
      Scene.pend(&next.contexts[i], 0x31, since: 1_000, journey: 9_000)
    }
    model.apply(Update(snapshot: next))
    #expect(model.strike(.enter) == nil)
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("* 1.0") })
    #expect(model.strike(.enter) == fixed(0x31, from: ContextID(0, 0), to: 1))
  }

  @Test func `read-only shows the preview and sends nothing`() {
    var model = model(isReadOnly: true)
    model.strike("f")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("WOULD REACH 1 of 16") })
    #expect(model.strike(.enter) == nil)
    #expect(model.message?.text == "read-only: nothing was sent")
    #expect(model.dialog != nil)
  }

  @Test func `an ID that exists in another group only is pointed out`() {
    var model = model(at: ContextID(1, 1))
    model.strike("f")
    model.type("5")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("ID 5 is 5.0, in g0") })
  }

  // MARK: - The others

  @Test func `after a VTL switch, 6 holds the list at it`() {
    var model = model()
    model.receive([
      Event(sequence: 400_000, time: Scene.now, .command(.switchVTL, refusal: nil)),
      Event(
        sequence: 400_001, time: Scene.now, context: ContextID(0, 0),
        .vtlSwitched(from: .vtl1, to: .vtl0, .operator, nil)),
      Event(sequence: 400_002, time: Scene.now, .nmiTaken),
    ])
    #expect(model.message?.text == "switched: VP 0 VTL1 -> VTL0 by the operator; 6 shows it")
    model.strike("6")
    #expect(model.selectedEvent?.sequence == 400_001)
    let rows = model.draw(Size(80, 24)).textRows
    #expect(rows[3].contains("NMI"))
    #expect(rows[4].contains("VTL1 -> VTL0 operator"))
  }

  @Test func `what the operator had done is still there when the log has run over it`() {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now), eventCapacity: 8)
    model.size = Size(80, 24)
    model.receive([
      Event(sequence: 1, time: Scene.now, .command(.switchVTL, refusal: nil)),
      Event(
        sequence: 2, time: Scene.now, context: ContextID(0, 0), .vtlSwitched(from: .vtl1, to: .vtl0, .operator, nil)),
    ])
    model.receive((3..<40).map { Event(sequence: UInt64($0), .nmiTaken) })
    model.strike("6")
    #expect(model.selectedEvent?.sequence == 2)
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("VTL1 -> VTL0 operator") })
  }

  @Test func `a VTL switch takes one Enter`() {
    var model = model()
    #expect(model.strike("v", .enter) == .command(.switchVTL(VPIndex(0), to: .vtl0)))
  }

  @Test func `a VTL that is not enabled is refused, with the reason`() {
    var model = model(at: ContextID(8, 0))
    #expect(model.strike("v", .enter) == nil)
    #expect(model.message?.text == "refused: that VTL is not enabled on this VP")
  }

  @Test func `a higher VTL that would win at once is announced`() {
    var model = model()
    var next = model.snapshot
    for i in next.contexts.indices where next.contexts[i].id == ContextID(0, 1) {
      next.contexts[i].inService = []
      for word in 0..<8 { next.contexts[i].apic[0x100 + word * 16] = 0 }
      Scene.pend(&next.contexts[i], 0xD1, since: 1_000, journey: 9_000)
    }
    model.apply(Update(snapshot: next))
    model.strike("v")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("then VTL1 wins at once") })
  }

  @Test func `a switch whose outcome changed is asked for again`() {
    var model = model()
    model.strike("v")
    var next = model.snapshot
    for i in next.contexts.indices where next.contexts[i].id.vp == VPIndex(0) {
      next.contexts[i].isActive = next.contexts[i].id.vtl == .vtl0
    }
    model.apply(Update(snapshot: next))
    #expect(model.strike(.enter) == nil)
    #expect(model.message?.text == "refused: that VTL is active already")
  }

  @Test func `EOI on behalf takes one Enter, where something is in service`() {
    var model = model(at: ContextID(2, 0))
    #expect(model.strike("x", "e") == .command(.endOfInterrupt(ContextID(2, 0))))
    var other = self.model(at: ContextID(3, 0))
    #expect(other.strike("x", "e") == nil)
    #expect(other.message?.text == "refused: nothing is in service there")
  }

  @Test func `an NMI from the menu needs the name of the context`() {
    var model = model(at: ContextID(3, 0))
    #expect(model.strike("x", "n", .enter) == nil)
    model.type("3.0")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.destination == 3)
  }

  @Test func `an INIT from the menu names its context and is sent once it is typed`() throws {
    var model = model(at: ContextID(7, 0))
    #expect(model.strike("x", "i", .enter) == nil)
    model.type("yes")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.deliveryMode == .initialize)
    #expect(request.message.command.destination == 7)
    #expect(!request.message.command.isLevelTriggered && request.message.command.isAsserted)
  }

  @Test func `a SIPI takes its page and the name, and nothing less`() {
    var model = model(at: ContextID(9, 0))
    model.strike("x", "p")
    for text in ["yes", "9.0", "100 yes", "08 9.1", "zz yes"] {
      model.type(text)
      #expect(model.strike(.enter) == nil, "\(text)")
      for _ in text { model.strike(.backspace) }
    }
    model.type("08 9.0")
    guard case .command(.fire(let request))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(request.message.command.deliveryMode == .startup)
    #expect(request.message.command.vector == VectorNumber(8))
  }

  @Test func `the menu says what would come of each: an SMI is recorded, a SIPI nobody waits for dropped`() {
    let rows = { (context: ContextID) in
      var model = self.model(at: context)
      model.strike("x")
      return model.draw(Size(80, 24)).textRows
    }
    let running = rows(ContextID(4, 0))
    #expect(running.contains { $0.contains("SMI to it") && $0.contains("recorded and dropped: ") })
    #expect(running.contains { $0.contains("SIPI to it") && $0.contains("would be dropped: ") })
    #expect(running.contains { $0.contains("reset of it") && $0.contains("waits for SIPI") })
    #expect(rows(ContextID(9, 0)).contains { $0.contains("SIPI to it") && $0.contains("starts in real mode") })
    // VTL1 is enabled on VP 0: neither it nor what is below can be reset.
    for id in [ContextID(0, 0), ContextID(0, 1)] {
      #expect(rows(id).contains { $0.contains("reset of it") && $0.contains("refused: only VTL0 alone") })
    }
  }

  @Test func `a reset needs the name, and in the palette a yes`() {
    var model = model(at: ContextID(7, 0))
    model.strike("x", "r")
    model.type("7.0")
    #expect(model.strike(.enter) == .command(.reset(ContextID(7, 0))))
    #expect(model.execute("reset 7.0 yes") == .command(.reset(ContextID(7, 0))))
    #expect(model.execute("reset 7.0") == nil)
    #expect(model.strike(.enter) == nil)
    model.type("yes")
    #expect(model.strike(.enter) == .command(.reset(ContextID(7, 0))))
  }

  @Test func `every line of the menu can be reached on the smallest screen, and the question stays`() {
    var model = model(Size(40, 10), at: ContextID(7, 0))
    model.strike("x")
    for text in ["NMI to it", "SMI to it", "INIT to it", "SIPI to it", "EOI on its", "reset of it"] {
      let rows = model.draw(Size(40, 10)).textRows
      #expect(rows.contains { $0.contains(text) }, "\(text)")
      #expect(rows.contains { $0.contains("Enter does what is selected") })
      model.strike("j")
    }
  }

  @Test func `the raw state of what is selected is its JSON, scrolled to its end and copied`() throws {
    var model = model(at: ContextID(5, 0))
    model.strike("i")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("\"context\": \"5.0\"") })
    guard case .copy(let copied)? = model.strike("G", "y") else {
      Issue.record("nothing was copied")
      return
    }
    #expect(copied.isJSON && copied.text.contains("\"taskPriority\"") || copied.text.contains("5.0"))
    model.strike("i")
    #expect(model.dialog == nil)
  }

  @Test(arguments: ViewID.allCases) func `what is exported is a document that says what it is`(view: ViewID) throws {
    var model = model()
    model.show(view)
    for _ in 0..<3 {
      model.strike("e")
      guard case .save(let saved)? = model.strike(.enter) else {
        Issue.record("nothing was saved in \(view)")
        return
      }
      #expect(saved.text.contains("\"schema\""))
      #expect(saved.name.hasSuffix("json"))
      #expect(saved.path == nil)
    }
  }

  @Test func `the session says who looks, and how much has been seen`() {
    var model = model(isReadOnly: true)
    model.strike("0")
    let rows = model.draw(Size(80, 24)).textRows
    for text in ["role      RO", "16 VPs, 2 VTLs, 20 contexts", "overwritten unread", "frame ", "kept, from event "] {
      #expect(rows.contains { $0.contains(text) }, "\(text)")
    }
    model.strike("0")
    #expect(model.dialog == nil)
  }

  @Test func `H shows how long interrupts of a local APIC took, at every size`() {
    for size in Self.sizes {
      var model = model(size, at: ContextID(2, 0))
      model.strike("3", "H")
      #expect(model.draw(size).textRows.contains { $0.contains("2.0 IRR to ISR") }, "\(size)")
      #expect(model.draw(size).textRows.contains { $0.contains("2.0 ISR to EOI") }, "\(size)")
    }
  }

  @Test func `Tab goes to the history of a timer and back, and says so where there is no other pane`() throws {
    var model = model(at: ContextID(0, 1))
    model.strike("4", .tab)
    if model.message == nil {
      let selected = model.selection
      model.strike("j")
      #expect(model.selection.context == selected.context)
      model.strike(.tab, "j")
      #expect(model.selection.context != selected.context)
    }
    model.strike("7", .tab)
    #expect(model.message?.text == "there is no other pane to go to here")
  }

  @Test func `Tab goes through the findings, and J to the journey`() {
    var model = model(at: ContextID(4, 0))
    model.strike("W", .tab)
    #expect(model.selection.context == ContextID(5, 0))
    model.strike("J")
    #expect(model.view == .journey)
    #expect(model.selection.journey == JourneyID(rawValue: 5_409))
  }

  // MARK: - Anything at all

  @Test func `random keys neither crash nor lock anybody in`() {
    let keys: [Key] =
      [
        .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .backspace, .tab, .backTab,
        .paste("4f"), .paste("\u{1b}[201~rm"), .control("l"), .function(9),
      ] + "fvxWJ6jkgGFr 0123456789abcdefq.yes".unicodeScalars.map { Key.character($0) }
    var random = Xorshift(state: 0x1234_5678)
    for size in [Size(40, 10), Size(80, 24), Size(120, 40)] {
      var model = model(size)
      for step in 0..<4_000 {
        _ = model.handle(keys[Int(random.next() % UInt64(keys.count))])
        if step % 97 == 0 { _ = model.draw(size) }
      }
      for _ in 0..<8 { _ = model.handle(.escape) }
      #expect(model.dialog == nil)
    }
  }
}

/// A fixed sequence of numbers (xorshift64).
struct Xorshift {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
