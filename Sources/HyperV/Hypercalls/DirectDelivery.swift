import Architecture
import Journal

/// HvCallSignalEventDirect: sets an event flag of a source of a VTL below the caller's, without a connection.
///
/// Input: partition at 0 (8 bytes), VP index at 8 (4), VTL at 12 (1), SINT at 13 (1), flag number at 14 (2). Output: 1 when
/// the flag was clear before (1), reserved (7).
enum SignalEventDirect: Hypercall {
  static var code: HypercallCode { .signalEventDirect }
  static var shape: HypercallShape { .simple(16, output: 8) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let target = try call.contextBelow(in: partition)
    let sint = try call.source(at: 13)
    let flag = Int(call.input.littleEndian(at: 14, count: 2))
    guard flag < SynICPort.flagCount else { throw .invalidParameter }
    let status = registers.status(ofEventTo: target, sint: sint)
    guard status == .success else { throw status }
    call.answer(registers.isEventFlagSet(flag, of: target, sint: sint) ? 0 : 1, count: 8)
    call.effects.append(.signalEvent(flag: flag, to: target, sint: sint))
  }

  /// The source and the flag number.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    call.directSubject(sintAt: 13, call.input.littleEndian(at: 14, count: 2))
  }
}

/// HvCallPostMessageDirect: sends a message to a source of a VTL below the caller's, without a connection.
///
/// Input: partition at 0 (8 bytes), VP index at 8 (4), VTL at 12 (1), SINT at 16 (1), HV_MESSAGE at 20 (256): type (4),
/// payload size (1), flags (1), reserved (2), origination (8), payload (240). What fills it up ends at 280. The
/// specification's table has the SINT and the message elsewhere than the headers that its guests are built with: these
/// hold, as in OpenVMM.
enum PostMessageDirect: Hypercall {
  static var code: HypercallCode { .postMessageDirect }
  static var shape: HypercallShape { .simple(280) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let target = try call.contextBelow(in: partition)
    let sint = try call.source(at: 16)
    let type = call.input.uint32(at: 20)
    let size = Int(call.input.uint8(at: 24))
    // 0 is an empty slot. The hypervisor's own types are the caller's to send: below it, it stands in for it.
    guard type != 0, size <= SynICMessage.payloadLimit else { throw .invalidParameter }
    let status = registers.status(ofMessageFrom: .higherVTL, to: target, sint: sint)
    guard status == .success else { throw status }
    let message = SynICMessage(
      type: type, payload: Array(call.input[36..<36 + size]), origination: call.input.uint64(at: 28), from: .higherVTL)
    call.effects.append(.postMessage(message, to: target, sint: sint))
  }

  /// The source and the message type.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    call.directSubject(sintAt: 16, UInt64(call.input.uint32(at: 20)))
  }
}

extension HypercallInvocation {
  /// The context that a header names by partition, VP index at 8 and VTL at 12, and that is below the caller.
  fileprivate func contextBelow(in partition: HyperVPartition) throws(HypercallStatus) -> ContextID {
    try checkPartition(orAnswer: .accessDenied)
    let vtl = VTL(rawValue: input.uint8(at: 12))
    guard vtl < caller.vtl else { throw .accessDenied }
    return ContextID(vp: try vp(at: 8, in: partition), vtl: vtl)
  }

  /// The synthetic interrupt source whose number is at `offset`.
  fileprivate func source(at offset: Int) throws(HypercallStatus) -> Int {
    let sint = Int(input.uint8(at: offset))
    guard sint < SynICRegister.sourceCount else { throw .invalidParameter }
    return sint
  }

  fileprivate func directSubject(sintAt offset: Int, _ value: UInt64) -> HypercallSubject {
    HypercallSubject(
      target: namedContext(vp: input.uint32(at: 8), vtl: VTL(rawValue: input.uint8(at: 12))),
      argument: UInt64(input.uint8(at: offset)), value: value)
  }
}
