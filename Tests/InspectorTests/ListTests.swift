import Architecture
import Inspector
import Journal
import Testing

/// Sorting, columns, tags, layouts, and what stands still.
struct ListTests {
  private func model(_ view: Key = "1", vps: Int = 16) -> InspectorModel {
    var model = Scene.model(vps: vps)
    model.strike(view)
    return model
  }

  private func contexts(_ model: InspectorModel) -> [String] {
    model.shownRows.map { if case .context(let id) = $0 { id.description } else { "\($0)" } }
  }

  // MARK: - Sorting

  @Test func `a column sorts by what it means, not by how it is written`() {
    var model = model()
    _ = model.execute("sort since")
    // 14.0us, 310us, ... 2.2s, 12.4s: as text 12.4s would be first.
    #expect(contexts(model).first == "1.0")
    #expect(contexts(model).last == "9.0")
    _ = model.execute("sort ppr down")
    #expect(contexts(model).prefix(3) == ["0.1", "5.0", "2.0"])
  }

  @Test func `what has no value comes last, whichever way`() {
    for line in ["sort irr", "sort irr down"] {
      var model = model()
      _ = model.execute(line)
      #expect(Set(contexts(model).prefix(2)) == ["0.0", "5.0"])
      // Those without keep their own order.
      #expect(contexts(model).dropFirst(2).prefix(3) == ["0.1", "1.0", "1.1"])
    }
  }

  @Test func `the menu chooses a column, and the same column again the other way`() {
    var model = model()
    model.strike(">")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("Sort by") })
    model.strike(.down, .down, .down, .down, .enter)
    #expect(model.dialog == nil)
    #expect(model.draw(Size(80, 24)).textRows[22].hasPrefix(" by IRR "))
    model.strike(">", .enter)
    #expect(model.draw(Size(80, 24)).textRows[22].hasPrefix(" by IRR down "))
    model.strike(">", "g", .enter)
    #expect(!model.draw(Size(80, 24)).textRows[22].hasPrefix(" by "))
  }

  @Test func `less-than goes back a column, I turns the order around`() {
    var model = model()
    model.strike("<")
    #expect(model.message?.text == "sorted by NOTE")
    model.strike("<")
    #expect(model.message?.text == "sorted by SINCE")
    model.strike("I")
    #expect(model.message?.text == "sorted by SINCE, downwards")
    #expect(contexts(model).first == "9.0")
    _ = model.execute("sort")
    model.strike("I")
    #expect(contexts(model).first == "15.0")
  }

  @Test func `the selection stays on its context, and the way goes on from there`() {
    var model = model()
    model.select(ContextID(5, 0))
    _ = model.execute("sort since down")
    #expect(model.selection.context == ContextID(5, 0))
    #expect(contexts(model).prefix(2) == ["9.0", "5.0"])
    model.strike(.up)
    #expect(model.selection.context == ContextID(9, 0))
  }

  @Test func `the order changes by itself only when no key was struck for a second, and never under a dialog`() {
    var model = model()
    _ = model.execute("sort since")
    let before = contexts(model)
    /// A look in which 9.0 has just changed what it does.
    func look(_ milliseconds: UInt64) {
      var next = model.snapshot
      let place = next.contexts.firstIndex { $0.id == ContextID(9, 0) }!
      next.contexts[place].since = next.machine.time
      model.apply(Update(snapshot: next, hostMilliseconds: milliseconds))
    }
    look(10_000)
    #expect(contexts(model) == before)
    look(10_900)
    #expect(contexts(model) == before)
    model.strike(.down)
    look(11_000)
    look(11_900)
    #expect(contexts(model) == before)
    model.strike("f")
    look(12_500)
    look(20_000)
    #expect(contexts(model) == before)
    model.strike(.escape)
    look(20_100)
    look(21_000)
    #expect(contexts(model) == before)
    look(21_100)
    #expect(contexts(model).first == "9.0")
  }

  @Test func `members of a group are sorted too, and events are not`() {
    var groups = model("2")
    _ = groups.execute("sort sent down")
    #expect(contexts(groups).first == "15.0" || groups.message == nil)
    var events = model("6")
    events.strike(">")
    #expect(events.dialog == nil)
    #expect(events.message?.text == "this list has one order")
    _ = events.execute("sort time")
    #expect(events.message?.text == "this list has one order")
    _ = groups.execute("sort nothing")
    #expect(groups.message?.text.hasPrefix("no column \"nothing\"; one of CTX APICID") == true)
  }

  @Test func `the sorted column says which way, where it has the room`() {
    var model = model()
    _ = model.execute("sort timer")
    #expect(model.draw(Size(120, 40)).textRows[6].contains("TIMER▲"))
    model.strike("I")
    #expect(model.draw(Size(120, 40)).textRows[6].contains("TIMER▼"))
  }

  // MARK: - Columns

  @Test func `a column that is left out gives its room to the others`() {
    var model = model()
    model.strike("c", .down, .down, .down, " ", .escape)
    let header = model.draw(Size(80, 24)).textRows[6]
    #expect(!header.contains("IRR") && header.contains("ISR"))
    // The first column says what a row is about.
    model.strike("c", " ", .escape)
    #expect(model.draw(Size(80, 24)).textRows[6].contains("CTX"))
    model.strike("c", "a", .escape)
    #expect(model.draw(Size(80, 24)).textRows[6].contains("IRR"))
  }

  @Test func `columns are named, in the palette and in every list`() {
    for (view, names, kept) in [("1", "st note", "NOTE"), ("2", "mode on", "MODE"), ("6", "kind what", "KIND")] {
      var model = model(Key.character(view.unicodeScalars.first!))
      _ = model.execute("columns \(names)")
      let row = view == "1" ? 6 : view == "2" ? 13 : 2
      let header = model.draw(Size(80, 24)).textRows[row]
      #expect(header.contains(kept), "\(header)")
      #expect(!header.contains("PPR") && !header.contains("LDR") && !header.contains("JOURN"))
      _ = model.execute("columns nothing")
      #expect(model.message?.text.hasPrefix("no column \"nothing\"; one of ") == true)
    }
  }

  @Test func `kinds of events are left out and come back`() {
    var model = model("6")
    let all = model.shownRows.count
    model.strike("K")
    for _ in 0..<3 { model.strike(.down) }
    model.strike(" ", .escape)
    #expect(model.draw(Size(80, 24)).textRows.allSatisfy { !$0.contains(" TIMER ") })
    #expect(model.hiddenRowCount == 6)
    model.strike("K", "a", .escape)
    #expect(model.shownRows.count == all)
  }

  // MARK: - Tags

  @Test func `tags are on things, and survive everything that moves rows`() {
    var model = model()
    model.select(ContextID(3, 0))
    model.strike(" ")
    #expect(model.selection.context == ContextID(3, 1))
    model.select(ContextID(5, 0))
    model.strike(" ")
    _ = model.execute("sort since down")
    model.select(ContextID(9, 0))
    let rows = model.draw(Size(80, 60)).textRows
    #expect(rows.filter { $0.hasPrefix("* ") }.map { $0.dropFirst().prefix(5) } == ["  5.0", "  3.0"])
    #expect(rows[58].contains("2 tagged"))
    model.select(ContextID(5, 0))
    model.strike(" ")
    #expect(model.tags == [.context(ContextID(3, 0))])
    model.strike("U")
    #expect(model.tags.isEmpty)
  }

  @Test func `what is tagged is whom an interrupt is for`() {
    var model = model()
    _ = model.execute("tag 5.0")
    model.select(ContextID(2, 0))
    model.strike("f")
    guard case .command(.fire(let one))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(one.message.command.destination == 5 && !one.message.command.isLogical)
    _ = model.execute("tag 6.0 7.0")
    model.select(ContextID(2, 0))
    model.strike("f")
    guard case .command(.fire(let several))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(several.message.command.isLogical && several.message.command.destination == 0b1110_0000)
  }

  @Test func `events are tagged by what they are`() {
    var model = model("6")
    model.strike(.down, " ", " ")
    #expect(model.tags == [.event(394_995), .event(394_994)])
    #expect(model.draw(Size(80, 24)).textRows.filter { $0.hasPrefix("*") }.count == 2)
  }

  // MARK: - Following, active only

  @Test func `F in a table lets the rows stand still, and moving takes them along only as far as needed`() {
    var model = model(vps: 64)
    model.size = Size(80, 24)
    func first() -> String { String(model.draw(Size(80, 24)).textRows[7].dropFirst().prefix(5)) }
    model.select(ContextID(30, 0))
    let top = first()
    model.strike("F", .down, .down)
    #expect(first() == top)
    for _ in 0..<9 { model.strike(.down) }
    #expect(first() != top)
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.hasPrefix(">") })
    model.select(ContextID(0, 0))
    #expect(!model.draw(Size(80, 24)).textRows.contains { $0.hasPrefix(">") })
    model.strike("F")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.hasPrefix(">") })
  }

  @Test func `a leaves only what goes on`() {
    var model = model()
    model.strike("a")
    #expect(contexts(model) == ["0.0", "0.1", "1.0", "2.0", "5.0", "9.0"])
    #expect(model.draw(Size(80, 24)).textRows[22].hasPrefix(" hides 14 "))
    model.strike("a")
    #expect(contexts(model).count == 20)
    var events = self.model("6")
    events.strike("a")
    #expect(events.hiddenRowCount == 8)
    #expect(events.draw(Size(80, 24)).textRows.allSatisfy { !$0.contains(" HLT ") && !$0.contains(" WAKE ") })
    var groups = self.model("2")
    groups.strike("a")
    #expect(groups.hiddenRowCount == 1)
  }

  @Test func `a pinned journey stays in the preview`() {
    var model = model("6")
    model.size = Size(120, 40)
    model.strike(.end, .up, "P", .home)
    #expect(model.draw(Size(120, 40)).textRows.contains { $0.contains("journey #5409") && $0.contains("pinned") })
    model.strike("P")
    #expect(!model.draw(Size(120, 40)).textRows.contains { $0.contains("journey #") })
  }

  // MARK: - Layouts

  @Test func `t goes from the table to the grid, to a row for each VP, and back`() {
    var model = model()
    model.strike("t")
    #expect(model.message?.text == "layout: grid")
    model.strike("t")
    #expect(model.message?.text == "layout: folded")
    #expect(model.shownRows.count == 16)
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("  5 !") && $0.contains("S1 vector 4f") })
    model.strike("t")
    #expect(contexts(model).count == 20)
    model.strike("-")
    #expect(model.message?.text == "layout: folded")
    model.strike("+")
    #expect(model.message?.text == "layout: table")
  }

  @Test func `a VP passes a filter when one of its contexts does`() {
    var model = model()
    model.strike("-")
    _ = model.execute("filter irr>0 or finding=S7")
    #expect(model.shownRows == [.vp(VPIndex(0)), .vp(VPIndex(5)), .vp(VPIndex(9))])
    // Not: a VP of which one context has one and another the other.
    _ = model.execute("filter irr>0 vtl=1")
    #expect(model.shownRows.isEmpty)
    _ = model.execute("filter irr>0 vtl=0")
    #expect(model.shownRows == [.vp(VPIndex(0)), .vp(VPIndex(5))])
  }

  @Test(arguments: [Size(80, 24), Size(120, 40), Size(150, 40), Size(200, 60)])
  func `4,096 contexts are a grid of letters, and the arrows go where they point`(size: Size) {
    var model = Scene.model(vps: 2_048)
    model.size = size
    model.strike("t")
    model.select(ContextID(1_000, 0))
    let before = model.draw(size)
    #expect(before.size == size)
    let here = before.targets.first { $0.meaning == .thing(.context(ContextID(1_000, 0))) }
    #expect(here != nil)
    model.strike(.right)
    #expect(model.selection.context == ContextID(1_001, 0))
    model.strike(.left, .down)
    let below = model.draw(size).targets.first { $0.meaning == .thing(.context(model.selection.context)) }
    #expect(below?.area.x == here?.area.x)
    #expect(model.selection.context.vp.index > 1_000)
    model.strike(.up)
    #expect(model.selection.context == ContextID(1_000, 0))
    model.strike(.home)
    #expect(model.selection.context == ContextID(0, 0))
    for _ in 0..<3 { model.strike(.up, .left) }
    #expect(model.snapshot[model.selection.context]?.isEnabled == true)
  }

  @Test func `in the grid a filter leaves dots, and finds keep their marks`() {
    var model = model()
    model.strike("t")
    _ = model.execute("filter vp<8")
    let row = model.draw(Size(80, 24)).textRows.first { $0.contains("VTL0") }
    #expect(row?.contains("bRRHH!HH········") == true, "\(row ?? "")")
  }

  @Test func `layouts draw at every size`() {
    for size in ScreenTests.sizes {
      var model = model(vps: 64)
      model.size = size
      for _ in 0..<3 {
        model.strike("t")
        for key: Key in [.down, .right, .pageDown, .end, .up, .left, .home] { model.strike(key) }
        #expect(model.draw(size).size == size)
      }
    }
  }
}
