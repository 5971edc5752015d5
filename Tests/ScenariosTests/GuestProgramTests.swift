import Architecture
import Journal
import Machine
import Scenarios
import Testing

@Suite struct GuestProgramTests {
  private func machine(_ vps: Int, vtls: Int = 1, _ commandLine: String = "") -> Configuration {
    Configuration(vpCount: vps, vtlCount: vtls, memoryBytes: 32 << 20, commandLine: commandLine)
  }

  /// The demo with its serial input, which ends after some seconds.
  private func demo(_ vps: Int, vtls: Int = 2, seconds: Int) -> Configuration {
    var configuration = machine(vps, vtls: vtls, "exit=\(seconds)")
    configuration.serialInput = Scenario.demo.configuration.serialInput
    return configuration
  }

  @Test func `hello says hello and exits with 0`() throws {
    let run = try GuestRun("hello", machine(2), for: .seconds(1))
    #expect(run.lines == ["hello from processor 0 of 2"])
    #expect(run.exitValue == 0)
  }

  @Test func `exceptions arrive with their error codes, addresses and stacks`() throws {
    let run = try GuestRun("exceptions", machine(1), for: .seconds(1))
    #expect(run.lines == ["exceptions: ok"])
    #expect(run.exitValue == 0)
  }

  @Test func `the local APIC timer keeps time in all its modes`() throws {
    let run = try GuestRun("timer-modes", machine(1), for: .seconds(1))
    #expect(run.lines == ["timer-modes: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [2, 4, 5])
  func `every form of IPI reaches exactly its targets`(vps: Int) throws {
    let run = try GuestRun("ipi-all-forms", machine(vps), for: .seconds(5))
    #expect(run.lines == ["ipi-all-forms: ok"])
    #expect(run.exitValue == 0)
  }

  @Test func `the IOAPIC and its pins do what guests rely on`() throws {
    let run = try GuestRun("ioapic", machine(4), for: .seconds(1))
    #expect(run.lines == ["ioapic: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [1, 3])
  func `8259 and 8254 do what a PC's do, by the virtual wire and by the IOAPIC`(vps: Int) throws {
    let run = try GuestRun("legacy", machine(vps), for: .seconds(4))
    #expect(run.lines == ["legacy: ok"])
    #expect(run.exitValue == 0)
  }

  @Test func `KVM's hypercalls count whom they reach, and an EOI is lazy where it may be`() throws {
    let run = try GuestRun("paravirtual", machine(4), for: .seconds(1))
    #expect(run.lines == ["paravirtual: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [2, 4])
  func `VTL1 is what the specification promises`(vps: Int) throws {
    let run = try GuestRun("vtl-basics", machine(vps, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["vtl-basics: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [2, 3])
  func `flushes reach other VPs' TLBs, and wait for the VTL that locks them`(vps: Int) throws {
    let run = try GuestRun("tlb", machine(vps, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["tlb: ok"])
    #expect(run.exitValue == 0)
  }

  @Test func `a guest that says it has crashed is heard, with its five parameters, and runs on`() throws {
    let run = try GuestRun("crash", machine(1), for: .seconds(1))
    #expect(run.lines == ["crash: ok"])
    #expect(run.exitValue == 0)
    let kinds = run.events.map(\.kind).filter { $0 == .guestCrashed || $0 == .guestCrashDetail }
    #expect(kinds == [.guestCrashed, .guestCrashDetail])
    let crash = Event.Body.guestCrashed(flags: 0xC0, 0x7E, 0x8100_0000_0000_0000, 0xFFFF_FFFF_8000_0000)
    #expect(run.events.contains { $0.body == crash })
  }

  @Test(arguments: [2, 4])
  func `a processor idles with interrupts disabled until one is there, which it takes when it lets it`(
    vps: Int
  ) throws {
    let run = try GuestRun("guest-idle", machine(vps), for: .seconds(1))
    #expect(run.lines == ["guest-idle: ok"])
    #expect(run.exitValue == 0)
    #expect(run.events.count { $0.body == .idled(interruptsEnabled: false) } == 3)
  }

  @Test(arguments: [2, 3])
  func `connections lead messages and event flags to the source of their port`(vps: Int) throws {
    let run = try GuestRun("connections", machine(vps, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["connections: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [
    "intercept-registers", "intercept-msrs", "intercept-memory", "intercept-ports", "intercept-execute",
    "intercept-events",
  ])
  func `VTL1 hears of what it asked for, byte by byte, before it happens`(name: String) throws {
    let run = try GuestRun(name, machine(1, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["\(name): ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: ["translate", "interrupt-calls", "direct-calls"])
  func `VTL1 asks about VTL0's memory, and gives it interrupts`(name: String) throws {
    let run = try GuestRun(name, machine(1, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["\(name): ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [(1, 2), (2, 2), (4, 2), (4, 1), (17, 2), (64, 2)])
  func `the demo runs without errors`(vps: Int, vtls: Int) throws {
    let run = try GuestRun("demo", demo(vps, vtls: vtls, seconds: 2), for: .seconds(3))
    #expect(run.lines.count == 2)
    #expect(run.output.hasSuffix(" stray 0 errors 0\n"))
    #expect(run.exitValue == 0)
  }

  @Test func `the demo's devices interrupt as often as they should, in turns by line and by message`() throws {
    let run = try GuestRun("demo", demo(4, seconds: 2), for: .seconds(3))
    let words = try #require(run.lines.last).split(separator: " ").map(String.init)
    func counts(_ name: String) throws -> [Int] {
      let place = try #require(words.firstIndex(of: name))
      return words[place + 1].split(separator: "/").compactMap { Int($0) }
    }
    // Every 4 ms from 10 ms on a byte, and every 2.5 ms an expiry; the guest takes some ms to start.
    #expect(abs(try counts("serial")[0] - 497) <= 2)
    let (line, message) = (try counts("line"), try counts("msi"))
    #expect(abs(line[0] - 400) <= 4 && line[0] == line[1])
    #expect(abs(message[0] - 400) <= 8 && message[0] == message[1])
  }

  @Test func `the demo counts serial lines that an operator has typed into as strays, and no device as lost`() throws {
    let run = try GuestRun(
      "demo", demo(2, seconds: 1), for: .seconds(2), commands: [(.milliseconds(300), .serialInput(Array("hello".utf8)))]
    )
    #expect(run.output.hasSuffix(" stray 1 errors 0\n"))
  }

  @Test func `the demo survives an operator's interrupts and VTL switches, and counts them as strays`() throws {
    func fire(_ vector: UInt8, to id: UInt32, group: UInt8) -> Command {
      let message = InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(rawValue: id))
      return .fire(FireRequest(origin: .message(GroupID(rawValue: group)), message: message))
    }
    let run = try GuestRun(
      "demo", demo(4, seconds: 1), for: .seconds(2),
      commands: [
        (.milliseconds(100), fire(0x77, to: 2, group: 0)),
        (.milliseconds(200), fire(0x41, to: 3, group: 0)),
        (.milliseconds(300), fire(0x42, to: 1, group: 1)),
        (.milliseconds(400), .switchVTL(VPIndex(1), to: .vtl1)),
        (.milliseconds(500), .switchVTL(VPIndex(2), to: .vtl1)),
        (.milliseconds(500), fire(0x77, to: 2, group: 0)),
      ])
    #expect(run.lines.count == 1)
    #expect(run.output.hasSuffix(" stray 4 errors 0\n"))
    #expect(run.exitValue == 0)
  }
}
