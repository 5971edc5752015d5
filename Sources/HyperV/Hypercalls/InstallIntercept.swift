import Architecture

/// HvCallInstallIntercept: stops the VTLs below the caller's at an I/O port.
///
/// Input: partition at 0 (8 bytes), access mask at 8 (4; 1 read, 2 write, 0 takes the intercept back), type at 12 (4),
/// parameter at 16 (8; the port in bits 15:0). A VTL may ask for I/O ports, type 0; the other types are for a parent
/// partition, and there is none.
enum InstallIntercept: Hypercall {
  static var code: HypercallCode { .installIntercept }
  static var shape: HypercallShape { .simple(24) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition(orAnswer: .accessDenied)
    guard call.caller.vtl > .vtl0 else { throw .accessDenied }
    let mask = call.input.uint32(at: 8)
    guard call.input.uint32(at: 12) == 0, mask & ~3 == 0 else { throw .invalidParameter }
    let port = UInt16(truncatingIfNeeded: call.input.uint64(at: 16))
    partition.vtls[call.caller.vtl].portIntercepts.set(port, reads: mask & 1 != 0, writes: mask & 2 != 0)
    partition.controlsLowerVTLs = true
    call.effects.append(.portIntercepts)
  }

  /// The parameter, and the access mask.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: call.input.uint64(at: 16), value: UInt64(call.input.uint32(at: 8)))
  }
}
