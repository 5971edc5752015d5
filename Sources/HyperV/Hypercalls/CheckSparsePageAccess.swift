import Architecture

/// HvCallCheckSparseGpaPageVtlAccess: whether a VTL below the caller's could do with some pages what it wants to.
///
/// Header: partition at 0 (8 bytes), HV_INPUT_VTL at 8 (1), wanted access at 9 (1; as HV_MAP_GPA_FLAGS 3:0). Element: page
/// number (8). Output: 7:0 0 for allowed and 1 for a memory intercept, 15:8 the access that is denied, 19:16 the VTL that
/// denies it.
enum CheckSparsePageAccess: Hypercall {
  static var code: HypercallCode { .checkSparsePageAccess }
  static var shape: HypercallShape { .rep(16, element: 8, output: 8) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let target = try call.targetVTL(at: 8)
    guard target < call.caller.vtl else { throw .accessDenied }
    let wanted = call.input.uint8(at: 9)
    guard wanted & 0xF0 == 0 else { throw .invalidParameter }
    let number = call.input.uint64(at: call.element)
    guard number >> 52 == 0, registers.isRAM(GPA(number << 12)) else { throw .invalidParameter }
    call.answer(denial(GPA(number << 12), wanted, target, registers), count: 8)
  }

  private static func denial(
    _ page: GPA, _ wanted: UInt8, _ target: VTL, _ registers: some VPRegisterAccess
  ) -> UInt64 {
    var denied: UInt8 = 0
    var lowest: VTL?
    for bit in 0..<4 where wanted.bit(bit) {
      let owner = registers.protector(of: ProtectionMask(rawValue: 1 << UInt8(bit)), at: page, from: target)
      guard let owner else { continue }
      denied |= 1 << UInt8(bit)
      lowest = min(lowest ?? owner, owner)
    }
    guard let lowest else { return 0 }
    return 1 | UInt64(denied) << 8 | UInt64(lowest.rawValue) << 16
  }

  /// The page, and what was answered for it.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(
      target: call.namedContext(vp: HypercallConstant.vpIndexSelf, vtl: call.namedVTL(at: 8)),
      argument: call.input.uint64(at: call.element) &<< 12,
      value: call.lastOutput.map { call.output.uint64(at: $0) } ?? 0)
  }
}
