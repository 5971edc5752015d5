import Architecture
import Memory

/// Translation for somebody who only asks: no TLB, no fault, and no trace in the page tables unless wanted.
extension Interpreter {
  /// Looks up the page of an address as `probe` would access it, with the page tables, the privilege and the view of
  /// memory that it has.
  ///
  /// The answer says of an access that protections keep away only which it is: `.gpaNoReadAccess` or `.gpaNoWriteAccess`
  /// with the GPA of the page that is protected, be it one of the page tables. The probe is not to be run.
  public func translate(_ address: UInt64, _ flags: TranslationFlags, for probe: Processor) -> AddressTranslation {
    let c = probe.state
    if usesPointers(c) { c.pointee.pointers = readPointers(c) ?? InlineArray(repeating: 0) }
    do throws(Stop) {
      return try look(c, address, flags)
    } catch {
      return c.failedTranslation(error)
    }
  }

  private func look(_ c: CPU, _ address: UInt64, _ flags: TranslationFlags) throws(Stop) -> AddressTranslation {
    guard c.pointee.cr0 & CR0.paging.rawValue != 0 else {
      return destination(c, address & 0xFFFF_FFFF, flags, cacheType: CPUState.writeBack)
    }
    guard !c.isLongModeActive || isCanonical(address) else {
      return AddressTranslation(.pageNotPresent, fault: .generalProtection())
    }
    var steps = InlineArray<4, TableStep>(repeating: TableStep())
    let (accesses, privileges) = (flags.accesses, c.privileges(flags))
    let walk = try tables(c, address, accesses.first ?? .read, privileges.first ?? .supervisor, &steps)
    if !flags.contains(.privilegeExempt) {
      for privilege in privileges {
        for kind in accesses { try checkRights(c, walk, address, kind, privilege) }
      }
    }
    if flags.contains(.setPageTableBits) {
      try mark(c, &steps, isWrite: flags.contains(.validateWrite), for: address)
    }
    return destination(c, walk.gpa, flags, cacheType: c.cacheType(steps))
  }

  /// The last step: whether the page itself allows it.
  private func destination(
    _ c: CPU, _ gpa: UInt64, _ flags: TranslationFlags, cacheType: UInt8
  ) -> AddressTranslation {
    let vtl = VTL(rawValue: c.pointee.vtl)
    guard let page = memory.resolve(gpa &>> 12, vtl: vtl) else {
      return AddressTranslation(.gpaUnmapped, gpa: GPA(gpa), cacheType: cacheType)
    }
    var code = TranslationCode.success
    for kind in flags.accesses where code == .success {
      if !page.access.contains(kind.needed(isUserFetch: c.isUserFetchSeparate)) {
        code = kind == .write ? .gpaNoWriteAccess : .gpaNoReadAccess
      } else if kind == .write, page.isReadOnlyOverlay, !flags.contains(.privilegeExempt) {
        code = .gpaIllegalOverlayAccess
      }
    }
    return AddressTranslation(
      code, gpa: GPA(gpa), cacheType: cacheType, isOverlay: memory.hasOverlay(GPA(gpa), vtl: vtl))
  }
}

extension TranslationFlags {
  /// What is to be possible; nothing at all means that there only has to be a page.
  public var accesses: [AccessKind] {
    var all: [AccessKind] = []
    if contains(.validateRead) { all.append(.read) }
    if contains(.validateWrite) { all.append(.write) }
    if contains(.validateExecute) { all.append(.execute) }
    return all
  }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  /// For whom the flags ask: the privilege level as it is, unless they name one or both.
  fileprivate func privileges(_ flags: TranslationFlags) -> [Privilege] {
    var asked: [Privilege] = []
    let isUser = pointee.cpl == 3
    if flags.contains(.userAccess) || isUser && !flags.contains(.supervisorAccess) { asked.append(.user) }
    if flags.contains(.supervisorAccess) || !isUser && !flags.contains(.userAccess) {
      let isAllowedByFlag = pointee.systemFlags & RFlags.alignmentCheck.rawValue != 0 && !flags.contains(.enforceSMAP)
      let isRestricted =
        pointee.cr4 & CR4.supervisorAccessPrevention.rawValue != 0 && !isAllowedByFlag
        && !flags.contains(.overrideSMAP)
      asked.append(isRestricted ? .restricted : .supervisor)
    }
    return asked
  }

  /// The memory type that PAT, PCD and PWT of the leaf select (SDM Vol. 3A, 13.12.3); of the two kinds of uncacheable
  /// pages it makes one.
  fileprivate func cacheType(_ steps: InlineArray<4, TableStep>) -> UInt8 {
    guard let level = (0..<4).first(where: { steps[$0].isLeaf }) else { return CPUState.writeBack }
    let entry = steps[level].value
    let index = entry.field(3, 2) | (entry.bit(level == 0 ? 7 : 12) ? 4 : 0)
    let type = UInt8(truncatingIfNeeded: (pointee.pat &>> (index &* 8)) & 7)
    return type == 7 ? 0 : type
  }

  /// Why there is no translation, from the fault or the intercept that it would have been.
  fileprivate func failedTranslation(_ stop: Stop) -> AddressTranslation {
    guard stop == .fault else {
      guard case .memoryIntercept(let gpa, _, let kind, _) = pointee.exit else {
        return AddressTranslation(.gpaUnmapped)
      }
      return AddressTranslation(kind == .write ? .gpaNoWriteAccess : .gpaNoReadAccess, gpa: gpa)
    }
    let fault = pointee.fault
    let code = PageFaultCode(rawValue: fault.errorCode ?? 0)
    // A page-table entry on a read-only overlay: #GP.
    guard fault.vector == Fault.page(0, errorCode: 0).vector else {
      return AddressTranslation(.gpaIllegalOverlayAccess, fault: fault)
    }
    if code.contains(.reservedBit) { return AddressTranslation(.invalidPageTableFlags, fault: fault) }
    return AddressTranslation(code.contains(.present) ? .privilegeViolation : .pageNotPresent, fault: fault)
  }
}

extension CPUState {
  /// WB, as IA32_PAT encodes it.
  fileprivate static var writeBack: UInt8 { 6 }
}
