import Architecture
import HyperV
import Journal
import Testing

/// What the event log is told of a hypercall.
struct HypercallSummaryTests {
  @Test func `a register hypercall tells context, register and value`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    let key = TestRegisters.Key(register: .rip, context: ContextID(vp: VPIndex(2), vtl: .vtl0))
    guest.registers.values[key] = 0
    #expect(
      guest.set([(.rip, 0x1234)], vp: 2, vtl: 0x10).summary
        == HypercallSummary(
          code: 0x51, status: 0, repsCompleted: 1, repCount: 1, target: key.context, argument: 0x0002_0010,
          value: 0x1234))
    #expect(
      guest.get([.rip], vp: 2, vtl: 0x10).summary
        == HypercallSummary(
          code: 0x50, status: 0, repsCompleted: 1, repCount: 1, target: key.context, argument: 0x0002_0010,
          value: 0x1234))
  }

  @Test func `the element that failed is the one that is told`() {
    var guest = TestGuest()
    let unknown = VPRegisterName(rawValue: 0xDEAD)
    let summary = guest.get([.vpIndex, unknown, .vpIndex], on: 3).summary
    #expect(
      summary
        == HypercallSummary(
          code: 0x50, status: 5, repsCompleted: 1, repCount: 3, target: ContextID(vp: VPIndex(3), vtl: .vtl0),
          argument: 0xDEAD, value: 0))
  }

  @Test func `enabling tells VTL, context and where it begins`() {
    var guest = TestGuest()
    let input = littleEndian(UInt64.max) + [1, 0, 0, 0, 0, 0, 0, 0]
    #expect(
      guest.call(HypercallInput(.enablePartitionVTL), input).summary
        == HypercallSummary(code: 0x0D, status: 0, argument: 1, value: 0))
    #expect(
      guest.enableVP(0, .vtl1).summary
        == HypercallSummary(
          code: 0x0F, status: 0, target: ContextID(vp: VPIndex(0), vtl: .vtl1), argument: 0x20_0000, value: 0x30_0000))
  }

  @Test func `an IPI tells its VTL, the first VP, vector and mask`() {
    var guest = TestGuest()
    let input = littleEndian(0x51 as UInt32) + [0, 0, 0, 0] + littleEndian(0b1100 as UInt64)
    #expect(
      guest.call(HypercallInput(.sendSyntheticClusterIPI), input).summary
        == HypercallSummary(
          code: 0x0B, status: 0, target: ContextID(vp: VPIndex(2), vtl: .vtl0), argument: 0x51, value: 0b1100))
  }

  @Test func `hostile indices name nobody`() {
    var guest = TestGuest()
    #expect(guest.get([.vpIndex], vp: 0xFFFF_FFFF).summary.target == nil)
    #expect(guest.get([.vpIndex], vp: 0, vtl: 0x1F).summary.target == nil)
    #expect(guest.enableVP(4096, .vtl1).summary.target == nil)
  }

  @Test func `a refused control word is told with what the registers hold`() {
    let guest = TestGuest()
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = HypercallInput(HypercallCode(rawValue: 0x7FFF), isFast: true, repCount: 7).rawValue
    (registers.rdx, registers.r8) = (0xAA, 0xBB)
    guard case .answer(let result) = guest.partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("the call was not refused")
      return
    }
    #expect(
      registers.summary(refused: result)
        == HypercallSummary(code: 0x7FFF, status: 2, repCount: 7, isFast: true, argument: 0xAA, value: 0xBB))
    registers.rcx = HypercallInput(HypercallCode(rawValue: 0x7FFF)).rawValue
    #expect(
      registers.summary(refused: HypercallResult(.invalidHypercallCode))
        == HypercallSummary(code: 0x7FFF, status: 2))
  }
}
