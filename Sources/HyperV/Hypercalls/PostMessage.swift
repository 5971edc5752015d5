import Architecture
import Journal

/// HvCallPostMessage: sends a message by a connection to its port.
///
/// Input: connection at 0 (4 bytes; the ID in bits 23:0), reserved at 4 (4), message type at 8 (4), payload size at 12
/// (4), payload at 16 (240). Too large for registers.
enum PostMessage: Hypercall {
  static var code: HypercallCode { .postMessage }
  static var shape: HypercallShape { .simple(256) }
  static var privileges: HyperVPrivileges { .postMessages }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let type = call.input.uint32(at: 8)
    // 0 is an empty slot, and bit 31 the hypervisor's own.
    guard let size = Int(exactly: call.input.uint32(at: 12)), size <= SynICMessage.payloadLimit, type != 0,
      !type.bit(31)
    else { throw .invalidParameter }
    let id = call.connectionID
    let port = try partition.connections.port(.message, id)
    let status = registers.status(ofMessageFrom: .port(id), to: port.target, sint: port.sint)
    guard status == .success else { throw status }
    let message = SynICMessage(type: type, payload: Array(call.input[16..<16 + size]), origination: UInt64(id))
    call.effects.append(.postMessage(message, to: port.target, sint: port.sint))
  }

  /// The connection, and the message type.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    call.connectionSubject(UInt64(call.input.uint32(at: 8)))
  }
}
