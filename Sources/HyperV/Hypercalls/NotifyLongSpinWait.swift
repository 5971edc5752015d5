import Architecture

/// HvCallNotifyLongSpinWait: the caller has spun for long. Always succeeds.
///
/// Input: spin count at 0 (4 bytes), reserved at 4 (4).
enum NotifyLongSpinWait: Hypercall {
  static var code: HypercallCode { .notifyLongSpinWait }
  static var shape: HypercallShape { .simple(8) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    call.effects.append(.yield)
  }

  /// How often the caller has spun.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: UInt64(call.input.uint32(at: 0)))
  }
}
