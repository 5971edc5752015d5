import Architecture
import ArgumentParser
import Glibc
import Host
import Inspector
import Journal
import Region

/// `vtlscope events`.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Print what happened in a core, oldest first; with --follow, as it happens.",
    discussion: """
      --follow ends when the core does, with a line on standard error, and at Ctrl-C. Events that were overwritten \
      before they could be read are counted where they are missing.

      Examples: vtlscope events --filter 'kind=IPI vec=4f'
                vtlscope events --follow --ndjson demo | jq -r .text

      EXPR is that of the event list: a field and values (kind=IRR,ACK  vec=30..3f  ctx=5.0  took>100us) or a word; and, \
      or, not, parentheses.

      Exit codes: 0 fine, 64 usage, 65 the region cannot be read, 66 no such core, 74 host I/O.
      """)

  @Flag(help: "Go on with what happens from now on.")
  var follow = false

  @Option(help: ArgumentHelp("Only events that pass.", valueName: "EXPR"))
  var filter = ""

  @Option(help: ArgumentHelp("Only the last T of virtual time, such as 10ms.", valueName: "T"))
  var last: Span?

  @Flag(help: "One JSON document on standard output.")
  var json = false

  @Flag(help: "JSON, one event a line.")
  var ndjson = false

  @Argument(help: "A name, a process id, or the path of a region; not needed when one core runs.")
  var target: String?

  func validate() throws {
    if json && (ndjson || follow) { throw fail(.usage, "--json is one document: use --ndjson with --follow, or alone") }
  }

  func run() throws {
    let reader: RegionReader
    let model: InspectorModel
    do throws(RegionError) {
      reader = try RegionDirectory.standard.reader(target)
      model = try firstLook(at: reader)
    } catch { throw fail(error) }
    let wanted: EventFilter
    do throws(PaletteError) { wanted = try EventFilter(filter, model) } catch {
      throw fail(.usage, "--filter: \(error.description)")
    }
    Output.ignoreClosedPipes()
    var printer = EventPrinter(model, wanted, isNDJSON: ndjson)
    if follow { return try followEvents(reader, from: model.snapshot.machine.nextEvent, &printer) }
    let batch = try readAll(reader)
    let from: VirtualTime = last.map { span in model.snapshot.machine.time - span.time } ?? .zero
    let events = batch.events.filter { $0.time >= from }
    if json {
      print(EventsReport(events.filter(wanted.passes), missed: batch.missed &+ batch.unreadable).json, terminator: "")
    } else {
      _ = try Output.send(printer.lines(events, missed: batch.missed &+ batch.unreadable))
    }
  }

  private func readAll(_ reader: RegionReader) throws -> EventBatch {
    do throws(RegionError) { return try reader.allEvents() } catch { throw fail(error) }
  }

  private func followEvents(_ reader: RegionReader, from start: UInt64, _ printer: inout EventPrinter) throws {
    Interruption.listen()
    var next = start
    while !Interruption.hasCome, !Output.isAbandoned {
      let liveness: Region.Liveness
      let batch: EventBatch
      do throws(RegionError) {
        // Asked first: what a core did last is there when it is found to be gone.
        liveness = try reader.liveness(now: HostClock.now())
        batch = try reader.events(from: next, limit: 65_536)
      } catch { throw fail(error) }
      next = batch.next
      let lines = printer.lines(batch.events, missed: batch.missed &+ batch.unreadable)
      guard try Output.send(lines) else { return }
      if !liveness.isAlive, batch.events.isEmpty {
        complain(liveness == .exited ? "the core has exited" : "the core is gone")
        return
      }
      if batch.events.isEmpty { poll(nil, 0, 50) }
    }
  }
}

/// Events on their way to standard output, as text or as one JSON object a line.
private struct EventPrinter {
  private var text: EventLines
  private let wanted: EventFilter
  private let isNDJSON: Bool
  private var hasBegun = false

  init(_ model: InspectorModel, _ wanted: EventFilter, isNDJSON: Bool) {
    var model = model
    model.glyphs = Output.glyphs
    text = EventLines(model, width: Output.isTerminal ? Output.width : 140)
    self.wanted = wanted
    self.isNDJSON = isNDJSON
  }

  mutating func lines(_ events: [Event], missed: UInt64) -> [String] {
    var lines: [String] = []
    if !hasBegun { lines.append(isNDJSON ? EventsReport.heading : text.header) }
    hasBegun = true
    if missed > 0 { lines.append(isNDJSON ? "{\"missed\": \(missed)}" : "-- \(missed) events are missing here --") }
    for event in events where wanted.passes(event) { lines.append(isNDJSON ? event.jsonLine : text.line(event)) }
    return lines
  }
}
