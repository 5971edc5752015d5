import Architecture
import Diagnosis
import Inspector
import Journal
import Testing

struct OptionsTests {
  private func error(_ text: String) -> String? {
    do throws(ConfigurationError) {
      _ = try Options(file: text)
      return nil
    } catch {
      return "\(error.line): \(error.text)"
    }
  }

  @Test func `a configuration file says what it says`() throws {
    let options = try Options(
      file: """
        # mine
        theme = "light"   # on paper
        rate = 2.5
        glyphs = 'ascii'
        time = "delta"
        mouse = true
        presets = [
          "fixed 41 -> 5.0",  # the stuck one
          "nmi -> 2.0",
        ]

        [columns]
        over = ["CTX", "St", "NOTE"]

        [thresholds]
        blocked = "2.5ms"

        [keys]
        run-stop = ["p", "F12"]
        "view-events" = "Z"
        """)
    #expect(options.theme == .light)
    #expect(options.decihertz == 25)
    #expect(options.wantsASCII && options.usesMouse)
    #expect(options.timeMode == .delta)
    #expect(options.presets == ["fixed 41 -> 5.0", "nmi -> 2.0"])
    #expect(options.columns == ["over": ["CTX", "St", "NOTE"]])
    #expect(options.thresholds.blocked == .microseconds(2_500))
    #expect(options.thresholds.slow == .milliseconds(100))
    #expect(options.keys == ["run-stop": ["p", .function(12)], "view-events": ["Z"]])
    var model = Scene.model()
    model.apply(options)
    #expect(model.handle("Z") == nil)
    #expect(model.view == .events)
    #expect(model.handle("6") == nil)
    _ = model.execute("view over")
    #expect(model.handle(.function(12)) == .command(.pause))
    #expect(model.handle(.function(5)) == nil)
    #expect(!model.draw(Size(80, 24)).textRows.contains { $0.contains("PPR") })
    #expect(model.options == options)
  }

  @Test func `an empty file, and none, are the defaults`() throws {
    #expect(try Options(file: "") == Options())
    #expect(try Options(file: "\n\r\n# nothing\n") == Options())
  }

  @Test func `what is saved is read again as it was`() throws {
    var options = Options()
    options.theme = .mono
    options.thresholds.sleep = VirtualTime(ticks: 1_000_000_001)
    options.thresholds.slow = .seconds(2)
    options.decihertz = 5
    options.presets = ["sipi 08 -> id 3 from 0.0"]
    options.columns = ["events": ["TIME", "KIND", "WHAT"], "over": ["CTX"]]
    options.keys = [
      "quit-now": ["C-x"].compactMap { Key(name: $0) }, "fire": ["\"", "\\"].compactMap { Key(name: $0) },
      "filter": ["Z"],
    ]
    #expect(try Options(file: options.file) == options)
    #expect(options.keys["fire"]?.count == 2)
  }

  @Test(
    arguments: [
      ("thene = \"dark\"", "1: no option \"thene\"; theme rate glyphs time mouse"),
      ("\ntheme = \"pink\"", "2: theme is one of auto dark light mono, not \"pink\""),
      ("rate = 0", "1: rate is 0.2 to 30 a second, not \"0\""),
      ("rate = 1e99", "1: rate is 0.2 to 30 a second"),
      ("rate = nan", "1: expected a string, a number, true, false or an array of strings"),
      ("mouse = [\"true\"]", "1: mouse takes one value"),
      ("theme = dark", "1: expected a string, a number, true, false or an array of strings"),
      ("theme \"dark\"", "1: expected = after \"theme\""),
      ("theme = \"dark\" rate = 3", "1: expected the end of the line"),
      ("theme = \"dark", "1: the string does not end on its line"),
      ("theme = \"da\\qrk\"", "1: \\q is no escape"),
      ("theme = \"\\ud800\"", "1: \\u needs 4 hexadecimal digits of a character"),
      ("theme = \"dark\"\n\ntheme = \"dark\"", "3: \"theme\" is there twice"),
      ("[keys]\n[keys]", "2: the table [keys] is there twice"),
      ("[colours]\na = 1", "2: no table [colours]; columns, thresholds or keys"),
      ("[thresholds]\nblokced = \"1ms\"", "2: no threshold \"blokced\"; blocked slow preempted"),
      ("[thresholds]\nblocked = 10", "2: blocked takes a span such as \"10ms\""),
      ("[thresholds]\nblocked = \"0ms\"", "2: blocked takes a span such as \"10ms\""),
      ("[columns]\nnowhere = [\"CTX\"]", "2: no view \"nowhere\""),
      ("[columns]\nover = 3", "2: over takes an array of strings"),
      ("[keys]\nfly = \"p\"", "2: no command \"fly\""),
      ("[keys]\nfire = \"F13\"", "2: \"F13\" is no key such as p, F5 or Space"),
      ("[keys]\nfire = \"C-c\"", "2: \"C-c\" is no key such as p, F5 or Space"),
      ("[keys]\nfire = []", "2: fire has no key"),
      ("[keys]\nfire = [\"a\" \"b\"]", "2: expected , or ] in the array"),
      ("[keys]\n\n\nfire = \"p\"", "4: the key p would mean run-stop and fire"),
      // In one view is enough; and between two lines the later one is at fault.
      ("[keys]\nmark = \"K\"", "2: the key K would mean kinds and mark"),
      ("[keys]\nmark = \"Z\"\ndiff = \"Z\"", "3: the key Z would mean mark and diff"),
      ("presets = [\"fixed 4f 5.0\"]", "1: the preset \"fixed 4f 5.0\": expected \"->\" and a target"),
      ("= 3", "1: expected a key"),
      ("[]", "1: expected a key"),
      ("[a", "1: expected ] after the table's name"),
      ("a.b = 3", "1: expected = after \"a\""),
      ("# a\u{1}b", "1: a control character in a comment"),
      ("\u{FEFF}theme = \"dark\"", "1: expected a key"),
    ]) func `what is wrong is refused with its line`(text: String, expected: String)
  {
    #expect(error(text)?.hasPrefix(expected) == true, "\(error(text) ?? "taken")")
  }

  @Test func `two commands may trade keys`() throws {
    let options = try Options(file: "[keys]\nmark = \"d\"\ndiff = \"m\"")
    var model = Scene.model()
    model.apply(options)
    model.strike("m")
    #expect(model.dialog != nil)
    // The footer and the help say so too.
    model.strike(.escape, "?")
    #expect(model.draw(Size(120, 60)).textRows.contains { $0.contains("m        changes since") })
  }

  @Test func `any bytes at all are options or one line of error`() {
    let parts = [
      "theme", "rate", "[keys]", "[columns]", "=", "\"", "'", "dark", "3", "[", "]", ",", "\n", "#", "\\", "\\u",
      "0041", "\u{0}",
      "\u{1B}", "é", "true", "over", "fire", "p", " ", "\r\n", "-", "1e999", "presets",
    ]
    var random = SplitMix(state: 17)
    for _ in 0..<5_000 {
      let text = (0..<Int(random.next() % 24)).map { _ in parts[Int(random.next() % UInt64(parts.count))] }.joined()
      #expect(error(text)?.contains("\n") != true)
    }
    #expect(error(String(repeating: "[", count: 100_000)) != nil)
    #expect(error("theme = \"" + String(repeating: "a", count: 100_000)) != nil)
  }

  @Test func `every key has a name that is read again`() {
    var keys: [Key] = (0x20..<0x7F).map { .character(Unicode.Scalar(UInt8($0))) }
    keys += (1...12).map { .function(UInt8($0)) }
    keys += (97...122).map { .control(Unicode.Scalar(UInt8($0))) }
    keys += [
      .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .backspace, .delete, .tab, .backTab,
    ]
    for key in keys { #expect(Key(name: key.name) == key, "\(key.name)") }
    for name in ["", "F0", "F13", "F05", "C-", "C-1", "ab", "é", "\u{1B}", "Paste", "Mouse"] {
      #expect(Key(name: name) == nil, "\(name)")
    }
  }

  // MARK: - On the screen

  @Test func `the dialog changes options and saves them`() {
    var model = Scene.model()
    model.strike("O", " ")
    #expect(model.theme == .dark)
    model.strike(.down, .right)
    #expect(model.refreshDecihertz == 150)
    model.strike(.down, " ")
    #expect(model.wantsASCII)
    #expect(model.draw(Size(80, 24)).cells.allSatisfy { $0.scalar.isASCII })
    model.strike(.down, .left)
    #expect(model.timeMode == .delta)
    #expect(model.strike(.down, " ") == .captureMouse(true))
    #expect(model.strike("s") == .keepOptions(model.options))
    #expect(
      model.options.file.contains("theme = \"dark\"\nrate = 15\nglyphs = \"ascii\"\ntime = \"delta\"\nmouse = true\n"))
    model.strike(.escape)
    #expect(model.dialog == nil)
  }

  @Test func `set does the same in words`() {
    var model = Scene.model()
    #expect(model.execute("set rate 0.5") == nil)
    #expect(model.refreshDecihertz == 5)
    #expect(model.execute("set mouse on") == .captureMouse(true))
    _ = model.execute("set theme pink")
    #expect(model.message?.text == "theme is one of auto dark light mono, not \"pink\"")
    _ = model.execute("set colour red")
    #expect(model.message?.text == "column 5: no option \"colour\"; one of theme rate glyphs time mouse")
    #expect(Palette.completions("set theme ", model).map(\.word) == ["auto", "dark", "light", "mono"])
  }
}
