import Architecture

/// HvCallGetVpRegisters.
///
/// Header: partition at 0 (8 bytes), VP index at 8 (4), HV_INPUT_VTL at 12 (1), reserved at 13 (3).
/// Element: register name (4). Output: value (16).
enum GetVPRegisters: Hypercall {
  static var code: HypercallCode { .getVPRegisters }
  static var shape: HypercallShape { .rep(16, element: 4, output: 16) }
  static var privileges: HyperVPrivileges { .accessVPRegisters }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let target = try call.registerTarget(in: partition)
    let name = VPRegisterName(rawValue: call.input.uint32(at: call.element))
    call.output.appendLittleEndian(try partition.readRegister(name, of: target, call, registers))
  }

  /// The register, and the low half of its value where there was one to give.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(
      target: call.registerContext, argument: UInt64(call.input.uint32(at: call.element)),
      value: call.lastOutput.map { call.output.uint64(at: $0) } ?? 0)
  }
}

extension HypercallInvocation {
  /// The context that the header of a register hypercall names.
  func registerTarget(in partition: HyperVPartition) throws(HypercallStatus) -> ContextID {
    // Another partition would have to be a child of this one, and there are none.
    try checkPartition(orAnswer: .accessDenied)
    let vp = try vp(at: 8, in: partition)
    let vtl = try targetVTL(at: 12)
    guard partition.processors[vp.index].enabledVTLs.contains(vtl) else { throw .invalidParameter }
    return ContextID(vp: vp, vtl: vtl)
  }
}
