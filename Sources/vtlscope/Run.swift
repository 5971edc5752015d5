import Architecture
import ArgumentParser
import Host
import Journal
import Machine
import Scenarios

/// `vtlscope run`, and `vtlscope` alone.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a guest in the embedded core, with the inspector on it.",
    discussion: """
      Without IMAGE, runs a built-in scenario: the demo unless --scenario names another. IMAGE is a static ELF64 \
      executable; it enters in 64-bit mode with 4 GiB identity-mapped, and RDI points at its boot information.

      Example: vtlscope run --scenario tpr-block --headless --for 2s --dump run.json

      Exit codes: 0 fine, 64 usage, 65 bad image, 70 triple fault, 74 host I/O, 75 gave up; headless, a guest's debug \
      exit V gives (V << 1) | 1.
      """)

  @Argument(help: "A guest: a static ELF64 executable, or a multiboot image.", completion: .file())
  var image: String?

  @Option(help: ArgumentHelp("Virtual processors, 1...1024; 4 unless the scenario has its own number.", valueName: "N"))
  var vps: Int?

  @Option(help: ArgumentHelp("VTLs the partition offers, 1...3; 2 unless the scenario says otherwise.", valueName: "N"))
  var vtls: Int?

  @Option(help: ArgumentHelp("RAM, such as 64M; 2M...3G. 128M for an IMAGE.", valueName: "SIZE"))
  var memory: ByteSize?

  @Option(
    help: ArgumentHelp(
      "max, x86-64 or x86-64-v2, and ,+FEATURE or ,-FEATURE as Linux names them: max,-x2apic. max unless said.",
      valueName: "MODEL"),
    transform: parseCPUModel)
  var cpu: CPUModel?

  @Option(help: ArgumentHelp("The guest's command line.", valueName: "ARGS"))
  var append: String?

  @Option(
    help: ArgumentHelp("A file for a multiboot guest, as its first module.", valueName: "FILE"), completion: .file())
  var initrd: String?

  @Flag(help: "No screen: the guest's serial port goes to standard output.")
  var headless = false

  @Option(
    help: ArgumentHelp(
      "real (the default with a screen), max (without), or virtual seconds per second: 0.001.", valueName: "PACE"))
  var pace: Pace?

  @Option(help: ArgumentHelp("The name `vtlscope ls` shows.", valueName: "NAME"))
  var name: String?

  @Option(help: ArgumentHelp("How groups are told apart: explicit, or rfc-2023:NBITS.", valueName: "HOW"))
  var groups: GroupEncoding?

  @Option(
    name: .customLong("route"),
    help: ArgumentHelp(
      "The group of a device's interrupts: pin:N=GROUP or msi:DEVICE=GROUP. May be repeated; 0 unless said.",
      valueName: "ROUTE"))
  var routes: [RouteGroup] = []

  @Option(help: ArgumentHelp("A built-in scenario; see --list-scenarios.", valueName: "NAME"))
  var scenario: String?

  @Flag(help: "List the built-in scenarios.")
  var listScenarios = false

  @Option(name: .customLong("for"), help: ArgumentHelp("Run T of virtual time, such as 2s or 500ms.", valueName: "T"))
  var duration: Span?

  @Option(help: ArgumentHelp("Stop at T of virtual time, with exit code 75 when --headless.", valueName: "T"))
  var limit: Span?

  @Option(
    help: ArgumentHelp("Write the final snapshot, the events and the commands as JSON.", valueName: "FILE"),
    completion: .file())
  var dump: String?

  @Flag(help: "Resolve every request by the slow scan too, and count disagreements.")
  var checkMaps = false

  @OptionGroup(title: "Screen") var screen: ScreenOptions

  func validate() throws {
    if initrd != nil && image == nil { throw fail(.usage, "--initrd needs an IMAGE") }
    if image != nil && scenario != nil { throw fail(.usage, "an IMAGE and --scenario exclude each other") }
    if let name, !isRegionName(name) {
      throw fail(.usage, "--name: need 1...32 letters, digits, '-' or '_', not \"\(escaped(name))\"")
    }
  }

  func run() throws {
    if listScenarios { return printScenarios() }
    let guest = try chosenGuest()
    if let problem = guest.configuration.problem { throw fail(.usage, problem) }
    // A run that could not be written down is refused before it is made.
    if let dump {
      do throws(FileError) { try checkWritable(dump) } catch { throw fail(.hostIO, error.description) }
    }
    let session = try CoreSession(
      guest, name: name ?? guest.name, limit: timeLimit, pace: pace ?? (headless ? .max : .real), isHeadless: headless)
    try headless ? session.runHeadless(dump: dump) : session.runWithScreen(screen, dump: dump)
  }

  private var timeLimit: (VirtualTime, StopCause)? {
    switch (duration, limit) {
    case (let duration?, let limit?) where limit.time < duration.time: (limit.time, .limitReached)
    case (let duration?, _): (duration.time, .timeReached)
    case (nil, let limit?): (limit.time, .limitReached)
    case (nil, nil): nil
    }
  }

  private func printScenarios() {
    let width = Scenario.all.map(\.name.count).max() ?? 0
    for topic in Scenario.Topic.allCases {
      let scenarios = Scenario.all.filter { $0.topic == topic }
      guard !scenarios.isEmpty else { continue }
      print(topic.title)
      for scenario in scenarios {
        let signature = (scenario.signature ?? "").padded(to: 5)
        print("  " + scenario.name.padded(to: width + 2) + signature + scenario.summary)
      }
    }
    print("With --append \(Scenario.nearMissWord) a stuck scenario does all that it does but its one mistake.")
  }

  private func chosenGuest() throws -> Guest {
    guard let image else {
      let name = scenario ?? "demo"
      guard let scenario = Scenario.named(name) else {
        throw fail(.usage, "no scenario \"\(escaped(name))\"; --list-scenarios lists them")
      }
      return Guest(name: name, source: name, image: scenario.image, configuration: overriding(scenario.configuration))
    }
    do throws(FileError) {
      let bytes = try readFile(image, limit: ELFImage.sizeLimit)
      let base = image.split(separator: "/").last.map(String.init) ?? "guest"
      return Guest(
        name: regionName(from: base), source: image, image: bytes, configuration: overriding(Configuration()),
        module: try initialModule())
    } catch { throw fail(.badInput, error.description) }
  }

  private func initialModule() throws(FileError) -> BootModule? {
    guard let initrd else { return nil }
    return BootModule(name: initrd, bytes: try readFile(initrd, limit: ELFImage.sizeLimit))
  }

  private func overriding(_ base: Configuration) -> Configuration {
    var configuration = base
    if let vps { configuration.vpCount = vps }
    if let vtls { configuration.vtlCount = vtls }
    if let memory { configuration.memoryBytes = memory.bytes }
    if let cpu { configuration.cpu = cpu }
    if let append { configuration.commandLine = append }
    if let groups { configuration.groupEncoding = groups }
    for route in routes { route.set(in: &configuration.routeGroups) }
    configuration.checksMaps = checkMaps
    return configuration
  }
}

/// What is to be run: an image and the machine for it.
struct Guest {
  var name: String
  /// What messages call it: the file's path, or the scenario.
  var source: String
  var image: [UInt8]
  var configuration: Configuration
  var module: BootModule? = nil
}

func isRegionName(_ name: String) -> Bool {
  (1...32).contains(name.utf8.count)
    && name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
}

/// A file's name made fit for a region: other characters become '-'.
func regionName(from file: String) -> String {
  let name = String(file.prefix(32).map { isRegionName(String($0)) ? $0 : "-" })
  return name.isEmpty ? "guest" : name
}

extension String {
  func padded(to width: Int) -> String {
    count < width ? self + String(repeating: " ", count: width - count) : self
  }
}
