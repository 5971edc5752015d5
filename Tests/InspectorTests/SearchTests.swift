import Architecture
import Inspector
import Journal
import Testing

struct SearchTests {
  private func model(_ view: Key, _ size: Size = Size(80, 24)) -> InspectorModel {
    var model = Scene.model()
    model.size = size
    model.strike(view)
    return model
  }

  @Test func `a search goes to the next hit as it is typed, and says which of how many`() {
    var model = model("1")
    model.strike("/")
    model.type("sipi")
    #expect(model.selection.context == ContextID(9, 0))
    #expect(model.draw(Size(80, 24)).textRows[22].hasPrefix("/sipi"))
    #expect(model.draw(Size(80, 24)).textRows[22].hasSuffix("1 of 1"))
    model.strike(.enter)
    #expect(model.selection.context == ContextID(9, 0))
    #expect(model.message?.text == "1 of 1")
  }

  @Test func `n and N go round and round`() {
    var model = model("1")
    model.strike("/")
    model.type("waits")
    model.strike(.enter)
    #expect(model.message?.text == "1 of 2")
    #expect(model.selection.context == ContextID(1, 0))
    model.strike("n")
    #expect(model.message?.text == "2 of 2")
    #expect(model.selection.context == ContextID(9, 0))
    model.strike("n")
    #expect(model.message?.text == "1 of 2, from the other end")
    #expect(model.selection.context == ContextID(1, 0))
    model.strike("N")
    #expect(model.message?.text == "2 of 2, from the other end")
  }

  @Test func `Esc comes back to where the search began`() {
    var model = model("1")
    model.select(ContextID(3, 0))
    model.strike("/")
    model.type("SIPI")
    #expect(model.selection.context == ContextID(9, 0))
    model.strike(.escape)
    #expect(model.selection.context == ContextID(3, 0))
    #expect(model.searched == "")
  }

  @Test func `a longer text looks from where the search began, not from the last hit`() {
    var model = model("1")
    model.strike("/")
    model.type("i")
    let first = model.selection.context
    model.strike(.backspace)
    model.type("idle")
    #expect(first <= model.selection.context)
    #expect(model.selection.context == ContextID(3, 0))
  }

  @Test(arguments: ["1", "2", "6"] as [Key]) func `hits are marked wherever they are in a row`(view: Key) {
    var model = model(view)
    model.strike("/")
    model.type(view == "6" ? "ipi" : "x2apic")
    if view == "1" {
      model.strike(.escape, "/")
      model.type("idle")
    }
    let grid = model.draw(Size(120, 40))
    let marked = grid.cells.filter { $0.style.isBold && $0.style.isUnderlined }
    #expect(!marked.isEmpty)
    let text = String(String.UnicodeScalarView(marked.map(\.scalar))).lowercased()
    let word = view == "1" ? "idle" : view == "2" ? "x2apic" : "ipi"
    #expect(text == String(repeating: word, count: text.count / word.count))
  }

  @Test func `in events the search goes on through all that is kept, and holds the list`() {
    var model = model("6")
    model.strike("/")
    model.type("5409")
    #expect(!model.draw(Size(80, 24)).textRows[22].contains("nowhere"))
    model.strike(.enter)
    // The merge names it too.
    #expect(model.message?.text == "1 of 3")
    #expect(model.selectedEvent?.sequence == 394_995)
    model.strike("n")
    #expect(model.selectedEvent?.sequence == 394_962)
    model.strike("n")
    #expect(model.selectedEvent?.sequence == 394_961)
  }

  @Test func `in a local APIC a vector is found by its number and by what it does`() {
    var model = model("3")
    model.select(ContextID(5, 0))
    model.strike("/")
    model.type("pending 2")
    #expect(model.message == nil)
    #expect(model.selection.vector == VectorNumber(0x4F) || model.selection.vector == VectorNumber(0x2F))
    model.strike(.escape, "/")
    model.type("2f")
    #expect(model.selection.vector == VectorNumber(0x2F))
  }

  @Test func `the help is searched like a list`() {
    var model = model("1")
    model.strike("?", "/")
    model.type("it has ended")
    let rows = model.draw(Size(80, 24))
    #expect(rows.textRows.contains { $0.contains("it has ended") })
    model.strike(.enter)
    #expect(model.message?.text == "1 of 1")
    #expect(model.isHelpOpen)
    model.strike("n", .escape)
    #expect(!model.isHelpOpen)
  }

  @Test func `what is nowhere says so and moves nothing`() {
    for view: Key in ["1", "2", "3", "6"] {
      var model = model(view)
      let before = model.selectedRow
      model.strike("/")
      model.type("zzzz\u{7F}")
      model.strike(.enter)
      #expect(model.message?.text.contains("is nowhere") == true)
      #expect(model.selectedRow == before || view == "6")
      model.strike("n", "N")
    }
  }

  @Test func `a search looks at what the filter lets through`() {
    var model = model("1")
    _ = model.execute("filter vp<8")
    model.strike("/")
    model.type("SIPI")
    model.strike(.enter)
    #expect(model.message?.text == "\"SIPI\" is nowhere")
  }

  @Test func `n without a search says how to search`() {
    var model = model("1")
    model.strike("n")
    #expect(model.message?.text == "nothing is searched: / searches")
  }
}
