import Architecture

/// HvCallAssertVirtualInterrupt: an interrupt for the local APICs of a VTL below the caller's, as from a device.
///
/// Input: partition at 0 (8 bytes), HV_INTERRUPT_CONTROL at 8 (8), destination at 16 (8; an APIC ID, or with bit 33 of the
/// control a logical destination), vector at 24 (4), target VTL at 28 (1), reserved from 29 on (3).
enum AssertVirtualInterrupt: Hypercall {
  static var code: HypercallCode { .assertVirtualInterrupt }
  static var shape: HypercallShape { .simple(32) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition(orAnswer: .accessDenied)
    try call.checkZero(29..<32)
    let target = VTL(rawValue: call.input.uint8(at: 28))
    guard target < call.caller.vtl else { throw .accessDenied }
    guard let command = call.assertedCommand else { throw .invalidParameter }
    call.effects.append(.assertInterrupt(command, target))
  }

  /// The vector and the target VTL, and the destination. Who gets it is in the events of the interrupt.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: UInt64(call.input.uint32(at: 24)), value: call.input.uint64(at: 16))
  }
}

extension HypercallInvocation {
  /// The message as an ICR would hold it; nil for what a local APIC cannot be sent, SMI and remote read included: nobody
  /// below has a use for them.
  fileprivate var assertedCommand: InterruptCommand? {
    let control = input.uint64(at: 8)
    guard control & 0xFFFF_FFFC_0000_0000 == 0, let destination = UInt32(exactly: input.uint64(at: 16)),
      let vector = UInt8(exactly: input.uint32(at: 24)),
      // HV_INTERRUPT_TYPE has the numbers of the delivery modes.
      let mode = UInt8(exactly: control & 0xFFFF_FFFF).flatMap(DeliveryMode.init(rawValue:)),
      Self.assertedModes.contains(mode)
    else { return nil }
    guard mode != .fixed && mode != .lowestPriority || vector >= 16 else { return nil }
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = mode
    command.vector = VectorNumber(rawValue: mode == .nmi ? 0 : vector)
    command.isAsserted = true
    command.isLevelTriggered = control.bit(32)
    command.isLogical = control.bit(33)
    command.destination = destination
    return command
  }

  private static var assertedModes: [DeliveryMode] { [.fixed, .lowestPriority, .nmi, .initialize, .startup] }
}
