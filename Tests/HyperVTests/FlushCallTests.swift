import Architecture
import HyperV
import Journal
import Testing

/// HvCallFlushVirtualAddressSpace, ...List and their Ex forms (TLFS, "Hypercall Reference").
struct FlushCallTests {
  private static let allProcessors: UInt64 = 1
  private static let allSpaces: UInt64 = 2
  private static let nonGlobalOnly: UInt64 = 4
  private static let extendedRanges: UInt64 = 8

  private func space(_ guest: inout TestGuest, flags: UInt64 = 0, mask: UInt64, on vp: Int = 0) -> HypercallOutcome {
    guest.call(HypercallInput(HypercallCode(rawValue: 0x02)), qwords(0x9000, flags, mask), on: vp)
  }
  private func list(_ guest: inout TestGuest, flags: UInt64 = 0, mask: UInt64, _ ranges: [UInt64]) -> HypercallOutcome {
    guest.call(
      HypercallInput(HypercallCode(rawValue: 0x03), repCount: ranges.count),
      qwords(0x9000, flags, mask) + ranges.flatMap { littleEndian($0) })
  }
  private func spaceEx(_ guest: inout TestGuest, flags: UInt64 = 0, set: [UInt64], banks: Int) -> HypercallOutcome {
    guest.call(
      HypercallInput(HypercallCode(rawValue: 0x13), variableHeader: banks),
      qwords(0x9000, flags) + set.flatMap { littleEndian($0) })
  }
  private func listEx(
    _ guest: inout TestGuest, flags: UInt64 = 0, set: [UInt64], banks: Int, _ ranges: [UInt64]
  ) -> HypercallOutcome {
    guest.call(
      HypercallInput(HypercallCode(rawValue: 0x14), variableHeader: banks, repCount: ranges.count),
      qwords(0x9000, flags) + set.flatMap { littleEndian($0) } + ranges.flatMap { littleEndian($0) })
  }
  private func qwords(_ values: UInt64...) -> [UInt8] { values.flatMap { littleEndian($0) } }
  private func vps(_ indices: Int...) -> [VPIndex] { indices.map { VPIndex($0) } }

  @Test func `the mask names VPs by index, and those that do not exist are skipped`() {
    var guest = TestGuest()
    let outcome = space(&guest, mask: 0x8000_0000_0000_0005)
    #expect(outcome.effects == [.flush(.vtl0, of: vps(0, 2))])
    #expect(outcome.result.rawValue == 0)
  }

  @Test func `all processors overrides the mask`() {
    var guest = TestGuest()
    #expect(
      space(&guest, flags: Self.allProcessors, mask: 1).effects == [.flush(.vtl0, of: vps(0, 1, 2, 3))])
  }

  /// KVM's reading for guests that leave the mask empty.
  @Test func `an empty mask means all`() {
    var guest = TestGuest()
    #expect(space(&guest, mask: 0).effects == [.flush(.vtl0, of: vps(0, 1, 2, 3))])
  }

  @Test func `a VTL flushes its own translations`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(space(&guest, mask: 1).effects == [.flush(.vtl1, of: vps(0))])
  }

  /// "All other flags are reserved and must be set to zero"; "does not make sense for this call and is treated as an
  /// invalid option" of non-global translations and lists.
  @Test func `flags are 0 to 2 of a space, and 0, 1 and 3 of a list`() {
    var guest = TestGuest()
    for bit in 0..<64 {
      let flags = UInt64(1) << UInt64(bit)
      let ofSpace = bit < 3 ? 0 : 5
      #expect(space(&guest, flags: flags, mask: 1).status.rawValue == UInt16(ofSpace), "bit \(bit)")
      #expect(spaceEx(&guest, flags: flags, set: [1, 0], banks: 0).status.rawValue == UInt16(ofSpace), "bit \(bit)")
      let ofList = bit == 0 || bit == 1 || bit == 3 ? 0 : 5
      #expect(list(&guest, flags: flags, mask: 1, [0]).status.rawValue == UInt16(ofList), "bit \(bit)")
      #expect(listEx(&guest, flags: flags, set: [1, 0], banks: 0, [0]).status.rawValue == UInt16(ofList), "bit \(bit)")
    }
  }

  @Test func `a list counts its ranges, and addresses nobody has are ignored`() {
    var guest = TestGuest()
    let outcome = list(&guest, mask: 2, [0x1000, 0x8000_0000_0000_0FFF, .max])
    #expect(outcome.result.rawValue == 0x0000_0003_0000_0000)
    #expect(outcome.effects == [.flush(.vtl0, of: vps(1))])
    #expect(list(&guest, flags: Self.nonGlobalOnly, mask: 2, [0, 0]).result.rawValue == 5)
  }

  @Test func `a list is done in pieces`() {
    var guest = TestGuest()
    let input = qwords(0x9000, 0, 1) + [UInt8](repeating: 0, count: 8 * 100)
    let first = guest.call(HypercallInput(HypercallCode(rawValue: 0x03), repCount: 100), input)
    #expect(first.isSuspended && first.repsCompleted == 64)
    let second = guest.call(HypercallInput(HypercallCode(rawValue: 0x03), repCount: 100, repStart: 64), input)
    #expect(second.result.rawValue == 100 << 32)
    #expect(second.effects == [.flush(.vtl0, of: vps(0))])
  }

  @Test func `the Ex forms take a set`() {
    var guest = TestGuest(vpCount: 70)
    let sparse: [UInt64] = [0, 0b11, 0b100, 0b1000_0001]
    #expect(spaceEx(&guest, set: sparse, banks: 2).effects == [.flush(.vtl0, of: vps(2, 64))])
    let outcome = listEx(&guest, set: sparse, banks: 2, [0x5000, 0x6000])
    #expect(outcome.effects == [.flush(.vtl0, of: vps(2, 64))])
    #expect(outcome.result.rawValue == 2 << 32)
    for all in [spaceEx(&guest, set: [1, 0], banks: 0), listEx(&guest, flags: 1, set: [0, 0], banks: 0, [0])] {
      #expect(all.effects == [.flush(.vtl0, of: (0..<70).map { VPIndex($0) })])
    }
  }

  @Test func `an empty set flushes nothing, and one that does not fit its mask is refused`() {
    var guest = TestGuest()
    #expect(spaceEx(&guest, set: [0, 0], banks: 0).effects == [.flush(.vtl0, of: [])])
    #expect(spaceEx(&guest, set: [0, 0b11, 1], banks: 1).status.rawValue == 0x03)
    #expect(listEx(&guest, set: [0, 0b1, 1, 1], banks: 2, [0]).status.rawValue == 0x03)
    #expect(spaceEx(&guest, set: [2, 0], banks: 0).status.rawValue == 0x05)
  }

  @Test func `simple and rep, fixed and variable headers are told apart`() {
    var guest = TestGuest()
    let input = [UInt8](repeating: 0, count: 256)
    func status(_ code: UInt16, variable: Int = 0, reps: Int = 0) -> UInt16 {
      let control = HypercallInput(HypercallCode(rawValue: code), variableHeader: variable, repCount: reps)
      return guest.call(control, input).status.rawValue
    }
    #expect(status(0x02, reps: 1) == 3)
    #expect(status(0x02, variable: 1) == 3)
    #expect(status(0x03) == 3)
    #expect(status(0x03, variable: 1, reps: 1) == 3)
    #expect(status(0x13, reps: 1) == 3)
    #expect(status(0x14) == 3)
  }

  /// In registers: RDX, R8 and XMM0.
  @Test func `a flush can be fast`() {
    var guest = TestGuest()
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = 0x1_0002
    (registers.rdx, registers.r8, registers.xmm[0]) = (0x9000, Self.allSpaces, 0b10)
    guard case .request(let request) = guest.partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("refused")
      return
    }
    let outcome = guest.partition.execute(request, memory: nil, at: .zero, runTime: .zero, registers: &guest.registers)
    #expect(outcome.effects == [.flush(.vtl0, of: vps(1))])
  }

  /// TLFS, "Feature Identification": UseHypercallForRemoteFlush, ExProcessorMasks, extended ranges twice.
  @Test func `CPUID offers what is there`() throws {
    let configuration = HyperVConfiguration(vpCount: 1)
    let recommendations = try #require(configuration.cpuid(leaf: 0x4000_0004)).eax
    #expect(recommendations & (1 << 2) != 0 && recommendations & (1 << 11) != 0)
    let features = try #require(configuration.cpuid(leaf: 0x4000_0003))
    #expect(features.ebx & (1 << 15) != 0 && features.edx & (1 << 14) != 0)
  }

  // MARK: - TLB locks

  private static let secureConfig0 = VPRegisterName(rawValue: 0xD0010)

  @Test func `setting and clearing TlbLocked is told once each`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    let vtl1 = ContextID(0, 1)
    let lock = guest.set([(Self.secureConfig0, 2), (Self.secureConfig0, 2)])
    #expect(lock.effects == [.tlbLock(of: .vtl0, by: vtl1, isLocked: true)])
    #expect(guest.partition.tlbLockHolder(of: .vtl0, on: vps(0, 1), except: VPIndex(1)) == vtl1)
    #expect(
      guest.set([(Self.secureConfig0, 0), (Self.secureConfig0, 0)]).effects
        == [.tlbLock(of: .vtl0, by: vtl1, isLocked: false)])
    #expect(guest.partition.tlbLockHolder(of: .vtl0, on: vps(0, 1), except: VPIndex(1)) == nil)
  }

  @Test func `a lock holds for its VTL and its VP, not for the VP itself, and until the return`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    _ = guest.set([(Self.secureConfig0, 2)])
    let partition = guest.partition
    #expect(partition.tlbLockHolder(of: .vtl0, on: vps(1, 2), except: VPIndex(1)) == nil)
    #expect(partition.tlbLockHolder(of: .vtl1, on: vps(0), except: VPIndex(1)) == nil)
    #expect(partition.tlbLockHolder(of: .vtl0, on: vps(0), except: VPIndex(0)) == nil)
    _ = guest.partition.switchVTL(
      on: VPIndex(0), to: .vtl0, reason: .return, live: VTLReturnRegisters(rax: 0, rcx: 0), isLongMode: true)
    #expect(guest.partition.tlbLockHolder(of: .vtl0, on: vps(0), except: VPIndex(1)) == nil)
  }
}
