import Architecture
import Journal

/// One command of the palette: how it is written, and what it says.
public struct PaletteEntry: Sendable {
  public var name: String
  /// What may follow the name, as the hint shows it.
  public var usage: String
  public var help: String
  /// The key that does the same, or opens what does.
  public var key: KeyCommand?
  /// What the words after the name can be, one by one.
  var arguments: [PaletteArgument]
  var parse: @Sendable (inout PaletteWords) throws(PaletteError) -> PaletteCommand

  /// The last argument may come again.
  var takesMore: Bool { usage.hasSuffix("...]") || arguments == [.fire] }

  init(
    _ name: String, _ usage: String = "", _ help: String, key: KeyCommand? = nil,
    _ arguments: [PaletteArgument] = [],
    parse: @escaping @Sendable (inout PaletteWords) throws(PaletteError) -> PaletteCommand
  ) {
    self.name = name
    self.usage = usage
    self.help = help
    self.key = key
    self.arguments = arguments
    self.parse = parse
  }

  /// What a key does, by its name.
  init(_ binding: KeyBinding) {
    let command = binding.command
    self.init(command.name, "", binding.help, key: command) { _ throws(PaletteError) in .key(command) }
  }
}

/// What a word of a command can be: what Tab offers.
enum PaletteArgument: Hashable, Sendable {
  case view
  case context
  case vp
  case group
  case words([String])
  /// The rest of a `fire`.
  case fire
  /// A filter of the view's list.
  case filter
  /// A column of it.
  case column
  /// A value of the option before it.
  case option
  /// Nothing that could be offered.
  case free
}

/// The language: what `:` understands, and the line mode.
public enum Palette {
  /// Every command: those that take words, then what else the keys do.
  public static let entries: [PaletteEntry] = {
    let spoken = looking + acting + choosing
    let names = Set(spoken.map(\.name))
    var entries = spoken
    for binding in KeyMap.standard.bindings {
      if case .view = binding.command { continue }
      if !names.contains(binding.command.name), !entries.contains(where: { $0.name == binding.command.name }) {
        entries.append(PaletteEntry(binding))
      }
    }
    return entries
  }()

  public static func entry(_ name: String) -> PaletteEntry? { entries.first { $0.name == name } }

  /// Reads one line.
  public static func parse(_ line: String) throws(PaletteError) -> PaletteCommand {
    var words = PaletteWords(line)
    let name = try words.required("a command")
    guard let entry = entry(name.text) else {
      let near = entries.filter { $0.name.hasPrefix(name.text) }.map(\.name)
      // The beginning of one name is that name.
      if near.count == 1, let entry = self.entry(near[0]) { return try parse(entry, &words) }
      let hint = near.isEmpty ? "" : "; \(near.prefix(6).joined(separator: " "))"
      throw PaletteError("no command \"\(name.text)\"\(hint)", column: name.column)
    }
    return try parse(entry, &words)
  }

  private static func parse(
    _ entry: PaletteEntry, _ words: inout PaletteWords
  ) throws(PaletteError) -> PaletteCommand {
    let command = try entry.parse(&words)
    try words.end()
    return command
  }

  private static let looking: [PaletteEntry] = [
    PaletteEntry("view", "NAME", "show a view", [.view]) { words throws(PaletteError) in
      let names = ViewID.allCases.map { ($0.name, $0) }
      let digits = ViewID.allCases.filter { (1...9).contains($0.rawValue) }.map { ("\($0.rawValue)", $0) }
      if let word = words.peek, let id = digits.first(where: { $0.0 == word.text }) {
        _ = words.next()
        return .key(.view(id.1))
      }
      return .key(.view(try words.choice("view", names)))
    },
    PaletteEntry("select", "CTX", "point at a context", [.context]) { words throws(PaletteError) in
      .select(try words.context())
    },
    PaletteEntry("group", "gN", "point at a group", [.group]) { words throws(PaletteError) in
      .selectGroup(try words.group())
    },
    PaletteEntry("vector", "VV", "point at a vector of the local APIC", [.free]) { words throws(PaletteError) in
      .selectVector(VectorNumber(rawValue: UInt8(truncatingIfNeeded: try words.hex("the vector", digits: 2))))
    },
    PaletteEntry("event", "NUMBER", "point at an event", [.free]) { words throws(PaletteError) in
      .selectEvent(UInt64(try words.number("the event", in: 0...Int.max)))
    },
    PaletteEntry("journey", "[NUMBER]", "an interrupt's way", key: .journey, [.free]) { words throws(PaletteError) in
      guard let word = words.next() else { return .key(.journey) }
      let digits = word.text.hasPrefix("#") ? String(word.text.dropFirst()) : word.text
      guard let number = UInt64(digits), number > 0 else {
        throw PaletteError("\"\(word.text)\" is no journey such as 5409", column: word.column)
      }
      return .journey(JourneyID(rawValue: number))
    },
    PaletteEntry("why", "[CTX]", "why it is stuck", key: .why, [.context]) { words throws(PaletteError) in
      words.isAtEnd ? .key(.why) : .why(try words.context())
    },
    PaletteEntry("search", "[TEXT]", "go to the next row that has it", key: .search, [.free]) {
      words throws(PaletteError) in
      .search(words.rest())
    },
    PaletteEntry("filter", "[EXPR]", "show only the rows that pass; none shows all", key: .filter, [.filter]) {
      words throws(PaletteError) in
      .filter(words.rest())
    },
    PaletteEntry(
      "sort", "[COLUMN] [down]", "by a column; none is its own order", key: .sortMenu, [.column, .words(["down"])]
    ) {
      words throws(PaletteError) in
      let isDown = words.take("down")
      let name = words.next()?.text
      return .sort(name, isDescending: isDown || words.take("down"))
    },
    PaletteEntry("columns", "[NAME ...]", "show these columns; none chooses", key: .columns, [.column]) {
      words throws(PaletteError) in
      var names: [String] = []
      while let word = words.next() { names.append(word.text) }
      return names.isEmpty ? .key(.columns) : .columns(names)
    },
    PaletteEntry("set", "OPTION VALUE", "change an option", key: .options, [.words(Options.names), .option]) {
      words throws(PaletteError) in
      let name = try words.choice("option", Options.names.map { ($0, $0) })
      return .set(name, to: try words.required("a value").text)
    },
    PaletteEntry("yank", "[row|pane]", "copy as text", key: .yank, [.words(["row", "pane"])]) {
      words throws(PaletteError) in
      if words.isAtEnd || words.take("row") { return .key(.yank) }
      return try words.choice("part", [("pane", PaletteCommand.yankPane)])
    },
    PaletteEntry("save", "[FILE]", "save a report", key: .save, [.free]) { words throws(PaletteError) in
      words.isAtEnd ? .key(.save) : .save(path: words.rest())
    },
    PaletteEntry("mark", "[clear]", "mark this moment for diff", key: .mark, [.words(["clear"])]) {
      words throws(PaletteError) in
      words.take("clear") ? .clearMark : .key(.mark)
    },
    PaletteEntry("diff", "[CTX]", "what changed since the mark", key: .diff, [.context]) { words throws(PaletteError) in
      words.isAtEnd ? .key(.diff) : .diff(try words.context())
    },
    PaletteEntry("tag", "[CTX ...]", "tag rows, or the selected one", key: .tag, [.context]) {
      words throws(PaletteError) in
      var contexts: [ContextID] = []
      while !words.isAtEnd { contexts.append(try words.context()) }
      return contexts.isEmpty ? .key(.tag) : .tag(contexts)
    },
  ]

  private static let acting: [PaletteEntry] = [
    PaletteEntry("run", "", "let the machine run", key: .runStop) { _ throws(PaletteError) in .run },
    PaletteEntry("stop", "", "stop the machine", key: .runStop) { _ throws(PaletteError) in .stop },
    PaletteEntry("step", "[N]", "step N events", key: .step, [.free]) { words throws(PaletteError) in
      words.isAtEnd ? .key(.step) : .step(try words.number("the number of events", in: 1...1_000_000))
    },
    PaletteEntry("fire", FireLine.usage, "fire an interrupt", key: .fire, [.fire]) { words throws(PaletteError) in
      words.isAtEnd ? .key(.fire) : .fire(try FireLine(&words))
    },
    PaletteEntry("switch", "VP vtl N", "switch the VTL of a VP", key: .switchVTL, [.vp, .words(["vtl"]), .free]) {
      words throws(PaletteError) in
      let vp = VPIndex(try words.number("the VP", in: 0...Int(UInt32.max)))
      guard words.take("vtl") else { throw PaletteError("expected \"vtl\" and its number", column: words.column) }
      return .switchVTL(vp, to: VTL(try words.number("the VTL", in: 0...15)))
    },
    PaletteEntry("eoi", "CTX", "write EOI on behalf of a context", key: .actions, [.context]) {
      words throws(PaletteError) in .endOfInterrupt(try words.context())
    },
    PaletteEntry("reset", "CTX [yes]", "as at power-on", key: .actions, [.context, .words(["yes"])]) {
      words throws(PaletteError) in
      let id = try words.context()
      return .reset(id, isConfirmed: words.take("yes"))
    },
    PaletteEntry("serial", "TEXT", "type into the guest's serial port; \\r is Enter", [.free]) {
      words throws(PaletteError) in
      let column = words.column
      guard !words.isAtEnd else { throw PaletteError("what to type is missing", column: column) }
      return .serial(try SerialText.bytes(words.rest(), at: column))
    },
  ]

  private static let choosing: [PaletteEntry] = [
    PaletteEntry("rate", "HZ", "looks a second, 0.2 to 30", key: .faster, [.free]) { words throws(PaletteError) in
      let word = try words.required("the rate")
      guard let rate = Double(word.text), rate >= 0.2, rate <= 30 else {
        throw PaletteError("the rate is 0.2 to 30 a second, not \"\(word.text)\"", column: word.column)
      }
      return .rate(Int((rate * 10).rounded()))
    },
    PaletteEntry("theme", "[NAME]", "auto, dark, light or mono", key: .theme, [.words(Theme.allCases.map(\.name))]) {
      words throws(PaletteError) in
      words.isAtEnd ? .key(.theme) : .theme(try words.choice("theme", Theme.allCases.map { ($0.name, $0) }))
    },
    PaletteEntry(
      "time", "[MODE]", "absolute, relative or delta", key: .timeMode, [.words(TimeMode.allCases.map(\.name))]
    ) { words throws(PaletteError) in
      words.isAtEnd
        ? .key(.timeMode) : .timeMode(try words.choice("time mode", TimeMode.allCases.map { ($0.name, $0) }))
    },
  ]
}
