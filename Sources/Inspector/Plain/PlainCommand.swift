import Architecture
import Journal

/// What a line of the line mode asks for: the language of the palette, and what takes the place of keys.
enum PlainCommand: Hashable {
  /// The views, and their words.
  case show(ViewID)
  case lapic(ContextID)
  case lanes(VirtualTime)
  case events(Int)
  /// A row of the last list, from 1; nil is the one that was read last.
  case read(Int?)
  case next
  case previous
  /// Says no change for so many milliseconds; 0 says them again.
  case quiet(UInt64)
  /// Takes no line for so many milliseconds, and says what changes.
  case wait(UInt64)
  case help(String?)
  case quit
  case palette(PaletteCommand)
}

/// A command of the line mode that the palette has not.
struct PlainEntry: Sendable {
  var name: String
  var usage: String
  var help: String
  var parse: @Sendable (inout PaletteWords) throws(PaletteError) -> PlainCommand

  init(
    _ name: String, _ usage: String = "", _ help: String,
    parse: @escaping @Sendable (inout PaletteWords) throws(PaletteError) -> PlainCommand
  ) {
    self.name = name
    self.usage = usage
    self.help = help
    self.parse = parse
  }
}

extension PlainEntry {
  static let all: [PlainEntry] = [
    PlainEntry("over", "", "every context, and what is wrong") { _ throws(PaletteError) in .show(.over) },
    PlainEntry("groups", "", "the APIC groups and their maps") { _ throws(PaletteError) in .show(.groups) },
    PlainEntry("lapic", "[CTX]", "one local APIC, in full") { words throws(PaletteError) in
      words.isAtEnd ? .show(.lapic) : .lapic(try words.context())
    },
    PlainEntry("timers", "", "every timer") { _ throws(PaletteError) in .show(.timers) },
    PlainEntry("sched", "[T]", "who had each VP during the last T, such as 10ms") { words throws(PaletteError) in
      words.isAtEnd ? .show(.sched) : .lanes(VirtualTime(ticks: try words.span(limit: 3_600_000_000_000)))
    },
    PlainEntry("events", "[N]", "the last N events, 20 unless said") { words throws(PaletteError) in
      words.isAtEnd ? .show(.events) : .events(try words.number("the number of events", in: 1...10_000))
    },
    PlainEntry("stuck", "", "what is wrong") { _ throws(PaletteError) in .show(.stuck) },
    PlainEntry("memory", "", "what VTLs may do with memory") { _ throws(PaletteError) in .show(.memory) },
    PlainEntry("routes", "", "where device interrupts go") { _ throws(PaletteError) in .show(.routes) },
    PlainEntry("vsm", "", "VTLs, SynIC and synthetic timers") { _ throws(PaletteError) in .show(.vsm) },
    PlainEntry("read", "[N]", "all about row N of the last list") { words throws(PaletteError) in
      .read(words.isAtEnd ? nil : try words.number("the row", in: 1...1_000_000))
    },
    PlainEntry("next", "", "all about the row after it") { _ throws(PaletteError) in .next },
    PlainEntry("previous", "", "all about the row before it") { _ throws(PaletteError) in .previous },
    PlainEntry("quiet", "[T]", "say no changes for T, such as 5s; without T, say them again") {
      words throws(PaletteError) in
      .quiet(words.isAtEnd ? 0 : try words.span(limit: 86_400_000_000_000) / 1_000_000)
    },
    PlainEntry("wait", "T", "take no command for T, and say what changes") { words throws(PaletteError) in
      .wait(try words.span(limit: 86_400_000_000_000) / 1_000_000)
    },
    PlainEntry("help", "[COMMAND]", "what can be said") { words throws(PaletteError) in .help(words.next()?.text) },
    PlainEntry("quit", "", "end") { _ throws(PaletteError) in .quit },
  ]

  /// What is done to a screen means nothing here.
  private static let ofScreens: Set = ["theme", "vector", "yank", "save", "mark", "diff", "tag"]

  /// The commands of the palette that say more than a key does.
  static let spoken: [PaletteEntry] = {
    let names = Set(all.map(\.name))
    return Palette.entries.filter { entry in
      let isKey = entry.usage.isEmpty && entry.key?.name == entry.name
      return !isKey && !names.contains(entry.name) && !ofScreens.contains(entry.name)
    }
  }()

  /// Reads one line. The beginning of one name is that name.
  static func parse(_ line: String) throws(PaletteError) -> PlainCommand {
    var words = PaletteWords(line)
    let name = try words.required("a command")
    let names = all.map(\.name) + spoken.map(\.name)
    let near = names.filter { $0.hasPrefix(name.text) }
    let chosen = names.contains(name.text) ? name.text : near.count == 1 ? near[0] : nil
    guard let chosen else {
      let hint = near.isEmpty ? "; help lists them" : "; \(near.prefix(6).joined(separator: " "))"
      throw PaletteError("no command \"\(name.text)\"\(hint)", column: name.column)
    }
    let own = all.first { $0.name == chosen }
    let command: PlainCommand
    if let own {
      command = try own.parse(&words)
    } else if let entry = Palette.entry(chosen) {
      command = .palette(try entry.parse(&words))
    } else {
      throw PaletteError("no command \"\(chosen)\"", column: name.column)
    }
    try words.end()
    return command
  }
}

extension PaletteWords {
  /// `200us`, `10ms`, `5s`: nanoseconds, more than none and at most `limit`.
  mutating func span(limit: UInt64) throws(PaletteError) -> UInt64 {
    let word = try required("a time such as 5s")
    guard let time = VirtualTime(span: word.text), (1...limit).contains(time.rawValue) else {
      throw PaletteError("\"\(word.text)\" is no time such as 5s or 200us", column: word.column)
    }
    return time.rawValue
  }
}
