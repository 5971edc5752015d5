import Architecture
import Interpreter
import Journal
import Testing

@testable import Machine

/// Expected values: SDM Vol. 4, table 2-2, and Vol. 3B, 16.3.1.
@Suite("MSRs of a processor")
struct ModelSpecificRegisterTests {
  /// MOV EAX, value; OUT F4h, EAX.
  private static let exitWithEAX: [UInt8] = [0xE7, 0xF4]
  /// What a #GP ends the machine with.
  private static let refused: UInt32 = 0xBAD

  private func run(_ code: [UInt8], cpu: CPUModel = .max) throws -> UInt32 {
    let fault: [UInt8] = [0xB8] + Code.little(Self.refused) + Self.exitWithEAX
    let guest = CodeGuest(main: Code.prologue + code + Self.exitWithEAX, handlers: [13: fault])
    let run = try MachineRun(guest) { $0.cpu = cpu }
    run.run(for: .milliseconds(1))
    #expect(run.partition.stopCause == .debugExit)
    return run.partition.exitStatus
  }

  /// WRMSR, RDMSR, and the half in EAX or EDX.
  private func kept(_ msr: UInt32, _ value: UInt64, high: Bool = false) throws -> UInt32 {
    try run(Code.wrmsr(msr, value) + Code.rdmsr(msr) + (high ? [0x89, 0xD0] : []))
  }

  @Test func `IA32_MISC_ENABLE keeps what may be switched, and its read-only bits`() throws {
    #expect(try run(Code.rdmsr(0x1A0)) == 0x1801)
    #expect(try kept(0x1A0, 0x4_00C5_0809) == 0xC5_1809)
    #expect(try kept(0x1A0, 0x4_00C5_0809, high: true) == 4)
    #expect(try kept(0x1A0, 0x80) == 0x1800)
    #expect(try kept(0x1A0, 2) == Self.refused)
  }

  @Test func `EFER.NXE cannot be set while XD is taken away`() throws {
    let enable = Code.rdmsr(0xC000_0080) + [0x0D, 0, 8, 0, 0, 0x0F, 0x30]  // OR EAX, 800h; WRMSR
    #expect(try run(enable + Code.rdmsr(0xC000_0080)) & 0x800 != 0)
    let clear = Code.rdmsr(0xC000_0080) + [0x25, 0xFF, 0xF7, 0xFF, 0xFF, 0x0F, 0x30]
    #expect(try run(clear + Code.wrmsr(0x1A0, 1 << 34) + enable) == Self.refused)
  }

  @Test func `there are no banks of machine-check registers`() throws {
    #expect(try run(Code.rdmsr(0x179)) == 0)
    #expect(try kept(0x179, 0) == Self.refused)
    #expect(try kept(0x17A, 7) == 7)
    #expect(try kept(0x17A, 8) == Self.refused)
    #expect(try run(Code.rdmsr(0x17B)) == Self.refused)
    #expect(try run(Code.rdmsr(0x400)) == Self.refused)
  }

  @Test func `IA32_TSC_ADJUST moves the TSC, and a write of the TSC moves it`() throws {
    #expect(try run(Code.rdmsr(0x3B)) == 0)
    #expect(try kept(0x3B, 0x1234) == 0x1234)
    #expect(try run(Code.wrmsr(0x10, 5 << 32) + Code.rdmsr(0x3B) + [0x89, 0xD0]) == 4)
    // RDTSC; MOV EAX, EDX
    #expect(try run(Code.wrmsr(0x3B, 5 << 32) + [0x0F, 0x31, 0x89, 0xD0]) == 5)
  }

  @Test func `a model's features are all that works`() throws {
    let enableX2APIC = Code.wrmsr(0x1B, 0xFEE0_0D00) + Code.rdmsr(0x1B)
    #expect(try run(enableX2APIC) == 0xFEE0_0D00)
    #expect(try run(enableX2APIC, cpu: CPUModel("max,-x2apic")) == Self.refused)
    #expect(try run(Code.rdmsr(0x6E0)) == 0)
    #expect(try run(Code.rdmsr(0x6E0), cpu: CPUModel("max,-tsc_deadline")) == Self.refused)
    #expect(try run(Code.rdmsr(0x3B), cpu: CPUModel("max,-tsc-adjust")) == Self.refused)
    // MOV EAX, 1; CPUID; MOV EAX, ECX
    let features: [UInt8] = [0xB8, 1, 0, 0, 0, 0x0F, 0xA2, 0x89, 0xC8]
    #expect(try run(features).bit(21) && run(features).bit(24))
    #expect(try !run(features, cpu: CPUModel("x86-64")).bit(21))
    #expect(try run(features, cpu: CPUModel("x86-64,+x2apic")).bit(21))
    #expect(try run(features, cpu: CPUModel("x86-64-v2")).bit(23))
    // The timer's entry has no TSC-deadline mode.
    let mode = Code.store(0x4_0041, at: 0xFEE0_0320) + [0xB8] + Code.little(UInt32(0xFEE0_0320)) + [0x8B, 0x00]
    #expect(try run(mode) == 0x4_0041)
    #expect(try run(mode, cpu: CPUModel("max,-tsc-deadline")) == 0x41)
  }

  @Test func `every feature there is can be hidden by its name`() throws {
    for (name, feature) in CPUModel.names {
      #expect(try CPUModel("max,-\(name)").features.isDisjoint(with: feature))
      #expect(try CPUModel("max,-\(name),+\(name)").features == .all)
    }
    #expect(CPUModel.names.reduce(into: CPUFeatures()) { $0.formUnion($1.feature) } == .all)
  }

  @Test func `a hidden feature hides those that need it`() throws {
    let legacy = try CPUModel("max,-xsave").features
    #expect(legacy.isDisjoint(with: [.xsave, .xsaveopt, .avx, .avx2]))
    #expect(legacy.isSuperset(of: [.fpu, .mmx, .sse42]))
    #expect(try CPUModel("max,-fpu,+avx").features.isDisjoint(with: [.fpu, .mmx, .sse, .sse42, .avx]))
  }

  @Test func `a model that is not there is named`() {
    #expect(throws: CPUModelError.unknownModel("pentium")) { try CPUModel("pentium") }
    #expect(throws: CPUModelError.unknownFeature("mmu")) { try CPUModel("max,+mmu") }
    #expect(throws: CPUModelError.unknownModel("")) { try CPUModel("") }
    #expect(Configuration(vpCount: 256, cpu: CPUModel(features: [])).problem != nil)
  }
}
