import Architecture
import HyperV
import Journal
import Testing

/// CrInterceptControl and its masks, and the messages they lead to (TLFS, "Virtual Secure Mode", secure intercepts).
@Suite struct RegisterInterceptTests {
  private static let names: [VPRegisterName] = (0..<4).map { VPRegisterName(rawValue: 0xE0000 + $0) }

  private func guest() -> TestGuest {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    return guest
  }

  @Test func `VTL0 has none, neither its own nor VTL1's`() {
    var guest = TestGuest.withVTL1()
    for name in Self.names {
      #expect(guest.get([name]).status.rawValue == 0x06)
      #expect(guest.set([(name, 0)]).status.rawValue == 0x06)
      #expect(guest.get([name], vtl: 0x11).status.rawValue == 0x06)
      #expect(guest.set([(name, 0)], vtl: 0x11).status.rawValue == 0x06)
    }
    guest.enter(.vtl1)
    #expect(guest.set([(Self.names[0], 0)], vtl: 0x10).status.rawValue == 0x06)
  }

  @Test func `a partition without VTLs has none at all`() {
    var guest = TestGuest(maximumVTL: .vtl0)
    #expect(guest.get([Self.names[0]]).status.rawValue == 0x05)
    #expect(guest.set([(Self.names[0], 0)]).status.rawValue == 0x05)
  }

  @Test func `VTL1 keeps what it wrote, and the machine is told`() {
    var guest = guest()
    #expect(guest.value(Self.names[0]) == 0)
    let outcome = guest.set([(Self.names[0], 0x1FFF_FFFF), (Self.names[1], 1), (Self.names[2], 2), (Self.names[3], 3)])
    #expect(outcome.status == .success)
    #expect(outcome.effects == Array(repeating: .registerIntercepts(VPIndex(0)), count: 4))
    #expect(Self.names.map { guest.value($0) } == [0x1FFF_FFFF, 1, 2, 3])
    // So is who looks.
    var seen = ContextSnapshot(id: ContextID(0, 1), group: GroupID(1))
    guest.partition.fill(&seen)
    #expect(seen.vsm.interceptControl == 0x1FFF_FFFF)
    #expect([seen.vsm.cr0Mask, seen.vsm.cr4Mask, seen.vsm.miscEnableMask] == [1, 2, 3])
    // One number further there is nothing.
    #expect(guest.get([VPRegisterName(rawValue: 0xE0004)]).status.rawValue == 0x05)
  }

  @Test(arguments: 29..<64) func `reserved bits of the control register are refused`(bit: Int) {
    var guest = guest()
    #expect(guest.set([(Self.names[0], 1 << UInt128(bit))]).status.rawValue == 0x50)
    #expect(guest.value(Self.names[0]) == 0)
  }

  /// Bits and MSRs as the specification lists them: reading, writing.
  @Test(
    arguments: [
      (0x1A0, 3, 4), (0xC000_0082, 5, 6), (0xC000_0081, 7, 8), (0xC000_0083, 9, 10), (0x1B, 11, 12),
      (0xC000_0080, 13, 14), (0x174, nil, 19), (0x176, nil, 20), (0x175, nil, 21), (0xC000_0084, nil, 22),
      (0xC000_0103, nil, 23), (0x8C, nil, 24), (0x8F, nil, 24), (0xDA0, nil, 25), (0x6A2, nil, 26), (0x6A4, nil, 27),
      (0x6A6, nil, 27), (0x6A8, nil, 28), (0x10, nil, nil), (0x6A7, nil, nil), (0xC000_0102, nil, nil),
    ] as [(UInt32, Int?, Int?)])
  func `each MSR has its bits`(msr: UInt32, read: Int?, write: Int?) {
    #expect(CRInterceptControl.msr(msr, isWrite: false).rawValue == read.map { 1 << UInt64($0) } ?? 0)
    #expect(CRInterceptControl.msr(msr, isWrite: true).rawValue == write.map { 1 << UInt64($0) } ?? 0)
  }

  @Test(
    arguments: [(.cr0, 0), (.cr4, 1), (.xcr0, 2), (.gdtr, 15), (.idtr, 16), (.ldtr, 17), (.tr, 18)]
      as [(InterceptedRegister, Int)])
  func `each other register has its bit`(register: InterceptedRegister, bit: Int) {
    #expect(register.control.rawValue == 1 << UInt64(bit))
  }

  @Test func `CR0, CR4 and IA32_MISC_ENABLE count where a bit of the mask changes`() {
    var set = RegisterIntercepts()
    set.control = CRInterceptControl(rawValue: 0x1FFF_FFFF)
    (set.cr0Mask, set.cr4Mask, set.miscellaneousEnableMask) = (0x10, 0x20, 0x40)
    #expect(set.catches(.cr0, 0x10, over: 0) && set.catches(.cr0, 0, over: 0x10))
    #expect(!set.catches(.cr0, 0xEF, over: 0) && !set.catches(.cr0, 0x10, over: 0x10))
    #expect(set.catches(.cr4, 0x20, over: 0) && !set.catches(.cr4, 0x10, over: 0))
    #expect(set.catchesMSR(0x1A0, isWrite: true, 0x40, over: 0) && !set.catchesMSR(0x1A0, isWrite: true, 1, over: 0))
    #expect(set.catchesMSR(0x1A0, isWrite: false))
    #expect(set.catches(.gdtr, 0, over: 0) && set.catchesMSR(0xC000_0080, isWrite: true, 5, over: 5))
    set.control = []
    #expect(!set.catches(.cr0, 0x10, over: 0) && !set.catches(.gdtr, 0, over: 0))
  }

  @Test func `of two VTLs the lower hears first, and each by its own mask`() {
    var guest = TestGuest.withVTL1(maximumVTL: .vtl2)
    _ = guest.enablePartition(.vtl2, on: 0)
    #expect(guest.partition.enabledVTLs.contains(.vtl2) == false)
    guest.enter(.vtl1)
    #expect(guest.enablePartition(.vtl2) == .success)
    #expect(guest.enableVP(0, .vtl2).status == .success)
    _ = guest.set([(Self.names[0], 3), (Self.names[1], 0x10), (Self.names[2], 0x8)])
    guest.enter(.vtl2)
    _ = guest.set([(Self.names[0], 1), (Self.names[1], 0x30)])
    guest.enter(.vtl0)
    let all = guest.partition.activeRegisterIntercepts(on: VPIndex(0))
    #expect(all.control.rawValue == 3 && all.cr0Mask == 0x30 && all.cr4Mask == 0x8)
    func owner(_ value: UInt64) -> VTL? {
      guest.partition.registerInterceptor(on: VPIndex(0)) { $0.catches(.cr0, value, over: 0) }
    }
    #expect(owner(0x10) == .vtl1)
    #expect(owner(0x20) == .vtl2)
    #expect(owner(0x40) == nil)
    // VTL1 is stopped by VTL2 alone, VTL2 by nobody.
    guest.enter(.vtl1)
    #expect(owner(0x10) == .vtl2)
    #expect(guest.partition.activeRegisterIntercepts(on: VPIndex(0)).control.rawValue == 1)
    guest.enter(.vtl2)
    #expect(guest.partition.activeRegisterIntercepts(on: VPIndex(0)) == RegisterIntercepts())
  }

  // MARK: - Messages

  private let header = InterceptHeader(
    context: ContextID(2, 0), instructionLength: 3, cr8: 1, access: 1,
    state: InterceptState(
      cpl: 0, cr0: 1, efer: 1 << 10, dr7: 0x400, isInterruptionPending: false, hasInterruptShadow: false),
    cs: HyperVSegment(limit: 0xFFFF_FFFF, selector: 8, attributes: 0xA09B).value, rip: 0x1000, rflags: 2)

  @Test func `the bytes of a register intercept`() {
    let bytes = RegisterInterceptMessage(header: header, register: .cr4, value: 0x1122_3344_5566_7788_0000_0001).payload
    #expect(RegisterInterceptMessage.type == 0x8001_0006)
    #expect(bytes.count == 0x40)
    #expect(bytes.uint32(at: 0) == 2)
    #expect(bytes[4...7] == [0x13, 1, 0x14, 0])
    // Not a memory operation; reserved.
    #expect(bytes[0x28...0x2B] == [0, 0, 0, 0])
    #expect(bytes.uint32(at: 0x2C) == 0x40003)
    #expect(bytes.uint64(at: 0x30) == 0x5566_7788_0000_0001)
    #expect(bytes.uint64(at: 0x38) == 0x1122_3344)
  }

  @Test func `the bytes of an MSR intercept`() {
    let bytes = MSRInterceptMessage(header: header, number: 0xC000_0082, rdx: 0x1111, rax: 0x2222).payload
    #expect(MSRInterceptMessage.type == 0x8001_0001)
    #expect(bytes.count == 0x40)
    #expect(bytes.uint64(at: 0x18) == 0x1000)
    #expect(bytes.uint64(at: 0x28) == 0xC000_0082)
    #expect(bytes.uint64(at: 0x30) == 0x1111)
    #expect(bytes.uint64(at: 0x38) == 0x2222)
  }
}
