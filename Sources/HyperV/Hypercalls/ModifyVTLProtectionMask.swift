import Architecture

/// HvCallModifyVtlProtectionMask: what the VTLs below the target may do with some pages.
///
/// Header: partition at 0 (8 bytes), flags at 8 (4; HV_MAP_GPA_FLAGS: read, write, kernel execute, user execute), VTL
/// whose mask it is at 12 (1), reserved at 13 (3). Element: guest page number (8).
enum ModifyVTLProtectionMask: Hypercall {
  static var code: HypercallCode { .modifyVTLProtectionMask }
  static var shape: HypercallShape { .rep(16, element: 8) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let owner = owner(of: try call.targetVTL(at: 12), call)
    guard owner > .vtl0 else { throw .invalidParameter }
    guard partition.enabledVTLs.contains(owner) else { throw .invalidVTLState }
    guard partition.vtls[owner].config.enablesProtection else { throw .accessDenied }
    guard
      let access = ProtectionMask(
        mapFlags: call.input.uint32(at: 8), isModeBased: partition.vtls[owner].usesModeBasedExecution)
    else { throw .invalidRegisterValue }
    let page = call.input.uint64(at: call.element)
    guard page &>> 52 == 0, registers.isRAM(GPA(page &<< 12)) else { throw .invalidParameter }
    call.protect(page, access, by: owner)
  }

  /// The VTL whose mask it is: the one that is named. VTL0 has none, and who names it from above, as the guests of KVM's
  /// VSM do, means what VTL1 allows it.
  private static func owner(of named: VTL, _ call: HypercallInvocation) -> VTL {
    named == .vtl0 && call.caller.vtl > .vtl0 ? .vtl1 : named
  }

  /// The page, and the flags. The VP is the caller's: a mask is the partition's.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(
      target: call.namedContext(vp: HypercallConstant.vpIndexSelf, vtl: call.namedVTL(at: 12)),
      argument: call.input.uint64(at: call.element), value: UInt64(call.input.uint32(at: 8)))
  }
}

extension HypercallInvocation {
  /// Pages that follow one another are one effect.
  fileprivate mutating func protect(_ page: UInt64, _ access: ProtectionMask, by owner: VTL) {
    if case .protect(owner, let first, let count, access)? = effects.last, first &+ count == page {
      effects[effects.count - 1] = .protect(owner, firstPage: first, count: count + 1, access)
    } else {
      effects.append(.protect(owner, firstPage: page, count: 1, access))
    }
  }
}
