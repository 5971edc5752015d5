import Architecture
import Memory

/// For whom a page is looked up: the privilege, and what it may ignore.
enum Privilege: UInt8 {
  case supervisor
  case user
  /// CPL 0 to 2 with CR4.SMAP set and RFLAGS.AC clear: not to touch user pages.
  case restricted
}

/// What the page tables say of a linear address (SDM Vol. 3A, chapter 4).
struct Walk {
  var gpa: UInt64
  var isWritable: Bool
  var isUser: Bool
  var isNoExecute: Bool
  /// The entry that maps the page: where it is, and its size, for the dirty bit. 0 without paging.
  var leaf: UInt64
  var isDirty: Bool
}

extension Interpreter {
  /// Translates a data access at the current privilege, filling the TLB.
  func translate(_ c: CPU, _ address: UInt64, _ kind: AccessKind) throws(Stop) -> Place {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    let page = address & ~0xFFF
    let tag = kind == .write ? entry.pointee.writableTag : entry.pointee.readTag
    if tag == page { return cachedPlace(entry, address, kind) }
    let privilege = privilege(c)
    let walk = try walk(c, address, kind, privilege)
    let gpa = walk.gpa
    guard let resolved = memory.resolve(gpa &>> 12, vtl: VTL(rawValue: c.pointee.vtl)) else {
      return Place(gpa: gpa, backing: -1)
    }
    if resolved.access != .all || resolved.isReadOnlyOverlay {
      try checkAccess(c, resolved, gpa, address, kind)
    }
    fill(c, entry, page, walk, resolved, kind, privilege)
    return Place(gpa: gpa, backing: resolved.backing)
  }

  /// From a TLB entry; the GPA is only right in its low 12 bits, which is all that RAM needs.
  private func cachedPlace(_ entry: UnsafeMutablePointer<TLBEntry>, _ address: UInt64, _ kind: AccessKind) -> Place {
    let host = address &+ entry.pointee.addend
    let backing = Int(truncatingIfNeeded: (host &- UInt64(UInt(bitPattern: memory.base))) &>> 12)
    // The code that kept the write tag away may be gone.
    if kind == .write, memory.codeLines[backing] == 0 { entry.pointee.writeTag = address & ~0xFFF }
    return Place(gpa: address, backing: backing)
  }

  private func fill(
    _ c: CPU, _ entry: UnsafeMutablePointer<TLBEntry>, _ page: UInt64, _ walk: Walk, _ resolved: ResolvedPage,
    _ kind: AccessKind, _ privilege: Privilege
  ) {
    let host = UInt64(UInt(bitPattern: memory.base)) &+ UInt64(resolved.backing) &<< 12
    var fresh = TLBEntry.empty
    fresh.addend = host &- page
    if resolved.access.contains(.read) { fresh.readTag = page }
    let mayWrite = walk.isWritable || (privilege != .user && c.pointee.cr0 & CR0.writeProtect.rawValue == 0)
    if mayWrite, walk.isDirty, resolved.access.contains(.write), !resolved.isReadOnlyOverlay {
      fresh.writableTag = page
      if memory.codeLines[resolved.backing] == 0 { fresh.writeTag = page }
    }
    entry.pointee = fresh
  }

  /// The VTL's protections and read-only overlays.
  func checkAccess(
    _ c: CPU, _ page: ResolvedPage, _ gpa: UInt64, _ address: UInt64, _ kind: AccessKind
  ) throws(Stop) {
    let needed: PageAccess =
      switch kind {
      case .read: .read
      case .write: .write
      case .execute: c.pointee.cpl == 3 ? .executeUser : .executeSupervisor
      }
    guard page.access.contains(needed) else {
      c.pointee.exit = .memoryIntercept(GPA(gpa), GVA(address), kind)
      c.pointee.pending = .intercept
      throw .exit
    }
    if kind == .write, page.isReadOnlyOverlay { throw c.fail(.generalProtection()) }
  }

  @inline(__always)
  func privilege(_ c: CPU) -> Privilege {
    if c.pointee.cpl == 3 { return .user }
    let isRestricted =
      c.pointee.cr4 & CR4.supervisorAccessPrevention.rawValue != 0
      && c.pointee.systemFlags & RFlags.alignmentCheck.rawValue == 0
    return isRestricted ? .restricted : .supervisor
  }

  /// Walks, checks rights and sets accessed and dirty bits; throws the page fault.
  func walk(_ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege) throws(Stop) -> Walk {
    guard c.pointee.cr0 & CR0.paging.rawValue != 0 else {
      return Walk(
        gpa: address & 0xFFFF_FFFF, isWritable: true, isUser: true, isNoExecute: false, leaf: 0, isDirty: true)
    }
    var steps = InlineArray<4, TableStep>(repeating: TableStep())
    let walk = try tables(c, address, kind, privilege, &steps)
    guard isAllowed(c, walk, kind, privilege) else {
      throw pageFault(c, address, kind, privilege, [.present])
    }
    var result = walk
    if kind == .write { result.isDirty = true }
    mark(c, steps, isWrite: kind == .write)
    return result
  }

  private func isAllowed(_ c: CPU, _ walk: Walk, _ kind: AccessKind, _ privilege: Privilege) -> Bool {
    if kind == .execute {
      if walk.isNoExecute { return false }
      if privilege == .user { return walk.isUser }
      return !(walk.isUser && c.pointee.cr4 & CR4.supervisorExecutionPrevention.rawValue != 0)
    }
    if privilege == .user { return walk.isUser && (kind == .read || walk.isWritable) }
    if privilege == .restricted, walk.isUser { return false }
    return kind == .read || walk.isWritable || c.pointee.cr0 & CR0.writeProtect.rawValue == 0
  }

  func pageFault(
    _ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege, _ why: PageFaultCode
  ) -> Stop {
    var code = why
    if kind == .write { code.insert(.write) }
    if privilege == .user { code.insert(.user) }
    let tellsFetches =
      c.pointee.efer & EFER.noExecute.rawValue != 0 && c.pointee.cr4 & CR4.physicalAddressExtension.rawValue != 0
      || c.pointee.cr4 & CR4.supervisorExecutionPrevention.rawValue != 0
    if kind == .execute, tellsFetches { code.insert(.fetch) }
    return c.fail(.page(address, errorCode: code.rawValue))
  }
}
