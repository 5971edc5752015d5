import Architecture
import Journal
import Machine
import Testing

/// An exit takes the virtual time that `ExitCost.swift` gives it, every time.
@Suite("What an exit costs")
struct ExitCostTests {
  /// Ticks from one RDTSC to the next with `code` between, which leaves R8 alone: RDTSC's own 25, the four
  /// instructions that keep its value, and those of `code`.
  private func ticks(_ code: [UInt8]) throws -> UInt64 {
    // RDTSC; MOV R8D, EAX; code; RDTSC; SUB EAX, R8D; OUT F4h, EAX
    let main = Code.prologue + [0x0F, 0x31, 0x41, 0x89, 0xC0] + code + [0x0F, 0x31, 0x44, 0x29, 0xC0, 0xE7, 0xF4]
    let run = try MachineRun(CodeGuest(main: main))
    run.run(for: .milliseconds(1))
    #expect(run.partition.stopCause == .debugExit)
    return UInt64(run.partition.exitStatus)
  }

  @Test func `CPUID, RDMSR, MOV CR8 and the local APIC take 500 ticks more, and ports 1,000`() throws {
    let nothing = try ticks([])
    #expect(nothing == 26)
    #expect(try ticks([0x0F, 0xA2]) == nothing + 501)
    // MOV ECX, 1Bh; RDMSR
    #expect(try ticks([0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32]) == nothing + 502)
    #expect(try ticks([0x44, 0x0F, 0x20, 0xC0]) == nothing + 501)
    // MOV EAX, FEE00030h; MOV EAX, [RAX], and the same of the IOAPIC
    #expect(try ticks([0xB8] + Code.little(UInt32(0xFEE0_0030)) + [0x8B, 0x00]) == nothing + 502)
    #expect(try ticks([0xB8] + Code.little(UInt32(0xFEC0_0000)) + [0x8B, 0x00]) == nothing + 1_002)
    #expect(try ticks([0xE4, 0xE0]) == nothing + 1_001)
    #expect(try ticks([0xE6, 0xE0]) == nothing + 1_001)
  }

  @Test func `a state of the processor's own that RDMSR reads is no exit`() throws {
    #expect(try ticks([0xB9, 0x80, 0, 0, 0xC0, 0x0F, 0x32]) == 28)
  }
}
