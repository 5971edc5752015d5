import Architecture
import Memory

/// Which translations are in force, and when they are forgotten (SDM Vol. 3A, 4.10.4).
extension Interpreter {
  func nextStamp() -> UInt64 {
    stampCounter.pointee &+= 1
    return stampCounter.pointee
  }

  /// Selects the bank for the VTL and the privilege, and drops what has become wrong since it was last used.
  ///
  /// To be called whenever CPL, AC, VTL, a control register, EFER, PKRU or a breakpoint may have changed.
  func selectBank(_ c: CPU) {
    if c.pointee.arePointersStale, usesPointers(c) {
      c.pointee.pointers = readPointers(c) ?? InlineArray(repeating: 0)
      c.pointee.arePointersStale = false
    }
    let isAlignmentUp =
      c.pointee.systemFlags & RFlags.alignmentCheck.rawValue != 0 && c.pointee.cr0 & CR0.alignmentMask.rawValue != 0
    c.pointee.checksAlignment = c.pointee.cpl == 3 && isAlignmentUp
    let kind = c.pointee.checksAlignment ? TLBBank.checked : Int(privilege(c).rawValue)
    let bank = c.pointee.banks + (Int(c.pointee.vtl) &* TLBBank.perVTL &+ kind)
    if bank.pointee.entries == nil { bank.pointee.allocate() }
    if !isCurrent(bank, c) {
      bank.pointee.flush(stamp: nextStamp())
      (bank.pointee.cr0, bank.pointee.cr3) = (c.pointee.cr0 & Self.pagingCR0, c.pointee.cr3)
      (bank.pointee.cr4, bank.pointee.efer) = (c.pointee.cr4 & Self.pagingCR4, c.pointee.efer)
      bank.pointee.mapEpoch = memory.mapEpoch
      bank.pointee.generation = code.generation
      bank.pointee.codeEpoch = memory.codeEpoch.pointee
      bank.pointee.breakpointEpoch = c.pointee.breakpointEpoch
      bank.pointee.pkru = c.pointee.pkru
      bank.pointee.isModeBased = c.pointee.isModeBased
    } else if bank.pointee.codeEpoch != memory.codeEpoch.pointee {
      bank.pointee.dropCodeWrites(codeLines: memory.codeLines, base: UInt64(UInt(bitPattern: memory.base)))
      bank.pointee.codeEpoch = memory.codeEpoch.pointee
    }
    if c.pointee.mode != .bits64, bank.pointee.codeBase != c.segment(1).pointee.base {
      bank.pointee.codeBase = c.segment(1).pointee.base
      bank.pointee.stamp = nextStamp()
    }
    c.pointee.bank = bank
    c.pointee.tlb = bank.pointee.entries.unsafelyUnwrapped
    c.pointee.jumps = bank.pointee.jumps.unsafelyUnwrapped
    c.pointee.fetches = bank.pointee.fetches.unsafelyUnwrapped
    // Blocks of different modes differ, so the mode is part of the stamp.
    c.pointee.stamp = bank.pointee.stamp &<< 2 | UInt64(c.pointee.mode.rawValue)
  }

  /// The bits that decide what a translation is.
  static var pagingCR0: UInt64 {
    CR0.protection.rawValue | CR0.writeProtect.rawValue | CR0.paging.rawValue
  }
  static var pagingCR4: UInt64 {
    let bits: CR4 = [
      .pageSizeExtensions, .physicalAddressExtension, .pageGlobalEnable, .supervisorExecutionPrevention,
      .supervisorAccessPrevention, .protectionKeys, .processContextIdentifiers,
    ]
    return bits.rawValue
  }

  private func isCurrent(_ bank: UnsafeMutablePointer<TLBBank>, _ c: CPU) -> Bool {
    bank.pointee.mapEpoch == memory.mapEpoch && bank.pointee.generation == code.generation
      && bank.pointee.cr0 == c.pointee.cr0 & Self.pagingCR0 && bank.pointee.cr3 == c.pointee.cr3
      && bank.pointee.cr4 == c.pointee.cr4 & Self.pagingCR4 && bank.pointee.efer == c.pointee.efer
      && bank.pointee.breakpointEpoch == c.pointee.breakpointEpoch && bank.pointee.pkru == c.pointee.pkru
      && bank.pointee.isModeBased == c.pointee.isModeBased
  }

  /// MOV to CR3, and whatever else empties the TLB: all banks of this VTL.
  func flushTranslations(_ c: CPU) {
    for kind in 0..<TLBBank.perVTL {
      (c.pointee.banks + (Int(c.pointee.vtl) &* TLBBank.perVTL &+ kind)).pointee.flush(stamp: nextStamp())
    }
    selectBank(c)
  }

  /// Forgets the translations of one VTL of a VP, active there or not. Only between instructions, and the next run looks
  /// again.
  public func flushTranslations(of processor: Processor, vtl: VTL) {
    for kind in 0..<TLBBank.perVTL {
      let bank = processor.banks + (vtl.index &* TLBBank.perVTL &+ kind)
      if bank.pointee.entries != nil { bank.pointee.flush(stamp: nextStamp()) }
    }
  }

  /// A page has just become code: stores to it must be seen from now on.
  func scrub(_ c: CPU) {
    c.pointee.bank.pointee.dropCodeWrites(
      codeLines: memory.codeLines, base: UInt64(UInt(bitPattern: memory.base)))
    c.pointee.bank.pointee.codeEpoch = memory.codeEpoch.pointee
  }

  /// All code was dropped: this bank's jump entries are void, its translations are not.
  func renewBank(_ c: CPU) {
    c.pointee.bank.pointee.stamp = nextStamp()
    c.pointee.bank.pointee.generation = code.generation
    c.pointee.stamp = c.pointee.bank.pointee.stamp &<< 2 | UInt64(c.pointee.mode.rawValue)
  }
}
