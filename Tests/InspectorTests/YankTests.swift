import Architecture
import Inspector
import Journal
import Testing

struct YankTests {
  private func model(_ view: Key = "1", _ size: Size = Size(80, 24)) -> InspectorModel {
    var model = Scene.model()
    model.size = size
    model.strike(view)
    return model
  }

  private func copied(_ action: Action?) -> CopiedText? { if case .copy(let copied)? = action { copied } else { nil } }

  @Test func `y copies the selected row with all its columns`() {
    var model = model("1", Size(40, 10))
    model.select(ContextID(5, 0))
    let copied = copied(model.handle("y"))
    #expect(copied?.what == "1 row")
    #expect(copied?.fileName == "yank.txt")
    #expect(copied?.text == "5.0  0   R  4f+  ..  50  1  1.1ms d  595  2.2s  S1 vector 4f blocked by TPR 50\n")
  }

  @Test func `what is tagged is copied instead, in the order that is shown`() {
    var model = model()
    _ = model.execute("tag 3.0 5.0")
    _ = model.execute("sort since down")
    let copied = copied(model.handle("y"))
    #expect(copied?.what == "2 rows")
    #expect(copied?.text.split(separator: "\n").map { $0.prefix(3) } == ["5.0", "3.0"])
  }

  @Test func `where no row is selected all that is in sight is copied`() {
    var model = model("6")
    let copied = copied(model.handle("y"))
    #expect(copied?.text.split(separator: "\n").count == 19)
    var pane = self.model("6")
    let whole = self.copied(pane.execute("yank pane"))
    #expect(whole?.text.hasPrefix(" TIME (s)") == true)
    #expect(whole?.text.contains("q Back") == false)
  }

  @Test func `a view without rows copies what it shows`() {
    var model = model("6")
    model.strike(.end, .up, "J")
    let text = copied(model.handle("y"))?.text ?? ""
    #expect(text.hasPrefix(" Journey #5409"))
    #expect(model.handle("Y") == nil)
    #expect(model.message?.text == "nothing here has a form in JSON")
  }

  @Test func `Y copies the same as JSON`() {
    var model = model()
    model.select(ContextID(5, 0))
    let one = copied(model.handle("Y"))
    #expect(one?.fileName == "yank.json")
    #expect(one?.text.contains("\"context\": \"5.0\"") == true)
    _ = model.execute("tag 3.0 5.0")
    #expect(copied(model.handle("Y"))?.text.hasPrefix("[\n") == true)
    var events = self.model("6")
    events.strike(.down)
    let event = copied(events.handle("Y"))?.text ?? ""
    #expect(event.hasPrefix("{\"sequence\": 394995") && event.hasSuffix("}\n"))
    var lapic = self.model("3")
    lapic.select(ContextID(5, 0))
    lapic.strike(.up)
    let vector = copied(lapic.handle("Y"))?.text ?? ""
    #expect(vector.contains("\"vector\": \"0x4f\"") && vector.contains("\"journey\": 5409"))
  }

  @Test func `w saves why and the screen, named after the moment`() {
    var model = model()
    guard case .save(let saved)? = model.handle("w") else {
      Issue.record("nothing was saved")
      return
    }
    #expect(saved.name == "report-demo.4711-12.481903.txt")
    #expect(saved.path == nil)
    #expect(saved.text.contains("5.0  S1  proved"))
    #expect(saved.text.contains("80x24 over\n vtlscope demo.4711"))
    guard case .save(let other)? = model.execute("save /tmp/my report.txt") else {
      Issue.record("nothing was saved")
      return
    }
    #expect(other.path == "/tmp/my report.txt")
  }

  @Test func `what a guest calls itself cannot leave as a control sequence or as a path`() {
    var model = model()
    model.symbols = SymbolTable([.init(address: 0, name: "a\u{1B}]52;c;x\u{07}\u{9B}\u{202E}b\nc")], end: .max)
    model.name = "../../etc/x\u{1B}"
    for context in [ContextID(0, 0), ContextID(2, 0), ContextID(5, 0)] {
      model.select(context)
      for view: Key in ["1", "2", "3", "6"] {
        model.strike(view)
        if view == "6" { model.strike("F") }
        for key: Key in ["y", "w"] {
          let text =
            switch model.handle(key) {
            case .copy(let copied): copied.text
            case .save(let saved): saved.text + saved.name
            default: ""
            }
          #expect(!text.isEmpty)
          #expect(
            text.unicodeScalars.allSatisfy { scalar in
              scalar == "\n" || scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar != "\u{202E}"
            })
        }
        if case .save(let saved)? = model.handle("w") { #expect(!saved.name.contains("/")) }
      }
    }
  }

  @Test func `why and changes are copied from their dialogs, and yes still answers the question of an NMI`() {
    var model = model()
    model.select(ContextID(5, 0))
    model.strike("W")
    #expect(copied(model.handle("y"))?.text.contains("S1 proved") == true)
    #expect(model.dialog != nil)
    model.strike(.escape, "d")
    #expect(copied(model.handle("y"))?.text.contains("no change") == true)
    model.strike(.escape)
    _ = model.execute("fire nmi -> 5.0")
    model.type("yes")
    guard case .command(.fire)? = model.strike(.enter) else {
      Issue.record("yes was taken for a copy")
      return
    }
  }

  @Test func `C in the fire dialog copies it as a command that says the same`() throws {
    var model = model()
    model.select(ContextID(2, 0))
    model.strike("f")
    model.type("5")
    let line = try #require(copied(model.handle("C"))?.text)
    #expect(line == "fire fixed 2f -> id 5 from 2.0\n")
    let fired = model.strike(.enter)
    var other = self.model()
    #expect(other.execute(String(line.dropLast())) == fired)
  }

  @Test func `P keeps a command among those that completion offers`() {
    var model = model()
    model.select(ContextID(2, 0))
    model.strike("f", "P", .escape)
    #expect(model.presets.count == 1)
    #expect(Palette.completions("fire ", model).contains { $0.word == model.presets[0] })
    #expect(model.options.file.contains("presets = [\"fixed "))
  }
}
