import Architecture

/// Which register values a processor can be started with.
extension UInt64 {
  /// Bits 63:47 are all equal: 48-bit linear addresses (SDM Vol. 1, 3.3.7.1).
  var isCanonical: Bool { self &+ 0x0000_8000_0000_0000 < 0x0001_0000_0000_0000 }

  /// Bit 1 is set and bits 63:22, 15, 5 and 3 are clear (SDM Vol. 1, 3.4.3).
  var isValidRFLAGS: Bool { self & 0xFFFF_FFFF_FFC0_802A == 2 }

  /// Only SCE (0), LME (8), LMA (10) and NXE (11) may be set (SDM Vol. 3A, 2.2.1).
  var isValidEFER: Bool { self & ~0xD01 == 0 }

  /// Each byte is a memory type: 0, 1, 4, 5, 6 or 7 (SDM Vol. 3A, 13.12.2).
  var isValidPAT: Bool {
    (0..<8).allSatisfy { i in
      let type = (self &>> UInt64(8 * i)) & 0xFF
      return type < 8 && type != 2 && type != 3
    }
  }
}

extension HyperVSegment {
  /// CS, DS, ES and SS have bases of 32 bits, also in long mode (SDM Vol. 3C, 27.3.1.2).
  var hasNarrowBase: Bool { base &>> 32 == 0 }
}

extension InitialVPContext {
  /// The context as it will be loaded, or nil when no processor can be in that state.
  ///
  /// A VTL above 0 is never in real mode. EFER.LMA is not the guest's to choose: it follows from LME and
  /// CR0.PG.
  func validated(for vtl: VTL) -> InitialVPContext? {
    let (protection, paging) = (cr0.bit(0), cr0.bit(31))
    guard vtl == .vtl0 || protection, protection || !paging, cr0 &>> 32 == 0 else { return nil }
    // Cache not-write-through without cache disable (SDM Vol. 3A, table 13-5).
    guard !cr0.bit(29) || cr0.bit(30) else { return nil }
    guard rflags.isValidRFLAGS, efer.isValidEFER, pat.isValidPAT, cr4 &>> 32 == 0 else { return nil }
    let isLongMode = efer.bit(8) && paging
    guard isLongMode || !efer.bit(10), !isLongMode || cr4.bit(5) else { return nil }
    guard rip.isCanonical, addresses.allSatisfy(\.isCanonical) else { return nil }
    guard [cs, ds, es, ss].allSatisfy(\.hasNarrowBase) else { return nil }
    // A 64-bit code segment has neither a 32-bit default size nor a place outside long mode; virtual-8086
    // mode has none inside it.
    guard !cs.isLong || (isLongMode && !cs.attributes.bit(14)), !isLongMode || !rflags.bit(17) else {
      return nil
    }
    var result = self
    result.efer.setBit(10, isLongMode)
    return result
  }

  private var addresses: [UInt64] {
    [fs.base, gs.base, tr.base, ldtr.base, idtr.base, gdtr.base]
  }
}
