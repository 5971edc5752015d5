import Architecture
import Journal
import Machine
import Testing

@Suite struct GuestProgramTests {
  private func machine(_ vps: Int, vtls: Int = 1, _ commandLine: String = "") -> Configuration {
    Configuration(vpCount: vps, vtlCount: vtls, memoryBytes: 32 << 20, commandLine: commandLine)
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

  @Test(arguments: [2, 4])
  func `VTL1 is what the specification promises`(vps: Int) throws {
    let run = try GuestRun("vtl-basics", machine(vps, vtls: 2), for: .seconds(1))
    #expect(run.lines == ["vtl-basics: ok"])
    #expect(run.exitValue == 0)
  }

  @Test(arguments: [(1, 2), (2, 2), (4, 2), (4, 1), (17, 2)])
  func `the demo runs without errors`(vps: Int, vtls: Int) throws {
    let run = try GuestRun("demo", machine(vps, vtls: vtls, "exit=1"), for: .seconds(2))
    #expect(run.lines.count == 1)
    #expect(run.output.hasSuffix(" stray 0 errors 0\n"))
    #expect(run.exitValue == 0)
  }

  @Test func `the demo survives an operator's interrupts and VTL switches, and counts them as strays`() throws {
    func fire(_ vector: UInt8, to id: UInt32, group: UInt8) -> Command {
      let message = InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(rawValue: id))
      return .fire(FireRequest(origin: .message(GroupID(rawValue: group)), message: message))
    }
    let run = try GuestRun(
      "demo", machine(4, vtls: 2, "exit=1"), for: .seconds(2),
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
