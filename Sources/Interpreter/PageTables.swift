import Architecture
import Memory

/// A page-table entry that a walk went through.
struct TableStep {
  /// Its guest physical address.
  var gpa: UInt64 = 0
  /// 0 for "not used": an entry that was used is present.
  var value: UInt64 = 0
  var size: UInt8 = 8
  var isLeaf = false
}

/// The three forms of page tables: 4-level, PAE and 32-bit (SDM Vol. 3A, 4.3 to 4.5).
extension Interpreter {
  func tables(
    _ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege,
    _ steps: inout InlineArray<4, TableStep>
  ) throws(Stop) -> Walk {
    if c.pointee.cr4 & CR4.physicalAddressExtension.rawValue == 0 {
      return try tables32(c, address, kind, privilege, &steps)
    }
    return try tables64(c, address, kind, privilege, &steps)
  }

  private func tables64(
    _ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege,
    _ steps: inout InlineArray<4, TableStep>
  ) throws(Stop) -> Walk {
    var table = c.pointee.cr3 & PageTableEntry.address
    var walk = Walk.permissive
    var reserved =
      PageTableEntry.reserved | (c.pointee.efer & EFER.noExecute.rawValue == 0 ? PageTableEntry.noExecute : 0)
    var level = 3
    if !c.isLongModeActive {
      // A PDPTE of PAE paging has no rights and no accessed bit, and was read when CR3 was loaded.
      let pointer = c.pointee.pointers[Int(truncatingIfNeeded: address &>> 30) & 3]
      guard pointer & PageTableEntry.present != 0 else { throw pageFault(c, address, kind, privilege, []) }
      table = pointer & PageTableEntry.address
      reserved |= PageTableEntry.reservedByPAE
      level = 1
    }
    while true {
      let shift = UInt64(12 &+ level &* 9)
      let gpa = table &+ ((address &>> shift) & 0x1FF) &* 8
      let entry = try readTable(c, gpa, 8, for: address)
      guard entry & PageTableEntry.present != 0 else { throw pageFault(c, address, kind, privilege, []) }
      let isLarge = entry & PageTableEntry.large != 0 && level > 0
      var mustBeZero = reserved
      if isLarge { mustBeZero |= level == 3 ? PageTableEntry.large : ((1 &<< shift) &- 1) & ~0x1FFF }
      if entry & mustBeZero != 0 { throw pageFault(c, address, kind, privilege, [.present, .reservedBit]) }
      if entry & PageTableEntry.writable == 0 { walk.isWritable = false }
      if entry & PageTableEntry.user == 0 { walk.isUser = false }
      if entry & PageTableEntry.noExecute != 0 { walk.isNoExecute = true }
      let isLeaf = isLarge || level == 0
      steps[level] = TableStep(gpa: gpa, value: entry, size: 8, isLeaf: isLeaf)
      if isLeaf {
        let offset = (1 &<< shift) &- 1
        walk.gpa = entry & PageTableEntry.address & ~offset | address & offset
        walk.isDirty = entry & PageTableEntry.dirty != 0
        walk.protectionKey = UInt32(truncatingIfNeeded: entry.field(59, 4))
        walk.leaf = gpa
        return walk
      }
      table = entry & PageTableEntry.address
      level &-= 1
    }
  }

  private func tables32(
    _ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege,
    _ steps: inout InlineArray<4, TableStep>
  ) throws(Stop) -> Walk {
    var walk = Walk.permissive
    var table = c.pointee.cr3 & 0xFFFF_F000
    for level in [1, 0] {
      let shift = UInt64(12 &+ level &* 10)
      let gpa = table &+ ((address &>> shift) & 0x3FF) &* 4
      let entry = try readTable(c, gpa, 4, for: address)
      guard entry & PageTableEntry.present != 0 else { throw pageFault(c, address, kind, privilege, []) }
      let isLarge =
        level == 1 && entry & PageTableEntry.large != 0 && c.pointee.cr4 & CR4.pageSizeExtensions.rawValue != 0
      if entry & PageTableEntry.writable == 0 { walk.isWritable = false }
      if entry & PageTableEntry.user == 0 { walk.isUser = false }
      let isLeaf = isLarge || level == 0
      // A 4 MiB page has address bits up to MAXPHYADDR in bits 20:13; bit 21 is reserved.
      if isLarge, entry & PageTableEntry.reservedByPSE != 0 {
        throw pageFault(c, address, kind, privilege, [.present, .reservedBit])
      }
      steps[level] = TableStep(gpa: gpa, value: entry, size: 4, isLeaf: isLeaf)
      if isLeaf {
        let offset = (1 &<< shift) &- 1
        walk.gpa = entry & 0xFFFF_F000 & ~offset | address & offset
        // PSE-36: bits 20:13 of a 4 MiB page are address bits 39:32.
        if isLarge { walk.gpa |= entry.field(13, 8) &<< 32 }
        walk.isDirty = entry & PageTableEntry.dirty != 0
        walk.leaf = gpa
        return walk
      }
      table = entry & 0xFFFF_F000
    }
    throw pageFault(c, address, kind, privilege, [])
  }

  /// Sets the accessed bit of every entry used and the dirty bit of the leaf, where they are clear.
  ///
  /// A store like any other to the VTL's protections and to read-only overlays.
  ///
  /// `steps` is not changed: a copy of what has just been stored would have to wait for the stores.
  func mark(
    _ c: CPU, _ steps: inout InlineArray<4, TableStep>, isWrite: Bool, for address: UInt64
  ) throws(Stop) {
    for i in 0..<4 where steps[i].value != 0 {
      var value = steps[i].value | PageTableEntry.accessed
      if isWrite, steps[i].isLeaf { value |= PageTableEntry.dirty }
      guard value != steps[i].value, let host = physical(c, steps[i].gpa) else { continue }
      if host.page.access != .all || host.page.isReadOnlyOverlay {
        try checkAccess(c, host.page, steps[i].gpa, address, .write, isWalk: true)
      }
      // The low byte holds both bits.
      host.address.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      noteStore(host.page.backing, Int(truncatingIfNeeded: steps[i].gpa & 0xFFF), 1)
    }
  }

  /// A table outside RAM reads as not present. Reading is subject to the VTL's protections like any other access.
  private func readTable(_ c: CPU, _ gpa: UInt64, _ size: Int, for address: UInt64) throws(Stop) -> UInt64 {
    guard let (host, page) = physical(c, gpa) else { return 0 }
    if page.access != .all { try checkAccess(c, page, gpa, address, .read, isWalk: true) }
    return size == 8 ? host.loadUnaligned(as: UInt64.self) : UInt64(host.loadUnaligned(as: UInt32.self))
  }

  private func physical(_ c: CPU, _ gpa: UInt64) -> (address: UnsafeMutableRawPointer, page: ResolvedPage)? {
    guard let page = memory.resolve(gpa &>> 12, vtl: VTL(rawValue: c.pointee.vtl)) else { return nil }
    return (memory.base + (page.backing &<< 12 &+ Int(truncatingIfNeeded: gpa & 0xFFF)), page)
  }

  // MARK: PDPTE registers

  /// PAE paging outside long mode.
  func usesPointers(_ c: CPU) -> Bool {
    let paging = CR0.paging.rawValue
    return c.pointee.cr0 & paging != 0 && c.pointee.cr4 & CR4.physicalAddressExtension.rawValue != 0
      && !c.isLongModeActive
  }

  /// What CR3 names as page-directory-pointer table; nil where an entry has a reserved bit set (SDM Vol. 3A, 4.4.1).
  func readPointers(_ c: CPU) -> InlineArray<4, UInt64>? {
    var found = InlineArray<4, UInt64>(repeating: 0)
    for i in 0..<4 {
      let host = physical(c, c.pointee.cr3 & 0xFFFF_FFE0 &+ UInt64(i) &* 8)
      // Not to be intercepted: where the VTL may not read it finds nothing.
      guard let host, host.page.access.contains(.read) else { continue }
      found[i] = host.address.loadUnaligned(as: UInt64.self)
      let isPresent = found[i] & PageTableEntry.present != 0
      if isPresent, found[i] & PageTableEntry.reservedInPointer != 0 { return nil }
    }
    return found
  }
}
