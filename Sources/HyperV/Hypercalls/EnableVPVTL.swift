import Architecture

/// HvCallEnableVpVtl: a VP gets a VTL that the partition has. Its active VTL stays.
///
/// Input: partition at 0 (8 bytes), VP index at 8 (4), VTL at 12 (1), reserved at 13 (3), initial context at
/// 16 (224).
enum EnableVPVTL: Hypercall {
  static var code: HypercallCode { .enableVPVTL }
  static var shape: HypercallShape { .simple(16 + InitialVPContext.byteCount) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let vp = try call.vp(at: 8, in: partition)
    let target = VTL(rawValue: call.input.uint8(at: 12))
    guard target > .vtl0, target <= partition.configuration.maximumVTL else { throw .invalidParameter }
    guard partition.enabledVTLs.contains(target) else { throw .invalidVTLState }
    guard !partition.processors[vp.index].enabledVTLs.contains(target) else { throw .vtlAlreadyEnabled }
    guard call.caller.vtl >= target || isFirst(target, on: vp, call, partition) else { throw .accessDenied }
    guard let context = InitialVPContext(call.input, at: 16).validated(for: target) else {
      throw .invalidParameter
    }

    let id = ContextID(vp: vp, vtl: target)
    partition.processors[vp.index].enabledVTLs.insert(target)
    partition[id].initialContext = context
    call.effects.append(.enableVP(id, context))
  }

  /// A lower VTL may enable the target on its own VP, and only the first time anywhere: from then on the
  /// target itself decides which VPs have it.
  private static func isFirst(
    _ target: VTL, on vp: VPIndex, _ call: HypercallInvocation, _ partition: HyperVPartition
  ) -> Bool {
    vp == call.caller.vp && !partition.processors.contains { $0.enabledVTLs.contains(target) }
  }

  /// RIP and RSP of the context that is given.
  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.initialContextSubject }
}
