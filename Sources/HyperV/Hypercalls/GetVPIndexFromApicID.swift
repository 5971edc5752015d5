import Architecture

/// HvCallGetVpIndexFromApicId: which VPs have these APIC IDs (the ones they had at power-on).
///
/// Header: partition at 0 (8 bytes), VTL at 8 (1), reserved at 9 (7). Element: APIC ID (4). Output: VP index
/// (4).
enum GetVPIndexFromApicID: Hypercall {
  static var code: HypercallCode { .getVPIndexFromApicID }
  static var shape: HypercallShape { .rep(16, element: 4, output: 4) }
  static var privileges: HyperVPrivileges { .startVirtualProcessor }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let target = VTL(rawValue: call.input.uint8(at: 8))
    guard target <= call.caller.vtl else { throw .accessDenied }
    try call.checkZero(9..<16)
    let id = ApicID(rawValue: call.input.uint32(at: call.element))
    guard
      let found = partition.processors.first(where: { $0.apicID == id && $0.enabledVTLs.contains(target) })
    else { throw .invalidParameter }
    call.answer(UInt64(found.index.rawValue), count: 4)
  }

  /// The APIC ID, and the VP index that was answered for it.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    let index = call.lastOutput.map { call.output.uint32(at: $0) }
    return HypercallSubject(
      target: index.flatMap { call.namedContext(vp: $0, vtl: VTL(rawValue: call.input.uint8(at: 8))) },
      argument: UInt64(call.input.uint32(at: call.element)), value: UInt64(index ?? 0))
  }
}
