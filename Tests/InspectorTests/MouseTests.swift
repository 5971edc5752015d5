import Architecture
import Inspector
import Journal
import Testing

struct MouseTests {
  private func model(_ size: Size = Size(80, 24)) -> InspectorModel {
    var model = Scene.model()
    model.size = size
    return model
  }

  /// Clicks on the first place where `text` stands.
  @discardableResult
  private func click(_ text: String, in model: inout InspectorModel, dx: Int = 0) -> Action? {
    for (y, row) in model.draw(model.size).textRows.enumerated() {
      guard let range = row.firstRange(of: text) else { continue }
      let x = row.unicodeScalars.distance(from: row.startIndex, to: range.lowerBound)
      return model.handle(.mouse(MouseEvent(.left, column: x + dx, row: y)))
    }
    Issue.record("\(text) is not on the screen")
    return nil
  }

  @Test func `M takes the mouse and gives it back`() {
    var model = model()
    #expect(model.handle("M") == .captureMouse(true))
    #expect(model.handle("M") == .captureMouse(false))
  }

  @Test func `a click selects a row, and one on the selected row opens it`() {
    var model = model()
    click("  7.0", in: &model)
    #expect(model.selection.context == ContextID(7, 0))
    #expect(model.view == .over)
    click("  7.0", in: &model)
    #expect(model.view == .lapic)
  }

  @Test func `a click on a tab shows its view`() {
    var model = model()
    click("2 Groups", in: &model)
    #expect(model.view == .groups)
    click("6 Events", in: &model, dx: 3)
    #expect(model.view == .events)
  }

  @Test(arguments: [Size(40, 10), Size(80, 24), Size(120, 40)])
  func `a click on a label of the last line strikes its key`(size: Size) {
    var model = model(size)
    click("? Help", in: &model)
    #expect(model.isHelpOpen)
    click("Esc Close", in: &model, dx: 4)
    #expect(!model.isHelpOpen)
    if size.width >= 80 {
      click("f Fire", in: &model)
      #expect(model.dialog != nil)
      click("Esc Cancel", in: &model)
      #expect(model.dialog == nil)
    }
    #expect(click("q Quit", in: &model) == .quit)
  }

  @Test func `every label of the last line does what its key does, in every view`() {
    for view: Key in ["1", "2", "3", "6"] {
      var model = model(Size(200, 60))
      model.strike(view)
      let keys = model.draw(model.size).targets.compactMap { target -> (Rect, Key)? in
        if case .key(let key) = target.meaning, target.area.y == 59 { (target.area, key) } else { nil }
      }
      #expect(keys.count > 8)
      for (area, key) in keys {
        var clicked = model
        var struck = model
        #expect(clicked.handle(.mouse(MouseEvent(.left, column: area.x, row: area.y))) == struck.handle(key))
        #expect(clicked.draw(model.size) == struck.draw(model.size), "\(key.name)")
      }
    }
  }

  @Test func `a click on a letter of the strip, and on a cell of a local APIC, points at it`() {
    var model = model()
    // Row 3 is the strip's VTL1, row 4 its VTL0; column 7 is VP 0.
    _ = model.handle(.mouse(MouseEvent(.left, column: 9, row: 4)))
    #expect(model.selection.context == ContextID(2, 0))
    _ = model.handle(.mouse(MouseEvent(.left, column: 8, row: 3)))
    #expect(model.selection.context == ContextID(1, 1))
    model.select(ContextID(5, 0))
    model.strike("3")
    // Row 17 is class 0; a vector takes two columns, after the class.
    _ = model.handle(.mouse(MouseEvent(.left, column: 34, row: 15)))
    #expect(model.selection.vector == VectorNumber(0x4F))
  }

  @Test func `an event is selected by a click, which holds the list`() {
    var model = model()
    model.strike("6")
    _ = model.handle(.mouse(MouseEvent(.left, column: 10, row: 5)))
    #expect(model.selection.event == 394_993)
    _ = model.handle(.mouse(MouseEvent(.left, column: 10, row: 5)))
    #expect(model.view == .journey || model.message != nil)
  }

  @Test func `the wheel moves the selection, and scrolls what is in front`() {
    var model = model()
    _ = model.handle(.mouse(MouseEvent(.wheelDown, column: 0, row: 0)))
    #expect(model.selection.context == ContextID(1, 1))
    _ = model.handle(.mouse(MouseEvent(.wheelUp, column: 0, row: 0)))
    #expect(model.selection.context == ContextID(0, 0))
    model.strike("?")
    let before = model.draw(model.size)
    _ = model.handle(.mouse(MouseEvent(.wheelDown, column: 0, row: 0)))
    #expect(model.draw(model.size) != before)
  }

  @Test func `nothing behind a dialog, a prompt or the help can be clicked on`() {
    for key: Key in ["f", "?", ":"] {
      var model = model()
      model.strike(key)
      for y in 2..<22 { _ = model.handle(.mouse(MouseEvent(.left, column: 3, row: y))) }
      #expect(model.selection.context == ContextID(0, 0))
    }
  }

  @Test func `clicks anywhere, also outside, do no harm`() {
    var random = SplitMix(state: 5)
    var model = model()
    for _ in 0..<2_000 {
      let kind = MouseEvent.Kind.allCases[Int(random.next() % 5)]
      _ = model.handle(
        .mouse(MouseEvent(kind, column: Int(random.next() % 100) - 10, row: Int(random.next() % 40) - 10)))
    }
    for _ in 0..<4 { _ = model.handle(.escape) }
    #expect(model.dialog == nil && model.prompt == nil)
  }
}
