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
  /// Bits 62:59 of the entry that maps the page, for CR4.PKE (SDM Vol. 3A, 4.6.2).
  var protectionKey: UInt32
  /// The entry that maps the page: where it is, and its size, for the dirty bit. 0 without paging.
  var leaf: UInt64
  var isDirty: Bool
}

extension Walk {
  /// Without paging a linear address is a physical one, with every right.
  init(unpaged gpa: UInt64, isUser: Bool) {
    self.gpa = gpa
    self.isUser = isUser
    (isWritable, isNoExecute, isDirty) = (true, false, true)
    (protectionKey, leaf) = (0, 0)
  }

  /// What a walk begins with, before the entries take rights away.
  static var permissive: Self {
    var walk = Walk(unpaged: 0, isUser: true)
    walk.isDirty = false
    return walk
  }
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
    if !c.pointee.checksAlignment, !c.isWatched(page) { fill(c, entry, page, walk, resolved, privilege) }
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
    _ privilege: Privilege
  ) {
    let host = UInt64(UInt(bitPattern: memory.base)) &+ UInt64(resolved.backing) &<< 12
    var fresh = TLBEntry.empty
    fresh.addend = host &- page
    if resolved.access.contains(.read) { fresh.readTag = page }
    if isAllowed(c, walk, .write, privilege), keyAllows(c, walk, .write, privilege), walk.isDirty,
      resolved.access.contains(.write), !resolved.isReadOnlyOverlay
    {
      fresh.writableTag = page
      if memory.codeLines[resolved.backing] == 0 { fresh.writeTag = page }
    }
    entry.pointee = fresh
  }

  /// The VTL's protections and read-only overlays.
  func checkAccess(
    _ c: CPU, _ page: ResolvedPage, _ gpa: UInt64, _ address: UInt64, _ kind: AccessKind, isWalk: Bool = false
  ) throws(Stop) {
    guard page.access.contains(kind.needed(isUserFetch: c.isUserFetchSeparate)) else {
      c.pointee.exit = .memoryIntercept(GPA(gpa), GVA(address), kind, isWalk: isWalk)
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
      return Walk(unpaged: address & 0xFFFF_FFFF, isUser: privilege == .user)
    }
    var steps = InlineArray<4, TableStep>(repeating: TableStep())
    let walk = try tables(c, address, kind, privilege, &steps)
    try checkRights(c, walk, address, kind, privilege)
    var result = walk
    if kind == .write { result.isDirty = true }
    try mark(c, &steps, isWrite: kind == .write, for: address)
    return result
  }

  /// Throws the page fault where the page tables or protection keys do not allow the access.
  func checkRights(
    _ c: CPU, _ walk: Walk, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege
  ) throws(Stop) {
    // The error code tells of the key also where other rights are missing (SDM Vol. 3A, 4.7).
    guard keyAllows(c, walk, kind, privilege) else {
      throw pageFault(c, address, kind, privilege, [.present, .protectionKey])
    }
    guard isAllowed(c, walk, kind, privilege) else {
      throw pageFault(c, address, kind, privilege, [.present])
    }
  }

  /// What PKRU says of a user page in 4-level paging: AD keeps data accesses away, WD writes, the supervisor's only with
  /// CR0.WP (SDM Vol. 3A, 4.6.2).
  private func keyAllows(_ c: CPU, _ walk: Walk, _ kind: AccessKind, _ privilege: Privilege) -> Bool {
    guard c.pointee.cr4 & CR4.protectionKeys.rawValue != 0, walk.isUser, kind != .execute, c.isLongModeActive else {
      return true
    }
    let rights = c.pointee.pkru &>> (walk.protectionKey &* 2)
    if rights & 1 != 0 { return false }
    let isBound = privilege == .user || c.pointee.cr0 & CR0.writeProtect.rawValue != 0
    return kind != .write || rights & 2 == 0 || !isBound
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
