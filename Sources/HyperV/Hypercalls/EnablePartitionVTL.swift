import Architecture

/// HvCallEnablePartitionVtl: a VTL comes into being for the partition. One-way until a reset.
///
/// Input: partition at 0 (8 bytes), VTL at 8 (1), flags at 9 (1), reserved at 10 (6). The flags ask for
/// mode-based execution control (bit 0), which VTL1 can have, supervisor shadow stacks and hardware page-table
/// protection, which are not offered.
enum EnablePartitionVTL: Hypercall {
  static var code: HypercallCode { .enablePartitionVTL }
  static var shape: HypercallShape { .simple(16) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let target = VTL(rawValue: call.input.uint8(at: 8))
    guard target > .vtl0, target <= partition.configuration.maximumVTL else { throw .invalidParameter }
    guard !partition.enabledVTLs.contains(target) else { throw .invalidVTLState }
    let usesModeBasedExecution = target == .vtl1 && call.input.uint8(at: 9) == 1
    try call.checkZero(usesModeBasedExecution ? 10..<16 : 9..<16)
    // Any VTL above may enable it; from below only the highest that there is.
    guard call.caller.vtl > target || call.caller.vtl == partition.enabledVTLs.highest(below: target)
    else { throw .accessDenied }
    partition.enabledVTLs.insert(target)
    partition.vtls[target].usesModeBasedExecution = usesModeBasedExecution
    call.effects.append(.enablePartitionVTL(target))
  }

  /// The VTL, and the flags.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: UInt64(call.input.uint8(at: 8)), value: UInt64(call.input.uint8(at: 9)))
  }
}
