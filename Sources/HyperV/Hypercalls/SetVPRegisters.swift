import Architecture

/// HvCallSetVpRegisters.
///
/// Header as HvCallGetVpRegisters. Element: register name at 0 (4 bytes), reserved at 4 (12), value at 16
/// (16).
enum SetVPRegisters: Hypercall {
  static var code: HypercallCode { .setVPRegisters }
  static var shape: HypercallShape { .rep(16, element: 32) }
  static var privileges: HyperVPrivileges { .accessVPRegisters }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let target = try call.registerTarget(in: partition)
    let name = VPRegisterName(rawValue: call.input.uint32(at: call.element))
    try call.checkZero(call.element + 4..<call.element + 16)
    let value = call.input.uint128(at: call.element + 16)
    try partition.writeRegister(name, value, of: target, &call, &registers)
  }

  /// The register, and the low half of its value.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(
      target: call.registerContext, argument: UInt64(call.input.uint32(at: call.element)),
      value: call.input.uint64(at: call.element + 16))
  }
}
