import Architecture
import HyperV
import Testing

/// HvCallTranslateVirtualAddress and HvCallCheckSparseGpaPageVtlAccess (TLFS, "Hypercall Reference").
struct TranslationCallTests {
  private static let vtl0 = ContextID(vp: VPIndex(0), vtl: .vtl0)

  private func translate(_ guest: inout TestGuest, flags: UInt64, vtl: UInt8 = 0x10, vp: UInt32 = 0) -> HypercallOutcome
  {
    let header = littleEndian(UInt64.max) + littleEndian(vp) + littleEndian(0xDEAD as UInt32)
    return guest.call(
      HypercallInput(HypercallCode(rawValue: 0x52)),
      header + littleEndian(flags | UInt64(vtl) << 56) + littleEndian(0x1234 as UInt64))
  }

  @Test func `the answer is code, cache type and overlay, then the page`() throws {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    guest.registers.translations[Self.vtl0] = AddressTranslation(
      .success, gpa: GPA(0xABC_D000), cacheType: 6, isOverlay: true)
    let outcome = translate(&guest, flags: 0x7)
    #expect(outcome.status.rawValue == 0)
    let bytes = try #require(outcome.memoryOutput?.bytes)
    #expect(bytes.count == 16)
    #expect(bytes.uint64(at: 0) == 0x106_0000_0000)
    #expect(bytes.uint64(at: 8) == 0xABCD)
    #expect(guest.registers.asked.first?.address == GVA(0x123_4000))
    #expect(guest.registers.asked.first?.flags == TranslationFlags(rawValue: 7))
  }

  /// Bit 10 is for shadow stacks, bits 55:11 are reserved.
  @Test func `flags are bits 0 to 9`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    for bit in 0..<56 {
      let status = translate(&guest, flags: 1 << UInt64(bit)).status.rawValue
      #expect(status == (bit < 10 ? 0 : 5), "bit \(bit)")
    }
  }

  @Test func `a VTL above the caller's, and one that the VP does not have, cannot be asked about`() {
    var guest = TestGuest.withVTL1()
    #expect(translate(&guest, flags: 1, vtl: 0x11).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(translate(&guest, flags: 1, vtl: 0x11, vp: 1).status.rawValue == 0x03)
    #expect(translate(&guest, flags: 1, vp: 9).status.rawValue == 0x0E)
  }

  @Test func `a flush can be kept from the VTL below until the caller returns`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(
      translate(&guest, flags: 1 << 5).effects
        == [.tlbLock(of: .vtl0, by: ContextID(vp: VPIndex(0), vtl: .vtl1), isLocked: true)])
    #expect(guest.value(VPRegisterName(rawValue: 0xD0010), on: 0) == 2)
  }

  @Test(arguments: [(VTL.vtl1, 6 as UInt64), (.vtl2, 8)])
  func `who keeps a page away decides between no access and an intercept`(owner: VTL, code: UInt64) throws {
    var guest = TestGuest.withVTL1(maximumVTL: .vtl2)
    guest.enter(.vtl1)
    guest.registers.translations[Self.vtl0] = AddressTranslation(.gpaNoWriteAccess, gpa: GPA(0x5000))
    guest.registers.protections[GPA(0x5000)] = (0b10, owner)
    #expect(try #require(translate(&guest, flags: 2).memoryOutput).bytes.uint64(at: 0) & 0xFF == code)
  }

  private func check(_ guest: inout TestGuest, wanted: UInt8, pages: [UInt64], vtl: UInt8 = 0x10) -> HypercallOutcome {
    guest.call(
      HypercallInput(HypercallCode(rawValue: 0xD4), repCount: pages.count),
      littleEndian(UInt64.max) + [vtl, wanted, 0, 0, 0, 0, 0, 0] + pages.flatMap { littleEndian($0) })
  }

  @Test func `an access check says what is denied, and by whom`() throws {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    guest.registers.protections[GPA(0x5000)] = (0b1110, .vtl1)
    let outcome = check(&guest, wanted: 0b0111, pages: [5, 6])
    #expect(outcome.result.rawValue == 0x2_0000_0000)
    #expect(try #require(outcome.memoryOutput).bytes.uint64(at: 0) == 0x1_0601)
    #expect(try #require(outcome.memoryOutput).bytes.uint64(at: 8) == 0)
    // A page that is no RAM ends the list.
    #expect(check(&guest, wanted: 1, pages: [6, 0x10_0000]).result.rawValue == 0x1_0000_0005)
    #expect(check(&guest, wanted: 0x10, pages: [6]).status.rawValue == 0x05)
    #expect(check(&guest, wanted: 1, pages: [6], vtl: 0x11).status.rawValue == 0x06)
  }
}
