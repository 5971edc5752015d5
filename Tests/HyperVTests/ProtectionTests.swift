import Architecture
import HyperV
import Testing

/// HvCallModifyVtlProtectionMask, and the message of what it denies (TLFS, "Memory Access Protections").
@Suite struct ProtectionTests {
  private func protect(
    _ guest: inout TestGuest, _ pages: [UInt64], flags: UInt32 = 0, vtl: UInt8 = 0, partition: UInt64 = .max,
    reserved: UInt8 = 0
  ) -> HypercallOutcome {
    let header = littleEndian(partition) + littleEndian(flags) + [vtl, reserved, 0, 0]
    return guest.call(
      HypercallInput(.modifyVTLProtectionMask, repCount: pages.count), header + pages.flatMap { littleEndian($0) })
  }

  private var protecting: TestGuest {
    var guest = TestGuest.withVTL1(maximumVTL: .vtl2)
    guest.enter(.vtl1)
    _ = guest.set([(.vsmPartitionConfig, 0x1F)])
    return guest
  }

  @Test func `pages that follow one another are protected together`() {
    var guest = protecting
    let outcome = protect(&guest, [0x10, 0x11, 0x12, 0x20], flags: 1)
    #expect(outcome.status == .success)
    #expect(outcome.repsCompleted == 4)
    let mask = ProtectionMask(rawValue: 1)
    #expect(
      outcome.effects == [
        .protect(.vtl1, firstPage: 0x10, count: 3, mask), .protect(.vtl1, firstPage: 0x20, count: 1, mask),
      ])
  }

  @Test func `a page that is no RAM ends the list`() {
    var guest = protecting
    let outcome = protect(&guest, [0xFFF, 0x1000, 0x10], flags: 3)
    #expect(outcome.status.rawValue == 0x05)
    #expect(outcome.repsCompleted == 1)
    #expect(outcome.effects == [.protect(.vtl1, firstPage: 0xFFF, count: 1, ProtectionMask(rawValue: 3))])
    #expect(protect(&guest, [1 << 52 | 0x10]).status.rawValue == 0x05)
    #expect(protect(&guest, [.max]).status.rawValue == 0x05)
  }

  @Test(arguments: [0, 1, 0xD, 3, 0xF] as [UInt32])
  func `allowed combinations`(flags: UInt32) {
    var guest = protecting
    #expect(protect(&guest, [1], flags: flags).status == .success)
  }

  @Test(arguments: [5, 9, 7, 0xB] as [UInt32])
  func `either execute bit stands for both`(flags: UInt32) {
    var guest = protecting
    #expect(protect(&guest, [1], flags: flags).effects == protect(&guest, [1], flags: flags | 0xC).effects)
  }

  /// Write or execute without read, the adjustable bit, others.
  @Test(arguments: [2, 4, 6, 8, 0xC, 0xE, 0x11, 0x8001, 0x8000_0001] as [UInt32])
  func `combinations that are not allowed`(flags: UInt32) {
    var guest = protecting
    #expect(protect(&guest, [1], flags: flags).status.rawValue == 0x50)
  }

  @Test func `whose mask it is`() {
    var guest = protecting
    #expect(protect(&guest, [1], vtl: 0x11).status == .success)
    // VTL0 has no mask: named from above, it is what VTL1 allows it.
    let restricted = protect(&guest, [1], vtl: 0x10)
    #expect(restricted.status == .success && restricted.effects == protect(&guest, [1], vtl: 0x11).effects)
    #expect(protect(&guest, [1], vtl: 0x12).status.rawValue == 0x06)
    #expect(protect(&guest, [1], vtl: 0x20).status.rawValue == 0x05)
    #expect(protect(&guest, [1], partition: 1).status.rawValue == 0x0D)
    #expect(protect(&guest, [1], reserved: 1).status == .success)
    guest.enter(.vtl0)
    #expect(protect(&guest, [1]).status.rawValue == 0x05)
    #expect(protect(&guest, [1], vtl: 0x11).status.rawValue == 0x06)
  }

  @Test func `protection has to be enabled first`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(protect(&guest, [1]).status.rawValue == 0x06)
  }

  @Test func `the bytes of a memory intercept`() {
    let header = InterceptHeader(
      context: ContextID(3, 0), instructionLength: 7, cr8: 5, access: 1,
      state: InterceptState(
        cpl: 3, cr0: 1 << 0 | 1 << 18, efer: 1 << 10, dr7: 0x400, isInterruptionPending: true, hasInterruptShadow: true),
      cs: HyperVSegment(base: 0x10, limit: 0xFFFF_FFFF, selector: 0x33, attributes: 0xA0FB).value,
      rip: 0x1122_3344_5566_7788, rflags: 0x246)
    let ds = HyperVSegment(selector: 0x2B, attributes: 0xC0F3).value
    let message = MemoryInterceptMessage(
      header: header, gpa: GPA(0x7_F304_0123), gva: GVA(0xFFFF_8000_0000_0123), isWalk: false,
      instruction: [0x48, 0x89, 0x03], segments: [ds, 0], general: (0..<16).map { 0x100 + $0 })
    let bytes = message.payload
    #expect(bytes.count == 0xF0)
    #expect(bytes.uint32(at: 0) == 3)
    #expect(bytes[4] == 0x57)
    #expect(bytes[5] == 1)
    // CPL 3, PE, AM, LMA, interruption pending, interrupt shadow; VTL 0.
    #expect(bytes[6...7] == [0x5F, 0x10])
    #expect(bytes.uint64(at: 8) == 0x10)
    #expect(bytes.uint64(at: 0x10) == 0xA0FB_0033_FFFF_FFFF)
    #expect(bytes.uint64(at: 0x18) == 0x1122_3344_5566_7788)
    #expect(bytes.uint64(at: 0x20) == 0x246)
    #expect(bytes.uint32(at: 0x28) == 6)
    #expect(bytes[0x2C...0x2F] == [3, 0, 5, 0])
    #expect(bytes.uint64(at: 0x30) == 0)
    #expect(bytes.uint64(at: 0x38) == 0x7_F304_0123)
    #expect(bytes[0x40..<0x50] == [0x48, 0x89, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(bytes.uint64(at: 0x58) == 0xC0F3_002B_0000_0000)
    #expect(bytes.uint64(at: 0x70) == 0x100)
    #expect(bytes.uint64(at: 0xE8) == 0x10F)

    var walk = message
    walk.isWalk = true
    #expect(walk.payload[0x2D] == 1)
    #expect(walk.payload.uint64(at: 0x30) == 0xFFFF_8000_0000_0123)
    walk.gva = nil
    #expect(walk.payload[0x2D] == 0)
    #expect(walk.payload.uint64(at: 0x30) == 0)
  }
}
