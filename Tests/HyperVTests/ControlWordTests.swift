import Architecture
import HyperV
import Testing

/// The rules for control words and parameter addresses (TLFS, "Hypercall Interface").
struct ControlWordTests {
  func decode(
    _ control: UInt64, input: UInt64 = 0x1000, output: UInt64 = 0x2000, cpl: UInt8 = 0,
    mode: HypercallMode = .long64,
    partition: HyperVPartition = TestGuest().partition
  ) -> HypercallDecision {
    var registers = HypercallRegisters(mode: mode, cpl: cpl)
    if mode == .long64 {
      (registers.rcx, registers.rdx, registers.r8) = (control, input, output)
    } else {
      (registers.rdx, registers.rax) = (control >> 32, control & 0xFFFF_FFFF)
      (registers.rbx, registers.rcx) = (input >> 32, input & 0xFFFF_FFFF)
      (registers.rdi, registers.rsi) = (output >> 32, output & 0xFFFF_FFFF)
    }
    return partition.decode(registers, on: VPIndex(0))
  }

  func answer(_ decision: HypercallDecision) -> UInt64? {
    guard case .answer(let result) = decision else { return nil }
    return result.rawValue
  }

  func request(_ decision: HypercallDecision) -> HypercallRequest? {
    guard case .request(let request) = decision else { return nil }
    return request
  }

  @Test(arguments: [1, 2, 3] as [UInt8]) func `user mode gets an invalid opcode`(cpl: UInt8) {
    guard case .fault(.invalidOpcode) = decode(0x0008, cpl: cpl) else {
      Issue.record("no #UD")
      return
    }
  }

  @Test func `real mode gets an invalid opcode`() {
    guard case .fault(.invalidOpcode) = decode(0x0008, mode: .real) else {
      Issue.record("no #UD")
      return
    }
  }

  @Test func `an unknown code says so`() {
    #expect(answer(decode(0x0000)) == 0x02)
    #expect(answer(decode(0x0001)) == 0x02)
    #expect(answer(decode(0x005B)) == 0x02)
    #expect(answer(decode(0x8003)) == 0x02)
    #expect(answer(decode(0xFFFF)) == 0x02)
  }

  @Test(arguments: [27, 28, 29, 30, 44, 47, 60, 63]) func `a reserved bit is invalid input`(bit: UInt64) {
    #expect(answer(decode(0x0008 | 1 << bit)) == 0x03)
  }

  @Test func `the nested bit means nothing here`() {
    #expect(request(decode(0x8000_0008)) != nil)
  }

  @Test func `a simple call takes no reps`() {
    #expect(answer(decode(0x0000_0001_0000_0008)) == 0x03)
    #expect(answer(decode(0x0001_0000_0000_0008)) == 0x03)
  }

  @Test func `a rep call needs a count, and a start below it`() {
    #expect(answer(decode(0x0000_0000_0000_0050)) == 0x03)
    #expect(answer(decode(0x0002_0002_0000_0050)) == 0x03)
    #expect(answer(decode(0x0003_0002_0000_0050)) == 0x03)
    #expect(request(decode(0x0001_0002_0000_0050)) != nil)
  }

  @Test func `only some calls have a variable header`() {
    #expect(answer(decode(0x0002_0008)) == 0x03)
    #expect(answer(decode(0x0000_0001_0002_0050)) == 0x03)
    #expect(request(decode(0x0002_0015))?.input == .memory(GPA(0x1000), count: 32))
  }

  @Test func `parameters are 8-byte aligned`() {
    #expect(answer(decode(0x0008, input: 0x1004)) == 0x04)
    #expect(answer(decode(0x0000_0001_0000_0050, output: 0x2001)) == 0x04)
    // An output address means nothing to a call without output.
    #expect(request(decode(0x0008, output: 0x2001)) != nil)
  }

  @Test func `parameters do not cross a page`() {
    // 16 bytes of header and 240 names of 4 bytes: 976 bytes, and 240 values of 16 bytes: 3840.
    #expect(request(decode(0x0000_00F0_0000_0050, input: 0x1C30)) != nil)
    #expect(answer(decode(0x0000_00F0_0000_0050, input: 0x1C38)) == 0x04)
    #expect(request(decode(0x0000_00F0_0000_0050, output: 0x2100)) != nil)
    #expect(answer(decode(0x0000_00F0_0000_0050, output: 0x2108)) == 0x04)
    // 257 values are more than a page.
    #expect(answer(decode(0x0000_0101_0000_0050, output: 0x2000)) == 0x04)
    #expect(answer(decode(0x0000_0FFF_0000_0051)) == 0x04)
  }

  @Test func `parameters lie inside the address space and apart`() {
    #expect(request(decode(0x0008, input: 0xFF_FFFF_FFF8)) != nil)
    #expect(answer(decode(0x0008, input: 0x100_0000_0000)) == 0x04)
    #expect(answer(decode(0x0008, input: 0xFFFF_FFFF_FFFF_FFF8)) == 0x04)
    #expect(answer(decode(0x0000_0001_0000_0050, input: 0x1000, output: 0x1010)) == 0x04)
    #expect(request(decode(0x0000_0001_0000_0050, input: 0x1000, output: 0x1018)) != nil)
    #expect(request(decode(0x0000_0001_0000_0050, input: 0x1010, output: 0x1000)) != nil)
  }

  @Test func `a fast call has room for 112 bytes of input and output`() {
    // 16 + 4n bytes of input, rounded up to 16, and 16n of output.
    #expect(request(decode(0x0000_0004_0001_0050))?.output == .registers(offset: 32))
    #expect(answer(decode(0x0000_0005_0001_0050)) == 0x03)
    #expect(request(decode(0x0000_0003_0001_0051))?.output == HypercallRequest.Output.none)
    #expect(answer(decode(0x0000_0004_0001_0051)) == 0x03)
    // 240 bytes never fit.
    #expect(answer(decode(0x0001_000F)) == 0x03)
    #expect(answer(decode(0x0001_0099)) == 0x03)
  }

  @Test func `fast input comes from RDX, R8 and XMM, or from pairs of 32-bit registers`() {
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = 0x0000_0001_0001_0050
    registers.rdx = 0x0807_0605_0403_0201
    registers.r8 = 0x100F_0E0D_0C0B_0A09
    registers.xmm[0] = 0x1817_1615_1413_1211
    let expected = (1...20).map { UInt8($0) }
    guard case .request(let wide) = TestGuest().partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("refused")
      return
    }
    #expect(wide.input == .registers(expected))

    registers.mode = .protected32
    (registers.rdx, registers.rax) = (0x0000_0001, 0x0001_0050)
    (registers.rbx, registers.rcx) = (0x0807_0605, 0x0403_0201)
    (registers.rdi, registers.rsi) = (0x100F_0E0D, 0x0C0B_0A09)
    guard case .request(let narrow) = TestGuest().partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("refused")
      return
    }
    #expect(narrow.input == .registers(expected))
    #expect(!narrow.isLongMode)
  }

  @Test func `a 32-bit caller passes addresses in register pairs`() {
    let decision = decode(
      0x0000_0001_0000_0050, input: 0x12_3456_7000, output: 0x23_4567_8000, mode: .protected32)
    #expect(request(decision)?.input == .memory(GPA(0x12_3456_7000), count: 20))
    #expect(request(decision)?.output == .memory(GPA(0x23_4567_8000), count: 16))
  }

  @Test func `results go to RAX, or to EDX and EAX`() {
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.complete(HypercallResult(.accessDenied, repsCompleted: 2))
    #expect(registers.rax == 0x0000_0002_0000_0006)
    registers.mode = .protected32
    registers.complete(HypercallResult(.accessDenied, repsCompleted: 3))
    #expect(registers.rax == 6)
    #expect(registers.rdx == 3)
  }

  @Test func `VSM calls are denied where there is no VSM`() {
    let partition = TestGuest(maximumVTL: .vtl0).partition
    #expect(answer(decode(0x000D, partition: partition)) == 0x06)
    #expect(answer(decode(0x000F, partition: partition)) == 0x06)
  }

  @Test func `input that cannot be read is invalid input`() {
    var guest = TestGuest()
    guard let request = request(decode(0x0001_0002_0000_0050)) else {
      Issue.record("refused")
      return
    }
    let outcome = guest.partition.execute(
      request, memory: nil, at: .zero, runTime: .zero, registers: &guest.registers)
    #expect(outcome.result.rawValue == 0x0000_0001_0000_0003)
    #expect(outcome.memoryOutput == nil)
  }
}
