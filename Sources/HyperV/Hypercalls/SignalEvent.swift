import Architecture
import Journal

/// HvCallSignalEvent: sets an event flag by a connection to its port.
///
/// Input: connection at 0 (4 bytes; the ID in bits 23:0), flag number at 4 (2), counted from the first flag of the port,
/// reserved at 6 (2).
enum SignalEvent: Hypercall {
  static var code: HypercallCode { .signalEvent }
  static var shape: HypercallShape { .simple(8) }
  static var privileges: HyperVPrivileges { .signalEvents }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    // As KVM has it.
    let reserved = UInt64(call.input.uint8(at: 3)) | call.input.littleEndian(at: 6, count: 2)
    guard reserved == 0 else { throw .invalidHypercallInput }
    let port = try partition.connections.port(.event, call.connectionID)
    let flag = Int(call.input.littleEndian(at: 4, count: 2))
    guard flag < port.flags.count else { throw .invalidParameter }
    let status = registers.status(ofEventTo: port.target, sint: port.sint)
    guard status == .success else { throw status }
    call.effects.append(.signalEvent(flag: port.flags.lowerBound + flag, to: port.target, sint: port.sint))
  }

  /// The connection, and the flag number.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    call.connectionSubject(call.input.littleEndian(at: 4, count: 2))
  }
}
