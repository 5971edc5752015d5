import Architecture
import Inspector
import Journal
import Testing

struct FilterTests {
  private func model(_ view: String, vps: Int = 16) -> InspectorModel {
    var model = Scene.model(vps: vps)
    _ = model.execute("view \(view)")
    return model
  }

  /// The rows that a filter leaves, in words.
  private func rows(_ filter: String, in view: String) -> [String] {
    var model = model(view)
    _ = model.execute("filter \(filter)")
    #expect(model.message == nil, "\(model.message?.text ?? "")")
    return model.shownRows.map { row in
      switch row {
      case .context(let id): id.description
      case .event(let sequence): "\(sequence - 394_960)"
      default: "\(row)"
      }
    }
  }

  // MARK: - What passes

  @Test(
    arguments: [
      ("ctx=5.0", ["5.0"]),
      ("vp=0", ["0.0", "0.1"]),
      ("vp=0 vtl=1", ["0.1"]),
      ("vp=0 and vtl=1", ["0.1"]),
      ("vtl=1 & not state=i", ["0.1"]),
      ("irr=4f", ["5.0"]),
      // Several pending vectors: one of them is enough, and none may be it for "is not".
      ("irr=2f", ["5.0"]),
      ("irr!=2f irr>0", ["0.0"]),
      ("irr>e0", ["0.0"]),
      ("isr in 30..3f", ["2.0"]),
      ("isr in 31,d1", ["0.1", "2.0"]),
      ("isr in d1,30..3f", ["0.1", "2.0"]),
      ("ppr>=50", ["0.1", "5.0"]),
      ("tpr=0x50", ["5.0"]),
      ("state=R", ["0.1", "1.0", "2.0", "5.0"]),
      ("state=running", ["0.1", "1.0", "2.0", "5.0"]),
      ("state=waits-for-SIPI", ["9.0"]),
      ("since>2s", ["5.0", "9.0"]),
      ("finding=S1", ["5.0"]),
      ("finding=s1,S7", ["5.0", "9.0"]),
      ("mode=xapic", ["0.1", "1.1", "2.1", "3.1"]),
      ("id=f", ["15.0"]),
      ("SIPI", ["9.0"]),
      ("\"TPR 50\"", ["5.0"]),
      ("(finding=S1 or finding=S7) vp<9", ["5.0"]),
      ("finding=S1 or finding=S7 vp<9", ["5.0"]),
      ("not (state=H or state=i)", ["0.0", "0.1", "1.0", "2.0", "5.0", "9.0"]),
      ("not state=H not state=i", ["0.0", "0.1", "1.0", "2.0", "5.0", "9.0"]),
      ("enabled=no", ["9.0"]),
      ("code=raise", ["5.0"]),
      ("if=yes since<15us", ["1.0", "2.0"]),
    ]) func `contexts pass that are what the filter says`(filter: String, expected: [String])
  {
    #expect(rows(filter, in: "over") == expected)
  }

  // The newest comes first; the numbers are places in the scene's log.
  @Test(
    arguments: [
      ("kind=IPI vec=4f", ["34", "1"]),
      ("kind=ipi", ["34", "3", "1"]),
      ("kind in IPI,OPER", ["34", "32", "3", "1"]),
      ("journey=5409", ["2", "1"]),
      ("ctx=5.0 not kind=IRR", ["0"]),
      ("late>=2us", ["9"]),
      ("target=3.0", ["32"]),
      ("deliv=1 vp=2", ["34", "1"]),
      ("text=merged", ["35"]),
      ("merged", ["35"]),
      ("hcall or vtl=1 kind=vtl", ["31", "7"]),
      ("took<1us kind=ack", ["28", "23", "18", "13"]),
      ("ago>2.19s", ["2", "1", "0"]),
    ]) func `events pass that are what the filter says`(filter: String, expected: [String])
  {
    #expect(rows(filter, in: "events") == expected)
  }

  @Test func `members of a group are filtered by the same words`() {
    var model = model("groups")
    _ = model.execute("select 2.0")
    _ = model.execute("filter enabled=no")
    #expect(model.shownRows == [.context(ContextID(9, 0))])
    // The other group is another list.
    _ = model.execute("filter vp>1")
    _ = model.execute("group g1")
    #expect(model.shownRows == [.context(ContextID(2, 1)), .context(ContextID(3, 1))])
  }

  // MARK: - What is wrong

  @Test(
    arguments: [
      ("kind=", "column 6: expected a value for kind"),
      ("kind=IPO", "column 6: kind is one of IPI MSI"),
      ("vec=4x", "column 5: \"4x\" is no hexadecimal number"),
      ("vec in 4f..30", "column 8: \"4f..30\" is no range of hexadecimal numbers, low to high"),
      ("late>100", "column 6: \"100\" is no span such as 850ns, 2.5ms or 1s"),
      ("late>-1us", "column 6: \"-1us\" is no span"),
      ("kind>IPI", "column 5: kind has no order: = or != only"),
      ("vec>30,40", "column 4: > takes one value"),
      ("foo=1", "column 1: no field \"foo\" here; kind ctx"),
      ("(kind=IPI", "column 10: expected a closing parenthesis"),
      ("kind=IPI)", "column 9: expected nothing more, not )"),
      ("a or", "column 5: expected a term such as kind=..."),
      ("and a", "column 1: expected a term such as kind=..., not and"),
      ("=4f", "column 1: expected a term such as kind=..., not ="),
      ("a ! b", "column 3: \"!\" alone means nothing; != or not"),
      ("\"a", "column 1: the quotation mark is not closed"),
      ("ctx=5", "column 5: \"5\" is no context such as 5.0"),
      (String(repeating: "(", count: 100), "column 33: too many parentheses"),
    ]) func `errors point at the column`(filter: String, text: String)
  {
    var model = model("events")
    _ = model.execute("filter \(filter)")
    #expect(model.message?.text.hasPrefix(text) == true, "\(model.message?.text ?? "no message")")
    #expect(model.hiddenRowCount == 0)
  }

  @Test func `the prompt stays, with the cursor where the error is, until it is right`() {
    var model = model("events")
    model.strike("\\")
    model.type("kind=IPI vec=4x")
    model.strike(.enter)
    #expect(model.prompt?.cursor == 13)
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("column 14: \"4x\" is no hexadecimal number") })
    model.strike(.delete, .delete)
    model.type("4f")
    model.strike(.enter)
    #expect(model.prompt == nil)
    #expect(model.shownRows.count == 2)
  }

  @Test func `any text at all is a filter or one line of error`() {
    let parts = [
      "kind", "=", "IPI", "vec", "4f", "(", ")", "and", "or", "not", "in", ",", "..", "30..3f", "<", ">", "!=", "!",
      "\"",
      " ", "late", "100us", "1e99s", "ctx", "5.0", "text", "\u{1B}[2J", "é", "\u{0}", "ffffffffffffffffffff",
    ]
    var random = SplitMix(state: 3)
    var models = ["over", "events", "groups"].map { model($0) }
    for step in 0..<4_000 {
      let text = (0..<Int(random.next() % 9)).map { _ in parts[Int(random.next() % UInt64(parts.count))] }.joined()
      _ = models[step % 3].execute("filter \(text)")
      #expect(models[step % 3].message?.text.contains("\n") != true)
      if step % 100 == 0 { _ = models[step % 3].draw(Size(80, 24)) }
    }
  }

  // MARK: - On the screen

  @Test func `the status line always says that a filter hides something, and how much`() {
    var model = model("over")
    _ = model.execute("filter state=R")
    #expect(model.draw(Size(80, 24)).textRows[22].hasPrefix(" filter hides 16 "))
    model.strike(.down)
    #expect(model.draw(Size(40, 10)).textRows[8].hasPrefix(" filter hides 16 "))
    model.strike("\\")
    #expect(model.prompt?.text == "state=R")
    for _ in 0..<7 { model.strike(.backspace) }
    model.strike(.enter)
    #expect(model.shownRows.count == 20)
    #expect(!model.draw(Size(80, 24)).textRows[22].contains("hides"))
  }

  @Test func `a filter that nothing passes says so`() {
    for (view, filter) in [("over", "vp>500"), ("events", "journey=1"), ("groups", "vp>500")] {
      var model = model(view)
      _ = model.execute("filter \(filter)")
      #expect(model.shownRows.isEmpty)
      #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("passes the filter") })
      for key: Key in [.down, .up, .pageDown, .end, .enter, "J", "n", "F"] { _ = model.handle(key) }
      _ = model.draw(Size(80, 24))
    }
  }

  @Test func `what is selected stays so where it passes, else the next that passes is`() {
    var model = model("over")
    _ = model.execute("select 5.0")
    _ = model.execute("filter state=R")
    #expect(model.selection.context == ContextID(5, 0))
    _ = model.execute("filter state=H")
    #expect(model.selection.context == ContextID(6, 0))
    model.strike(.up)
    #expect(model.selection.context == ContextID(4, 0))
    // From what is no longer shown, the way goes on where it would be.
    _ = model.execute("select 1.1")
    model.strike(.down)
    #expect(model.selection.context == ContextID(3, 0))
  }

  @Test func `new events are sifted as they come, and old ones forgotten with the log`() {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now), eventCapacity: 8)
    _ = model.execute("view events")
    _ = model.execute("filter kind=NMI")
    func receive(_ range: Range<UInt64>) {
      model.receive(range.map { Event(sequence: $0, time: Scene.now, $0 % 2 == 0 ? .nmiTaken : .spuriousEOI) })
    }
    receive(0..<6)
    #expect(model.shownRows == [.event(4), .event(2), .event(0)])
    receive(6..<16)
    #expect(model.shownRows == [.event(14), .event(12), .event(10), .event(8)])
    #expect(model.hiddenRowCount == 4)
    // Held, it stays as it is; followed again, it is as if it had been looked at all the time.
    model.strike(.down)
    receive(16..<40)
    #expect(model.shownRows == [.event(14), .event(12), .event(10), .event(8)])
    model.strike("F")
    #expect(model.shownRows == [.event(38), .event(36), .event(34), .event(32)])
  }

  @Test func `moving in filtered events goes from one that passes to the next`() {
    var model = model("events")
    _ = model.execute("filter kind=IPI")
    model.strike(.down)
    #expect(model.selectedEvent?.sequence == 394_994)
    model.strike(.down)
    #expect(model.selectedEvent?.sequence == 394_963)
    model.strike(.end)
    #expect(model.selectedEvent?.sequence == 394_961)
    model.strike(.up, .up, .up)
    #expect(model.selectedEvent?.sequence == 394_994)
  }

  @Test func `what the prompt offers are the fields, and the words they can have`() {
    var model = model("events")
    model.strike("\\")
    model.type("ki")
    model.strike(.tab)
    #expect(model.prompt?.text == "kind")
    model.type("=HC")
    model.strike(.tab)
    #expect(model.prompt?.text == "kind=HCALL")
    model.type(" (jo")
    model.strike(.tab)
    #expect(model.prompt?.text == "kind=HCALL (journey")
    var palette = self.model("events")
    palette.strike(":")
    palette.type("filter kind=HC")
    palette.strike(.tab)
    #expect(palette.prompt?.text == "filter kind=HCALL ")
  }

  @Test func `every kind of event can be named`() {
    var model = model("events")
    for kind in Set(Scene.events.map(\.kindText)) {
      _ = model.execute("filter kind=\(kind)")
      #expect(model.message == nil)
    }
    for source in InterruptSource.allCases {
      _ = model.execute("filter kind=\(source.kindText)")
      #expect(model.message == nil, "\(source.kindText)")
    }
  }
}
