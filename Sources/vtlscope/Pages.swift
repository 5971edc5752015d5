import Architecture
import ArgumentParser
import Host
import Inspector
import Journal
import Region

/// Which core, and in which form: the options of the commands that print a view.
struct PageOptions: ParsableArguments {
  @Argument(help: "A name, a process id, or the path of a region; not needed when one core runs.")
  var target: String?

  @Flag(help: "JSON on standard output, with the name and version of its schema.")
  var json = false

  func show(_ page: (InspectorModel) throws -> Page) throws {
    var model = try inspect(target)
    model.glyphs = Output.glyphs
    let page = try page(model)
    Output.ignoreClosedPipes()
    if json {
      print(model.json(of: page), terminator: "")
    } else {
      _ = try Output.send(model.text(of: page, width: Output.width))
    }
  }
}

/// A first look at a core, alive or dead.
func firstLook(at reader: RegionReader) throws(RegionError) -> InspectorModel {
  var watcher = try RegionWatcher(reader)
  var model = try watcher.model(isReadOnly: true)
  model.apply(try watcher.look(at: HostClock.now()))
  return model
}

/// The same, with what diagnosis says of it.
func inspect(_ target: String?) throws -> InspectorModel {
  do throws(RegionError) {
    var model = try firstLook(at: try RegionDirectory.standard.reader(target))
    model.rediagnose()
    return model
  } catch {
    throw fail(error)
  }
}

/// `vtlscope snap`.
struct SnapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snap", abstract: "Print one moment of a core: every context, and what is wrong.",
    discussion: """
      Works on running, stopped and dead cores, and on a copied region.

      Example: vtlscope snap demo --json | jq .snapshot.contexts[0]

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .snap } }
}

/// `vtlscope groups`.
struct GroupsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "groups", abstract: "Print the APIC groups: each group's maps, and its members' IDs.",
    discussion: """
      Example: vtlscope groups demo

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .groups } }
}

/// `vtlscope lapic`.
struct LapicCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lapic", abstract: "Print one local APIC: IRR, ISR and TMR, the registers, in the words of its mode.",
    discussion: """
      Examples: vtlscope lapic 5.0
                vtlscope lapic 1.1 demo --json

      \(ExitStatus.ofPages)
      """)

  @Argument(help: "VP and VTL, such as 5.0; the first context when it is left out.")
  var context: String?

  @OptionGroup var options: PageOptions

  func run() throws {
    var options = options
    let wanted = context.flatMap { ContextID($0) }
    // `lapic demo`: what is no context is the core.
    if let context, wanted == nil {
      guard options.target == nil else { throw fail(.usage, "\"\(escaped(context))\" is no context such as 5.0") }
      options.target = context
    }
    try options.show { model in
      guard let id = wanted ?? model.contexts.first, model.contexts.contains(id) else {
        throw fail(.noSuchTarget, "there is no context \(context ?? "at all"); there are \(Self.list(model.contexts))")
      }
      return .lapic(id)
    }
  }

  private static func list(_ contexts: [ContextID]) -> String {
    contexts.prefix(8).map(\.description).joined(separator: " ") + (contexts.count > 8 ? " ..." : "")
  }
}

/// `vtlscope timers`.
struct TimersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timers", abstract: "Print every timer: when it fires, how late it was, what was merged or masked.",
    discussion: """
      Example: vtlscope timers --json | jq '.timers[] | select(.late)'

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .timers } }
}

/// `vtlscope sched`.
struct SchedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sched", abstract: "Print who had each VP, and who waited: a lane per VTL, and the lengths of stays.",
    discussion: """
      Example: vtlscope sched --last 10ms

      \(ExitStatus.ofPages)
      """)

  @Option(help: ArgumentHelp("How much virtual time, such as 10ms or 200us.", valueName: "T"))
  var last = Span(time: .milliseconds(8))

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .sched(last: last.time) } }
}

/// `vtlscope memory`.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Print what VTLs may do with guest memory: a map, protected pages, overlay pages.",
    discussion: """
      Example: vtlscope memory --json | jq '.protections[] | select(.denied > 0)'

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .memory } }
}

/// `vtlscope routes`.
struct RoutesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "routes", abstract: "Print where device interrupts go: IOAPIC pins, message routes, the 8259 pair.",
    discussion: """
      Example: vtlscope routes

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .routes } }
}

/// `vtlscope vsm`.
struct VSMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vsm", abstract: "Print virtual secure mode: VTLs of partition and VPs, SynIC, synthetic timers.",
    discussion: """
      Example: vtlscope vsm --json | jq '.contexts[] | select(.vsm.waitsForTLB)'

      \(ExitStatus.ofPages)
      """)

  @OptionGroup var options: PageOptions

  func run() throws { try options.show { _ in .vsm } }
}

extension ExitStatus {
  static var ofPages: String {
    "Exit codes: 0 fine, 64 usage, 65 the region cannot be read, 66 no such core or context, 74 host I/O."
  }
}
