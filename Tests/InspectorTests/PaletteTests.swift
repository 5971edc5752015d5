import Architecture
import Inspector
import Journal
import Testing

struct PaletteTests {
  private func model(at context: ContextID = ContextID(2, 0), isReadOnly: Bool = false) -> InspectorModel {
    var model = Scene.model(isReadOnly: isReadOnly)
    model.select(context)
    return model
  }

  private func error(_ line: String) -> String? {
    do throws(PaletteError) {
      _ = try Palette.parse(line)
      return nil
    } catch {
      return error.description
    }
  }

  // MARK: - Parsing

  @Test func `every action is a command, under the name of its key's command`() throws {
    // With no words, these two end what they would begin.
    #expect(try Palette.parse("search") == .search(""))
    #expect(try Palette.parse("filter") == .filter(""))
    for binding in KeyMap.standard.bindings where ![.search, .filter].contains(binding.command) {
      #expect(try Palette.parse(binding.command.name) == .key(binding.command), "\(binding.command.name)")
    }
  }

  @Test func `no two commands have one name`() {
    let names = Palette.entries.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "-" } })
  }

  @Test(
    arguments: [
      ("view events", PaletteCommand.key(.view(.events))),
      ("view 3", .key(.view(.lapic))),
      ("  select   5.0 ", .select(ContextID(5, 0))),
      ("group g1", .selectGroup(GroupID(1))),
      ("vector 4f", .selectVector(VectorNumber(0x4F))),
      ("event 394990", .selectEvent(394_990)),
      ("journey #5409", .journey(JourneyID(rawValue: 5_409))),
      ("why 5.0", .why(ContextID(5, 0))),
      ("why", .key(.why)),
      ("step", .key(.step)),
      ("step 10", .step(10)),
      ("switch 2 vtl 1", .switchVTL(VPIndex(2), to: .vtl1)),
      ("eoi 2.0", .endOfInterrupt(ContextID(2, 0))),
      ("serial hello there\\r", .serial(Array("hello there\r".utf8))),
      ("serial \\x1b\\\\\\n", .serial([0x1B, 0x5C, 0x0A])),
      ("rate 0.5", .rate(5)),
      ("rate 30", .rate(300)),
      ("theme light", .theme(.light)),
      ("time delta", .timeMode(.delta)),
      // The beginning of one name is that name.
      ("cross", .key(.crossCheck)),
    ]) func `a line says what it says`(line: String, command: PaletteCommand) throws
  {
    #expect(try Palette.parse(line) == command)
  }

  @Test(
    arguments: [
      ("", "column 1: a command is missing"),
      ("   ", "column 4: a command is missing"),
      ("frob", "column 1: no command \"frob\""),
      ("qui", "column 1: no command \"qui\"; quit quit-now"),
      (
        "view nowhere",
        "column 6: no view \"nowhere\"; one of over groups lapic timers sched events stuck memory routes vsm journey"
      ),
      ("select", "column 7: a context such as 5.0 is missing"),
      ("select 5", "column 8: \"5\" is no context such as 5.0"),
      ("select 5.0 6.0", "column 12: \"6.0\" is one word too many"),
      ("step 0", "column 6: the number of events is 1 to 1000000, not \"0\""),
      ("step -1", "column 6: the number of events is 1 to 1000000, not \"-1\""),
      ("switch 2 to 1", "column 10: expected \"vtl\" and its number"),
      ("rate nan", "column 6: the rate is 0.2 to 30 a second, not \"nan\""),
      ("rate 31", "column 6: the rate is 0.2 to 30 a second, not \"31\""),
      ("fire fixed 4f 5.0", "column 15: expected \"->\" and a target"),
      ("fire fixed 1ff -> 5.0", "column 12: the vector has 1 to 2 hexadecimal digits, not \"1ff\""),
      ("fire fixed -1 -> 5.0", "column 12: the vector has 1 to 2 hexadecimal digits, not \"-1\""),
      (
        "fire 4f -> them", "column 12: no target \"them\"; one of CTX, id N, logical N, self, all, all-but-self"
      ),
      ("fire 4f -> all now", "column 16: expected from, into, level or yes, not \"now\""),
      ("serial", "column 7: what to type is missing"),
      ("serial a\\q", "column 8: after a backslash: r, n, t, xNN or another backslash"),
      ("serial \\x4", "column 8: after a backslash: r, n, t, xNN or another backslash"),
      ("vector +f", "column 8: the vector has 1 to 2 hexadecimal digits, not \"+f\""),
    ]) func `what is wrong is said in one line, with its column`(line: String, text: String)
  {
    #expect(error(line) == text)
  }

  @Test func `any text at all is a command or one line of error`() {
    let words =
      Palette.entries.map(\.name) + [
        "fire", "fixed", "nmi", "->", "to", "5.0", "99.9", "4294967296.0", "g0", "g999", "all", "id", "logical",
        "ffffffff",
        "4f", "0x", "-", "from", "into", "level", "yes", "vtl", "1", "1e309", "\u{1B}[2J", "é\u{301}", "\u{0}",
        "9999999999999999999999",
      ]
    var random = SplitMix(state: 11)
    var model = model()
    for _ in 0..<3_000 {
      let count = Int(random.next() % 7)
      let line = (0..<count).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined(separator: " ")
      do throws(PaletteError) {
        _ = try Palette.parse(line)
      } catch {
        #expect(!error.description.contains("\n"))
      }
      _ = model.execute(line)
      if model.dialog != nil { for _ in 0..<3 { _ = model.handle(.escape) } }
      #expect(model.dialog == nil)
    }
  }

  // MARK: - Doing

  @Test func `fire in words is what the dialog fires`() {
    var spoken = model(at: ContextID(0, 0))
    var typed = model(at: ContextID(0, 0))
    typed.strike("f")
    typed.type("5")
    typed.strike(.backTab, .backTab)
    typed.type("41")
    #expect(spoken.execute("fire fixed 41 -> 5.0") == typed.strike(.enter))
  }

  @Test func `the sender is the selection, else one that can reach the target`() {
    func origin(_ line: String, at context: ContextID) -> FireRequest.Origin? {
      var model = model(at: context)
      guard case .command(.fire(let request))? = model.execute(line) else { return nil }
      return request.origin
    }
    #expect(origin("fire 41 -> 5.0", at: ContextID(3, 0)) == .context(ContextID(3, 0)))
    // Another group: an IPI never leaves its sender's.
    #expect(origin("fire 41 -> 5.0", at: ContextID(3, 1)) == .context(ContextID(3, 0)))
    #expect(origin("fire 41 -> 5.0 from 7.0", at: ContextID(3, 1)) == .context(ContextID(7, 0)))
    #expect(origin("fire 41 -> id 5 into g0", at: ContextID(3, 1)) == .message(GroupID(0)))
  }

  @Test(
    arguments: [
      ("fire 41 -> 5.0 from 1.1", "5.0 is in g0: an IPI never leaves its sender's group"),
      ("fire 41 -> id 100 from 1.1", "the sender writes 8 bits of destination: 100 does not fit"),
      ("fire 41 -> all into g0", "a message has no shorthand"),
      ("fire 41 -> 5.1", "there is no context 5.1"),
      ("select 5.1", "VTL1 is not enabled on VP 5"),
      ("select 77.0", "there is no context 77.0"),
      ("group g7", "g7 has no members"),
      ("journey 1", "nothing is known of journey 1"),
      ("event 1", "event 1 is not in the log"),
      ("step 5", "step: stop the machine first"),
      ("run", "it is running already"),
    ]) func `what cannot be done now is refused with a reason`(line: String, reason: String)
  {
    var model = model()
    #expect(model.execute(line) == nil)
    #expect(model.message?.text == reason)
  }

  @Test func `what cannot be taken back asks, unless the line says yes`() {
    var model = model()
    #expect(model.execute("fire nmi -> 5.0") == nil)
    #expect(model.dialog != nil)
    model.type("5.0")
    guard case .command(.fire(let asked))? = model.strike(.enter) else {
      Issue.record("nothing was fired")
      return
    }
    #expect(self.model().dialog == nil)
    var other = self.model()
    #expect(other.execute("fire nmi -> 5.0 yes") == .command(.fire(asked)))
    #expect(other.execute("fire 41 -> all-but-self") == nil)
    #expect(other.dialog != nil)
  }

  @Test func `an inspector that may only look sends no command in words either`() {
    for line in [
      "stop", "step", "fire 41 -> 5.0", "fire nmi -> 5.0 yes", "switch 0 vtl 0", "eoi 2.0", "run-stop", "serial x",
    ] {
      var model = model(isReadOnly: true)
      #expect(model.execute(line) == nil, "\(line)")
      #expect(model.message != nil, "\(line)")
      #expect(model.dialog == nil, "\(line)")
    }
  }

  @Test func `commands to the machine are the keys' commands`() {
    var model = model()
    #expect(model.execute("stop") == .command(.pause))
    #expect(model.execute("switch 0 vtl 0") == .command(.switchVTL(VPIndex(0), to: .vtl0)))
    #expect(model.execute("serial hi\\r") == .command(.serialInput([0x68, 0x69, 0x0D])))
    #expect(model.execute("eoi 2.0") == .command(.endOfInterrupt(ContextID(2, 0))))
    var paused = model.snapshot
    paused.machine.runState = .paused
    model.apply(Update(snapshot: paused))
    #expect(model.execute("step 10") == .command(.step(events: 10)))
    #expect(model.execute("run") == .command(.run))
    #expect(model.execute("quit-now") == .quit)
  }

  // MARK: - The prompt

  @Test func `a command is typed, completed and done`() {
    var model = model()
    model.strike(":")
    model.type("vi")
    model.strike(.tab)
    #expect(model.prompt?.text == "view ")
    model.type("ev")
    model.strike(.tab, .enter)
    #expect(model.view == .events)
    #expect(model.prompt == nil)
  }

  @Test func `Tab first gives what is common, then goes through the rest and back`() {
    var model = model()
    model.strike(":")
    model.type("qu")
    model.strike(.tab)
    #expect(model.prompt?.text == "quit")
    model.strike(.tab)
    #expect(model.prompt?.text == "quit")
    model.strike(.tab)
    #expect(model.prompt?.text == "quit-now")
    model.strike(.backTab)
    #expect(model.prompt?.text == "quit")
  }

  @Test func `what Tab offers is taken by the parser`() {
    let model = model()
    for line in ["view ", "theme ", "time ", "select ", "group ", "why ", "switch 1 vtl "] {
      for completion in Palette.completions(line, model) {
        #expect(error(line + completion.word) == nil, "\(line)\(completion.word)")
      }
    }
    var fires = ["fire "]
    for _ in 0..<4 {
      fires = fires.flatMap { line in
        Palette.completions(line, model).prefix(6).map { completion in
          let mode = ["fixed", "lowest", "sipi"].contains(completion.word) ? " 31" : ""
          let number = ["id", "logical"].contains(completion.word) ? " 1" : ""
          return line + completion.word + mode + number + " "
        }
      }
    }
    #expect(fires.count > 100)
    for line in fires where !line.hasSuffix("from ") && !line.hasSuffix("into ") {
      #expect(error(line) == nil, "\(line)")
    }
  }

  @Test func `each command shows its key`() {
    var model = model()
    model.strike(":")
    model.type("fre")
    #expect(model.draw(Size(80, 24)).textRows[21].contains("freeze") == true)
    #expect(model.draw(Size(80, 24)).textRows[21].contains(" z ") == true)
    #expect(model.draw(Size(80, 24)).textRows[22] == ":fre")
  }

  @Test func `while a fire is typed, whom it would reach is said`() {
    var model = model()
    model.strike(":")
    model.type("fire fixed 4f -> 5.0")
    #expect(model.draw(Size(80, 24)).textRows[21].hasPrefix(" WOULD REACH 1 of 16 in g0"))
  }

  @Test func `Up and Down go through what was typed before`() {
    var model = model()
    for line in ["theme dark", "rate 5", "theme dark"] {
      model.strike(":")
      model.type(line)
      model.strike(.enter)
    }
    #expect(model.history[.palette] == ["rate 5", "theme dark"])
    model.strike(":")
    model.type("x")
    model.strike(.up)
    #expect(model.prompt?.text == "theme dark")
    model.strike(.up, .up)
    #expect(model.prompt?.text == "rate 5")
    model.strike(.down, .down)
    #expect(model.prompt?.text == "x")
  }

  @Test func `the history survives its file, and a hostile file does no harm`() {
    var history = PromptHistory()
    history.add("view events", to: .palette)
    history.add("rate 5", to: .palette)
    #expect(PromptHistory(file: history.file) == history)
    let hostile = ":ok\n?what\n:\u{1B}[2Jx\u{9B}\n:" + String(repeating: "a", count: 100_000) + "\n\u{0}\u{FF}"
    let read = PromptHistory(file: hostile)
    #expect(read[.palette].count == 3)
    #expect(read[.palette].allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } && $0.count <= 512 })
    #expect(PromptHistory(file: (0..<1_000).map { ":\($0)\n" }.joined())[.palette].count == PromptHistory.limit)
  }

  @Test func `Esc, Ctrl-C and Backspace on nothing leave the prompt`() {
    for keys: [Key] in [[.escape], [.control("c")], [.backspace, .backspace]] {
      var model = model()
      model.strike(":", "q")
      for key in keys { #expect(model.handle(key) == nil) }
      #expect(model.prompt == nil)
    }
  }

  @Test func `pasted text is text in a prompt, as far as its first line`() {
    var model = model()
    model.strike(":", .paste("view events\nquit-now\r"))
    #expect(model.prompt?.text == "view events")
    #expect(model.view == .over)
  }

  @Test(arguments: [Size(40, 10), Size(60, 15), Size(80, 24), Size(200, 60)])
  func `the prompt has its line at every size, however long it is`(size: Size) {
    var model = model()
    model.size = size
    model.strike(":")
    model.type(String(repeating: "fire ", count: 60) + "end")
    let rows = model.draw(size).textRows
    #expect(rows[size.height - 2].hasSuffix("end"))
    #expect(rows.allSatisfy { !$0.contains("…") || !$0.hasPrefix(":") })
    model.strike(.home)
    #expect(model.draw(size).textRows[size.height - 2].hasPrefix(":fire fire"))
  }
}
