import Architecture

/// What the VTLs above leave a VTL of its RAM (TLFS, "Virtual Secure Mode", memory access protections).
///
/// Each VTL above 0 has a mask per page for all VTLs below it; an access has to be allowed by every one of them. A VTL
/// restricts neither itself nor those above.
extension GuestMemory {
  /// Lets the VTLs below `owner` do no more than `access` with a page. False outside RAM, and for VTL0.
  @discardableResult
  public func protect(_ pageNumber: UInt64, allowing access: PageAccess, by owner: VTL) -> Bool {
    guard owner > .vtl0, owner.index < VTL.countLimit, let page = ramPage(pageNumber) else { return false }
    restrict(page, PageAccess.all.subtracting(access), owner)
    mapChanged()
    return true
  }

  /// The same for every page of RAM.
  public func protectAll(allowing access: PageAccess, by owner: VTL) {
    guard owner > .vtl0, owner.index < VTL.countLimit else { return }
    let denied = PageAccess.all.subtracting(access)
    for page in 0..<Int(ramPages) where restrictions[restrictionIndex(page, owner)] != denied.rawValue {
      restrict(page, denied, owner)
    }
    mapChanged()
  }

  /// What is withheld from a VTL at a page, by all VTLs above it together.
  public func denied(at pageNumber: UInt64, vtl: VTL) -> PageAccess {
    guard let page = ramPage(pageNumber) else { return [] }
    return PageAccess(rawValue: attributes[attributeIndex(page, vtl)] & PageAccess.all.rawValue)
  }

  /// Who withholds an access from a VTL: of several the lowest, which is told first.
  public func protector(of access: PageAccess, at pageNumber: UInt64, from vtl: VTL) -> VTL? {
    guard let page = ramPage(pageNumber), vtl.index + 1 < VTL.countLimit else { return nil }
    for owner in vtl.index + 1..<VTL.countLimit
    where restrictions[restrictionIndex(page, VTL(owner))] & access.rawValue != 0 {
      return VTL(owner)
    }
    return nil
  }

  /// The first of the `count` bytes from `gpa` on, at most a page of them, that a VTL may not touch so; nil when it may
  /// all, and where there is no RAM to protect.
  public func firstDenied(_ access: PageAccess, at gpa: GPA, count: Int, vtl: VTL) -> GPA? {
    guard count > 0 else { return nil }
    let last = GPA(gpa.rawValue &+ UInt64(min(count, 4096) &- 1))
    for address in [gpa, GPA(last.rawValue & ~0xFFF)] where address >= gpa {
      if let page = resolve(address.pageNumber, vtl: vtl), !page.access.isSuperset(of: access) { return address }
    }
    return nil
  }

  /// Calls with each run of consecutive pages of which a VTL may do the same, but not everything: first page, number of
  /// pages, what it may do. In order.
  public func forEachProtection(of vtl: VTL, _ body: (UInt64, UInt64, PageAccess) -> Void) {
    guard isProtecting else { return }
    var first: UInt64 = 0
    var count: UInt64 = 0
    var denied: UInt8 = 0
    for page in 0..<Int(ramPages) {
      let here = attributes[attributeIndex(page, vtl)] & PageAccess.all.rawValue
      let number = UInt64(page) < lowPages ? UInt64(page) : UInt64(page) - lowPages + Self.holeEnd >> 12
      if here == denied, number == first + count {
        count += 1
        continue
      }
      if denied != 0 { body(first, count, PageAccess.all.subtracting(PageAccess(rawValue: denied))) }
      (first, count, denied) = (number, 1, here)
    }
    if denied != 0 { body(first, count, PageAccess.all.subtracting(PageAccess(rawValue: denied))) }
  }

  private func restrictionIndex(_ page: Int, _ owner: VTL) -> Int { (owner.index &- 1) &* Int(ramPages) &+ page }

  private func restrict(_ page: Int, _ denied: PageAccess, _ owner: VTL) {
    restrictions[restrictionIndex(page, owner)] = denied.rawValue
    if !denied.isEmpty { isProtecting = true }
    var all: UInt8 = 0
    for vtl in (0..<VTL.countLimit - 1).reversed() {
      all |= restrictions[restrictionIndex(page, VTL(vtl + 1))]
      let index = attributeIndex(page, VTL(vtl))
      attributes[index] = attributes[index] & ~PageAccess.all.rawValue | all
    }
  }
}
