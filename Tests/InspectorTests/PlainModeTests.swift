import Architecture
import Inspector
import Journal
import Testing

@Suite struct `The line mode` {
  private func mode(isReadOnly: Bool = false) -> PlainMode {
    PlainMode(Scene.model(isReadOnly: isReadOnly), width: 100)
  }

  private func isPlain(_ lines: [String]) -> Bool {
    lines.allSatisfy { line in line.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) } }
  }

  // MARK: - What is said

  @Test func `a session, as it stands on paper`() throws {
    var mode = mode(isReadOnly: true)
    var transcript = mode.greeting()
    for line in [
      "over", "read 10", "stuck", "next", "next", "next", "previous", "why 9.0", "timers", "read 1", "events 4", "next",
      "filter kind=IRR", "filter", "journey 5409", "routes", "group g1", "select 2.0", "fire fixed 41 -> 5.0", "stop",
      "help",
      "help read", "# a remark", "", "read 1", "stuck", "read 99", "lapic 77.0", "quiet soon", "zoom-in",
    ] {
      transcript.append("> " + line)
      transcript += mode.take(.line(line), at: 0).lines
    }
    #expect(isPlain(transcript))
    try expectGolden(transcript, "plain-session")
  }

  @Test func `a view is what the command for scripts prints of it`() {
    var mode = mode()
    #expect(mode.take(.line("groups"), at: 0).lines == mode.model.text(of: .groups, width: 100))
    let lapic = mode.model.text(of: .lapic(ContextID(5, 0)), width: 100)
    #expect(mode.take(.line("lapic 5.0"), at: 0).lines == lapic)
    #expect(
      mode.take(.line("read"), at: 0).lines == [
        "error: nothing has been listed: over, stuck, events, timers and routes list"
      ])
    let lanes = mode.model.text(of: .sched(last: .milliseconds(4)), width: 100)
    #expect(mode.take(.line("sched 4ms"), at: 0).lines == lanes)
  }

  @Test func `rows of a list have numbers, and are read by them`() {
    var mode = mode()
    let list = mode.take(.line("over"), at: 0).lines
    #expect(list.contains { $0.hasPrefix("  10   5.0  ") })
    let read = mode.take(.line("read 10"), at: 0).lines
    #expect(read.first == "5.0 running: 4f class 4 <= PPR 50 class 5")
    #expect(mode.model.selection.context == ContextID(5, 0))
    // Filtered, the numbers are those of what is left.
    _ = mode.take(.line("filter state=W"), at: 0)
    #expect(mode.take(.line("next"), at: 0).lines.first == "9.0 waits for SIPI")
    #expect(mode.take(.line("next"), at: 0).lines == ["error: the list has the rows 1 to 1"])
  }

  // MARK: - What changes

  private func paused(_ model: InspectorModel, commands: UInt64 = 0) -> Snapshot {
    var snapshot = model.snapshot
    snapshot.machine.runState = .paused
    snapshot.machine.commands += commands
    return snapshot
  }

  private func cured(_ model: InspectorModel) -> Snapshot {
    var snapshot = paused(model)
    guard let place = snapshot.contexts.firstIndex(where: { $0.id == ContextID(5, 0) }) else { return snapshot }
    snapshot.contexts[place].pending = []
    for offset in stride(from: 0x200, through: 0x270, by: 0x10) { snapshot.contexts[place].apic[offset] = 0 }
    return snapshot
  }

  @Test func `each change is one line, and said once`() {
    var mode = mode()
    let stuck = paused(mode.model)
    #expect(mode.apply(Update(snapshot: stuck), at: 0) == ["core now: PAUSED at 12.481 903 s"])
    #expect(mode.apply(Update(snapshot: stuck), at: 100) == [])
    #expect(mode.apply(Update(snapshot: cured(mode.model)), at: 200) == ["5.0 no longer: S1"])
    let again = mode.apply(Update(snapshot: stuck), at: 300)
    #expect(again.count == 1 && again[0].hasPrefix("5.0 now: S1 "))
    #expect(again[0].contains("4f") && again[0].contains("TPR"))
    #expect(
      mode.apply(Update(snapshot: nil, missed: 7), at: 400) == ["7 events were overwritten before they could be read"])
    #expect(mode.apply(Update(snapshot: nil, liveness: .dead), at: 500) == ["core now: DEAD at 12.481 903 s"])
  }

  @Test func `while it is quiet nothing is said, and afterwards what is then true`() {
    var mode = mode()
    let stuck = paused(mode.model)
    _ = mode.apply(Update(snapshot: stuck), at: 0)
    _ = mode.take(.line("quiet 5s"), at: 1_000)
    #expect(mode.isReady(at: 1_000))
    #expect(mode.apply(Update(snapshot: cured(mode.model)), at: 2_000) == [])
    #expect(mode.apply(Update(snapshot: stuck), at: 3_000) == [])
    #expect(mode.apply(Update(snapshot: cured(mode.model)), at: 5_999) == [])
    #expect(mode.apply(Update(snapshot: nil), at: 6_000) == ["5.0 no longer: S1"])
  }

  @Test func `no line is taken before the machine has done the last`() {
    var mode = mode()
    #expect(mode.take(.line("stop"), at: 0).command == .pause)
    #expect(!mode.isReady(at: 1))
    #expect(mode.apply(Update(snapshot: nil), at: 15) == [])
    #expect(!mode.isReady(at: 15))
    #expect(
      mode.apply(Update(snapshot: paused(mode.model, commands: 1)), at: 30) == ["core now: PAUSED at 12.481 903 s"])
    #expect(mode.isReady(at: 30))
    #expect(mode.take(.line("run"), at: 40).command == .run)
    #expect(mode.apply(Update(snapshot: nil), at: 540) == ["the machine has not done it yet"])
    #expect(mode.isReady(at: 540))
  }

  @Test func `a step says what happened, and not that the machine ran for it`() {
    var mode = mode()
    _ = mode.apply(Update(snapshot: paused(mode.model)), at: 0)
    #expect(mode.take(.line("step 2"), at: 0).command == .step(events: 2))
    var running = mode.model.snapshot
    running.machine.runState = .running
    running.machine.commands += 1
    #expect(mode.apply(Update(snapshot: running), at: 15) == [])
    #expect(!mode.isReady(at: 15))
    var after = paused(mode.model)
    let first = after.machine.nextEvent
    let events = [
      Event(
        sequence: first, time: Scene.now, journey: .none, context: ContextID(1, 0), rip: 0,
        .halted(interruptsEnabled: true)),
      Event(
        sequence: first + 1, time: Scene.now, journey: .none, context: ContextID(2, 0), rip: 0,
        .halted(interruptsEnabled: true)),
    ]
    after.machine.nextEvent += 2
    let lines = mode.apply(Update(snapshot: after, events: events), at: 30)
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains("HLT") })
  }

  @Test func `while it waits it takes no line`() {
    var mode = mode()
    _ = mode.take(.line("wait 300ms"), at: 1_000)
    #expect(!mode.isReady(at: 1_299))
    #expect(mode.isReady(at: 1_300))
  }

  // MARK: - What is done

  @Test func `what cannot be taken back wants a yes`() {
    var mode = mode()
    let asked = mode.take(.line("fire nmi -> 5.0"), at: 0)
    #expect(asked.command == nil)
    #expect(asked.lines.last?.contains("yes") == true)
    #expect(mode.isReady(at: 1))
    let sent = mode.take(.line("fire nmi -> 5.0 yes"), at: 0)
    guard case .fire(let request)? = sent.command else { return #expect(Bool(false), "nothing was sent") }
    #expect(request.message.command.deliveryMode == .nmi)
  }

  @Test(arguments: ["stop", "run", "step", "fire fixed 41 -> 5.0", "fire nmi -> 5.0 yes", "switch 0 vtl 1", "eoi 0.1"])
  func `read-only does nothing, and says so`(line: String) {
    var mode = mode(isReadOnly: true)
    let reply = mode.take(.line(line), at: 0)
    #expect(reply.command == nil)
    #expect(reply.lines.last?.contains("read-only") == true)
  }

  // MARK: - What comes in

  @Test func `bytes become the same lines however they are cut`() {
    let text = Array("over\nread 2\r\n\n\u{E9}\nlast".utf8)
    let expected: [LineReader.Input] = [.line("over"), .line("read 2"), .line(""), .line("\u{E9}")]
    for piece in 1...text.count {
      var reader = LineReader()
      var lines: [LineReader.Input] = []
      for start in stride(from: 0, to: text.count, by: piece) {
        lines += reader.feed(text[start..<min(text.count, start + piece)])
      }
      #expect(lines == expected)
      #expect(reader.finish() == .line("last"))
      #expect(reader.finish() == nil)
    }
  }

  @Test func `a line that is too long is forgotten, and the next one is not`() {
    var reader = LineReader()
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 * LineReader.limit)
    #expect(reader.feed(long) == [])
    #expect(reader.feed(Array("\nstuck\n".utf8)) == [.tooLong, .line("stuck")])
    #expect(
      reader.feed(long.prefix(LineReader.limit) + [10]) == [
        .line(String(decoding: long.prefix(LineReader.limit), as: UTF8.self))
      ])
    var mode = mode()
    #expect(mode.take(.tooLong, at: 0).lines == ["error: a line has at most 1024 characters"])
  }

  private static let hostile: [[UInt8]] = [
    Array("\u{1B}[31mred".utf8), Array("\u{1B}]52;c;aGVsbG8=\u{07}".utf8), [0x9B, 0x33, 0x31, 0x6D], [0], [0xFF, 0xFE],
    Array("over\u{1B}".utf8), Array("read -1".utf8), Array("read 99999999999999999999".utf8), Array("read 0".utf8),
    Array("events 0".utf8), Array("wait -5s".utf8), Array("wait 1e300s".utf8), Array("quiet nans".utf8),
    Array("wait infs".utf8), Array("sched 0s".utf8), Array("lapic 4294967296.0".utf8), Array("lapic 5.0 5.0".utf8),
    Array("fire fixed 4f -> \u{202E}5.0".utf8), Array("why \u{0}".utf8), Array("help \u{1B}c".utf8),
    Array("filter ((((".utf8),
    Array(repeating: UInt8(ascii: "z"), count: LineReader.limit),
  ]

  @Test(arguments: hostile) func `hostile input gives one line`(bytes: [UInt8]) throws {
    var reader = LineReader()
    var mode = mode()
    let input = try #require(reader.feed(bytes + [10]).first)
    let reply = mode.take(input, at: 0)
    #expect(reply.command == nil && !reply.isOver)
    #expect(reply.lines.count == 1)
    #expect(reply.lines.first?.hasPrefix("error: ") == true)
    #expect(isPlain(reply.lines))
    #expect(mode.isReady(at: 0))
  }

  @Test func `words in any order do no harm`() {
    let words = [
      "over", "groups", "lapic", "timers", "sched", "events", "stuck", "memory", "routes", "read", "next", "previous",
      "quiet",
      "wait",
      "help", "view", "select", "group", "event", "journey", "why", "search", "filter", "run", "stop", "step", "fire",
      "switch", "eoi", "rate", "time", "5.0", "0.1", "g1", "4f", "->", "all", "yes", "nmi", "init", "1", "3", "5409",
      "10ms",
      "kind=IRR", "(", "vtl", "from", "\u{1B}", "\u{FFFD}", "stuck", "absolute",
    ]
    var random = SplitMix(state: 0x5EED_0715)
    var mode = mode()
    for turn in 0..<3_000 {
      let line = (0..<Int.random(in: 1...5, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
      let reply = mode.take(.line(line.joined(separator: " ")), at: 0)
      #expect(isPlain(reply.lines), "\(line)")
      if turn % 7 == 0 { #expect(isPlain(mode.apply(Update(snapshot: nil), at: 10_000_000_000))) }
    }
    #expect(mode.model.dialog == nil)
  }

  @Test func `names of the guest are plain text`() {
    let symbols = SymbolTable(
      [.init(address: 0xFFFF_8000_0010_0000, name: "\u{1B}]52;c;x\u{07}\u{9B}31m")], end: 0xFFFF_8000_0030_0000)
    var mode = PlainMode(
      InspectorModel(name: "\u{1B}[2Jdemo", snapshot: Scene.snapshot(vps: 8, at: Scene.now), symbols: symbols),
      width: 100)
    var lines = mode.greeting()
    for line in ["over", "lapic 5.0", "stuck", "next", "why 5.0", "events"] {
      lines += mode.take(.line(line), at: 0).lines
    }
    #expect(isPlain(lines))
    #expect(lines.contains { $0.contains("]52;c;x") })
  }
}

extension SplitMix: RandomNumberGenerator {}
