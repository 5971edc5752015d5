import Architecture

/// HvExtCallQueryCapabilities: which of the extended hypercalls, 8000h and above, there are. None but this one.
///
/// Output: a bit per hypercall from 8002h on (8 bytes).
enum QueryExtendedCapabilities: Hypercall {
  static var code: HypercallCode { .queryExtendedCapabilities }
  static var shape: HypercallShape { .simple(0, output: 8) }
  static var privileges: HyperVPrivileges { .extendedHypercalls }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    call.answer(0, count: 8)
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { HypercallSubject() }
}
