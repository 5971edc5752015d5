import Architecture

/// HvCallStartVirtualProcessor: starts a VP in a given state, which no SIPI can do for a VTL above 0.
///
/// Input as HvCallEnableVpVtl. When the VP has a VTL above the target, that one runs first, from the context
/// it was enabled with.
enum StartVirtualProcessor: Hypercall {
  static var code: HypercallCode { .startVirtualProcessor }
  static var shape: HypercallShape { .simple(16 + InitialVPContext.byteCount) }
  static var privileges: HyperVPrivileges { .startVirtualProcessor }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let vp = try call.vp(at: 8, in: partition)
    guard vp != call.caller.vp else { throw .invalidVPIndex }
    let target = VTL(rawValue: call.input.uint8(at: 12))
    guard target <= call.caller.vtl else { throw .accessDenied }
    guard partition.processors[vp.index].enabledVTLs.contains(target) else { throw .invalidVPState }
    guard !isDenied(call.caller.vtl, partition) else { throw .accessDenied }
    guard !partition.processors[vp.index].isStarted else { throw .invalidVPState }
    guard let context = InitialVPContext(call.input, at: 16).validated(for: target) else {
      throw .invalidParameter
    }

    let id = ContextID(vp: vp, vtl: target)
    let first = partition.processors[vp.index].enabledVTLs.highest ?? target
    partition.processors[vp.index].isStarted = true
    partition.processors[vp.index].activeVTL = first
    partition[id].initialContext = context
    call.effects.append(.startVP(id, context, first: first))
  }

  /// Some VTL above the caller has set DenyLowerVtlStartup.
  private static func isDenied(_ caller: VTL, _ partition: HyperVPartition) -> Bool {
    [VTL.vtl1, .vtl2].contains { $0 > caller && partition.vtls[$0].config.deniesLowerVTLStartup }
  }

  /// RIP and RSP of the context that is given.
  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.initialContextSubject }
}
