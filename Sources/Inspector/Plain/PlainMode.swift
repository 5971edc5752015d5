import Architecture
import Interrupts
import Journal

/// The inspector without a screen: lines in, lines out, no escape codes. For screen readers, dumb terminals, logs and
/// scripts.
///
/// It speaks the language of the palette. Rows of lists are numbered, to be read in full, and what changes is said in one
/// line each. A value without terminal and clock, as the screen's model is; times are milliseconds of a clock of the
/// host that only goes forward.
public struct PlainMode: Sendable {
  public struct Reply: Hashable, Sendable {
    public var lines: [String]
    public var command: Command?
    public var isOver = false

    init(_ lines: [String] = [], command: Command? = nil, isOver: Bool = false) {
      self.lines = lines
      self.command = command
      self.isOver = isOver
    }
  }

  public internal(set) var model: InspectorModel
  /// Tables are as wide; what is longer is for the reader to wrap.
  let width: Int
  /// The rows that were listed last, and which of them was read last.
  var rows: [RowID] = []
  var place: Int?
  private var news: PlainNews
  private var quietUntil: UInt64 = 0
  private var holdsUntil: UInt64 = 0
  private var sent: Sent?

  /// A command on its way.
  private struct Sent {
    /// What the machine had done when it was sent.
    var commands: UInt64
    var nextEvent: UInt64
    /// How long to wait for it.
    var until: UInt64
    var isStep: Bool
  }

  /// How long the machine may take to take a command, in milliseconds.
  private static var patience: UInt64 { 500 }

  public init(_ model: InspectorModel, width: Int) {
    self.model = model
    self.model.glyphs = .ascii
    self.model.namesKeys = false
    self.width = width
    news = PlainNews(model)
  }

  /// What there is to say first.
  public mutating func greeting() -> [String] {
    lines(["vtlscope, line by line: help says what can be said, quit ends", model.summary] + list(.stuck))
  }

  /// It takes a line now; not while what the one before it had done is on its way.
  public func isReady(at now: UInt64) -> Bool { now >= holdsUntil && sent == nil }

  // MARK: - What is typed

  public mutating func take(_ input: LineReader.Input, at now: UInt64) -> Reply {
    guard case .line(let line) = input else {
      return Reply(["error: a line has at most \(LineReader.limit) characters"])
    }
    let words = line.drop { $0.isWhitespace }
    if words.isEmpty || words.first == "#" { return Reply() }
    model.message = nil
    var reply: Reply
    do throws(PaletteError) { reply = try perform(PlainEntry.parse(line), at: now) } catch {
      return Reply(["error: " + TextForm.escaped(error.description).clipped(to: 300)].map(plain))
    }
    if let message = model.message { reply.lines.append(message.text) }
    model.message = nil
    if let command = reply.command { send(command, at: now) }
    reply.lines = lines(reply.lines)
    return reply
  }

  private mutating func send(_ command: Command, at now: UInt64) {
    let isStep = if case .step = command { true } else { false }
    let machine = model.snapshot.machine
    sent = Sent(
      commands: machine.commands, nextEvent: machine.nextEvent, until: now + Self.patience, isStep: isStep)
  }

  private mutating func perform(_ command: PlainCommand, at now: UInt64) throws(PaletteError) -> Reply {
    switch command {
    case .show(let view): return Reply(show(view))
    case .lapic(let id):
      try perform(.select(id))
      return Reply(show(.lapic))
    case .lanes(let span):
      model.sched.span = span
      return Reply(show(.sched))
    case .events(let count):
      model.show(.events)
      return Reply(listEvents(count))
    case .read(let number): return Reply(try read(number.map { $0 - 1 } ?? place ?? 0))
    case .next: return Reply(try read((place ?? -1) + 1))
    case .previous: return Reply(try read((place ?? 1) - 1))
    case .quiet(let milliseconds):
      quietUntil = now + milliseconds
      return Reply()
    case .wait(let milliseconds):
      holdsUntil = now + milliseconds
      return Reply()
    case .help(let name): return Reply(try Self.help(name))
    case .quit: return Reply(isOver: true)
    case .palette(let command): return try performSpoken(command)
    }
  }

  private mutating func perform(_ command: PaletteCommand) throws(PaletteError) { _ = try model.perform(command) }

  /// What the palette would do; and where that changes what a screen shows, it is said.
  private mutating func performSpoken(_ command: PaletteCommand) throws(PaletteError) -> Reply {
    let view = model.view
    var said: [String] = []
    switch command {
    case .key(.why): return Reply(why(model.selection.context))
    case .why(let id):
      try perform(.select(id))
      return Reply(why(id))
    case .key(.view(let id)): return Reply(show(id))
    case .key(.fire): throw PaletteError("what to fire is missing: fire \(FireLine.usage)")
    case .selectEvent(let sequence): return Reply(try readEvent(sequence))
    case .fire(let line): said = try whatIf(line)
    default: break
    }
    let action: Action?
    do throws(PaletteError) { action = try model.perform(command) } catch {
      // What would happen is worth knowing where it may not.
      guard !said.isEmpty else { throw error }
      return Reply(said + ["error: \(error.description)"])
    }
    if let dialog = model.dialog {
      model.dialog = nil
      guard dialog is FireDialog || dialog is ActionMenu else {
        throw PaletteError("what to choose is missing: help says what can be said")
      }
      return Reply(said + ["nothing is sent yet, because it cannot be taken back: say the same with yes at its end"])
    }
    if case .command(let command) = action { return Reply(said, command: command) }
    switch command {
    case .filter, .journey, .key(.journey): if model.message == nil { said += show(model.view) }
    case .search: said += model.selectedRow.map { texts(of: [$0]) } ?? []
    case .select, .selectGroup: said.append(sentence(about: model.selection.context))
    default: if model.view != view { said += show(model.view) }
    }
    return Reply(said)
  }

  private func whatIf(_ line: FireLine) throws(PaletteError) -> [String] {
    let request = try line.form(model).request(in: model.snapshot)
    let text = FirePreviewText(
      preview: preview(request, in: model.snapshot), request: request, model: model, old: nil)
    return text.lines(24).map(\.text)
  }

  private static func help(_ name: String?) throws(PaletteError) -> [String] {
    let own = PlainEntry.all.map { ($0.name, $0.usage, $0.help) }
    let entries = own + PlainEntry.spoken.map { ($0.name, $0.usage, $0.help) }
    if let name {
      guard let entry = entries.first(where: { $0.0 == name }) else { throw PaletteError("no command \"\(name)\"") }
      return [line(entry)]
    }
    return entries.map(line)
  }

  private static func line(_ entry: (name: String, usage: String, help: String)) -> String {
    entry.name + (entry.usage.isEmpty ? "" : " " + entry.usage) + ": " + entry.help
  }

  // MARK: - What happens

  /// Takes in a look at the core, and says what is new in it.
  public mutating func apply(_ update: Update, at now: UInt64) -> [String] {
    model.apply(update)
    var lines: [String] = []
    if let waiting = sent { lines += effect(of: waiting, at: now) }
    // What somebody has asked for is said at once.
    if let message = model.message { lines.append(message.text) }
    model.message = nil
    if sent == nil, now >= quietUntil { lines += news.changes(model) }
    return self.lines(lines)
  }

  /// Whether the command has been taken, and what a step has come to.
  private mutating func effect(of waiting: Sent, at now: UInt64) -> [String] {
    let machine = model.snapshot.machine
    let isDone = machine.commands != waiting.commands && !(waiting.isStep && machine.runState == .running)
    guard isDone || now >= waiting.until else { return [] }
    sent = nil
    if !isDone { return ["the machine has not done it yet"] }
    guard waiting.isStep else { return [] }
    let events = model.events.suffix(20).filter { $0.sequence >= waiting.nextEvent }
    let left = machine.nextEvent - waiting.nextEvent - UInt64(events.count)
    var table = EventLines(model, width: width)
    return (left > 0 ? ["\(left) events more, before these"] : []) + events.map { table.line($0) }
  }

  // MARK: - Text

  /// Nothing but printable ASCII ever leaves.
  func lines(_ lines: [String]) -> [String] {
    lines.map { line in
      var line = plain(line)
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map(Glyphs.ascii.resolve)))
  }
}
