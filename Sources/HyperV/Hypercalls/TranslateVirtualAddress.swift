import Architecture

/// HvCallTranslateVirtualAddress: where an address leads that a VTL of a VP would use.
///
/// Input: partition at 0 (8 bytes), VP at 8 (4), control flags at 16 (8; HV_INPUT_VTL in the top byte), page number of the
/// address at 24 (8). Output: HV_TRANSLATE_GVA_RESULT at 0 (8), page number of the GPA at 8 (8). That there is no
/// translation is an answer and no error.
enum TranslateVirtualAddress: Hypercall {
  static var code: HypercallCode { .translateVirtualAddress }
  static var shape: HypercallShape { .simple(32, output: 16) }
  static var privileges: HyperVPrivileges { .accessVPRegisters }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let found = try call.translate(on: &partition, &registers)
    call.answer(found.result, count: 8)
    call.answer(found.gpa.pageNumber, count: 8)
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.translationSubject(gpaOffset: 8) }
}

/// HvCallTranslateVirtualAddressEx: the same, and the exception that the access would raise.
///
/// Output: HV_TRANSLATE_GVA_RESULT at 0 (8 bytes), HV_X64_PENDING_EVENT at 16 (32), page number of the GPA at 48 (8).
enum TranslateVirtualAddressEx: Hypercall {
  static var code: HypercallCode { .translateVirtualAddressEx }
  static var shape: HypercallShape { .simple(32, output: 64) }
  static var privileges: HyperVPrivileges { .accessVPRegisters }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let found = try call.translate(on: &partition, &registers)
    let event = found.fault.map { PendingEvent($0).rawValue } ?? 0
    call.output = [UInt8](repeating: 0, count: 64)
    call.output.setLittleEndian(found.result, at: 0, count: 8)
    call.output.setLittleEndian(event, at: 16)
    call.output.setLittleEndian(found.gpa.pageNumber, at: 48, count: 8)
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.translationSubject(gpaOffset: 48) }
}

extension HypercallInvocation {
  /// A VTL may ask about itself and those below it. Padding is not looked at: KVM's guests leave in it what they have.
  fileprivate mutating func translate(
    on partition: inout HyperVPartition, _ registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) -> AddressTranslation {
    try checkPartition()
    let target = ContextID(vp: try vp(at: 8, in: partition), vtl: try targetVTL(at: 23))
    guard partition.processors[target.vp.index].enabledVTLs.contains(target.vtl) else { throw .invalidHypercallInput }
    let flags = TranslationFlags(rawValue: input.uint64(at: 16) & 0x00FF_FFFF_FFFF_FFFF)
    guard TranslationFlags.known.isSuperset(of: flags) else { throw .invalidParameter }

    if flags.contains(.inhibitFlush), target.vtl < caller.vtl {
      let holder = ContextID(vp: target.vp, vtl: caller.vtl)
      guard partition.processors[holder.vp.index].enabledVTLs.contains(holder.vtl) else { throw .invalidVTLState }
      if let effect = partition.setTLBLock(true, of: target.vtl, by: holder) { effects.append(effect) }
    }
    var found = registers.translate(GVA(input.uint64(at: 24) &<< 12), flags, for: target)
    if found.code == .gpaNoReadAccess || found.code == .gpaNoWriteAccess {
      let access: ProtectionMask = found.code == .gpaNoWriteAccess ? .writes : .readsAndFetches
      let owner = registers.protector(of: access, at: found.gpa, from: target.vtl)
      if let owner, owner > caller.vtl { found.code = .intercept }
    }
    return found
  }

  /// The address, and the page number that was answered.
  fileprivate func translationSubject(gpaOffset: Int) -> HypercallSubject {
    HypercallSubject(
      target: namedContext(vp: input.uint32(at: 8), vtl: namedVTL(at: 23)), argument: input.uint64(at: 24) &<< 12,
      value: output.isEmpty ? 0 : output.uint64(at: gpaOffset) &<< 12)
  }
}
