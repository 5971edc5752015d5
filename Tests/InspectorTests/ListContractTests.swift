import Architecture
import Foundation
import Inspector
import Journal
import Testing

/// What every view with rows promises, whichever it is.
struct ListContractTests {
  static let views = Views.all.map(\.id).filter { id in
    var model = Scene.busy()
    _ = model.execute("view \(id.name)")
    return !model.shownRows.isEmpty
  }

  private func model(_ view: ViewID) -> InspectorModel {
    var model = Scene.busy()
    model.size = Size(120, 40)
    _ = model.execute("view \(view.name)")
    return model
  }

  /// What Tab offers after some text: fields, columns, words.
  private func offered(_ text: String, _ model: InspectorModel) -> [String] {
    Palette.completions(text, model).map(\.word)
  }

  @Test func `the lists are these`() {
    #expect(Set(Self.views).isSuperset(of: [.over, .groups, .lapic, .timers, .sched, .events, .stuck, .routes]))
  }

  @Test(arguments: views) func `every row has a text of one safe line`(view: ViewID) {
    let model = model(view)
    let texts = model.texts(of: model.shownRows)
    #expect(texts.count == model.shownRows.count)
    #expect(Set(model.shownRows).count == model.shownRows.count)
    for text in texts {
      #expect(!text.isEmpty)
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
    }
  }

  @Test(arguments: views) func `every row is found by its own text, and copied as text and as JSON`(view: ViewID) throws
  {
    var model = model(view)
    for row in model.shownRows.prefix(12) {
      let text = try #require(model.texts(of: [row]).first)
      _ = model.execute("search \(text)")
      #expect(model.selectedRow.map { model.texts(of: [$0]) } == [text], "\(text)")
      guard case .copy(let copied)? = model.handle("y") else {
        Issue.record("nothing was copied")
        continue
      }
      #expect(copied.text == text + "\n")
      guard case .copy(let json)? = model.handle("Y") else {
        Issue.record("nothing was copied")
        continue
      }
      #expect(throws: Never.self) {
        try JSONSerialization.jsonObject(with: Data(json.text.utf8), options: .fragmentsAllowed)
      }
      #expect(!json.text.hasPrefix("null"))
    }
    model.strike(" ", " ")
    guard case .copy(let all)? = model.handle("Y") else { return }
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(all.text.utf8)) }
  }

  @Test(arguments: views) func `every column sorts both ways, keeping every row`(view: ViewID) {
    var model = model(view)
    let all = Set(model.shownRows)
    for column in offered("sort ", model) {
      for way in ["", " down"] {
        _ = model.execute("sort \(column)\(way)")
        #expect(Set(model.shownRows) == all || model.message?.text == "this list has one order", "\(column)")
        _ = model.draw(model.size)
      }
    }
  }

  @Test(arguments: views) func `every column can be left out, but one`(view: ViewID) {
    var model = model(view)
    for column in offered("columns ", model) {
      _ = model.execute("columns \(column)")
      #expect(model.message == nil, "\(column)")
      #expect(model.draw(model.size).size == model.size)
    }
  }

  @Test(arguments: views) func `every field can be asked, by each of its words`(view: ViewID) {
    var model = model(view)
    let fields = offered("filter ", model)
    for field in fields {
      let words = offered("filter \(field)=", model).map { String($0.dropFirst(field.count + 1)) }
      for value in words + ["0", "1ms", "5.0", "x"] {
        for sign in ["=", "!=", ">"] {
          _ = model.execute("filter \(field)\(sign)\(value)")
          if let message = model.message { #expect(message.text.hasPrefix("column "), "\(message.text)") }
        }
      }
      for word in words {
        _ = model.execute("filter \(field)=\(word)")
        #expect(model.message == nil, "\(field)=\(word): \(model.message?.text ?? "")")
        let passing = model.shownRows.count
        _ = model.execute("filter not \(field)=\(word)")
        #expect(passing + model.shownRows.count == model.shownRows.count + model.hiddenRowCount)
      }
    }
  }

  @Test(arguments: views) func `a bare word keeps the rows that have it in their text`(view: ViewID) {
    var model = model(view)
    let all = model.shownRows
    let texts = model.texts(of: all)
    for word in ["0.0", "e", "4f", "IRR"] {
      _ = model.execute("filter \(word)")
      guard model.message == nil else { continue }
      let expected = zip(all, texts).filter { $0.1.lowercased().contains(word.lowercased()) }.map(\.0)
      #expect(model.shownRows == expected, "\(word)")
      _ = model.execute("filter")
    }
  }

  @Test(arguments: views) func `moving goes through every row that is shown, and a click points at each`(view: ViewID) {
    var model = model(view)
    model.strike(.home)
    var seen: Set<RowID> = []
    // There the arrows go through vectors, and through time.
    if view != .lapic && view != .sched {
      model.strike(.down, .up)
      for _ in 0..<model.shownRows.count {
        if let row = model.selectedRow { seen.insert(row) }
        model.strike(.down)
      }
      #expect(seen == Set(model.shownRows))
    }
    let targets = model.draw(model.size).targets
    for target in targets.prefix(8) {
      guard case .row(let row) = target.meaning, row != model.selectedRow else { continue }
      var clicked = model
      _ = clicked.handle(.mouse(MouseEvent(.left, column: target.area.x, row: target.area.y)))
      #expect(clicked.selectedRow == row)
    }
  }
}
