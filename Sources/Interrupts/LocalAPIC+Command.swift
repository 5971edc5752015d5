import Architecture
import Journal

extension LocalAPIC {
  /// The bits of ICR low that software can write: vector, mode, destination mode, level, trigger, shorthand.
  private static var commandBits: UInt64 { 0x000C_CFFF }
  /// The bits of the x2APIC ICR that must be 0: 31:20, 17:16 and 13. Bit 12, the xAPIC's delivery status, is
  /// ignored, as processors and KVM do.
  private static var reservedX2APICBits: UInt64 { 0xFFF3_2000 }

  /// ICR low in xAPIC mode: sends to the destination in ICR high.
  mutating func sendXAPIC(_ low: UInt32) -> APICEffect {
    let destination = command.destination
    command.rawValue = UInt64(low) & Self.commandBits
    command.destination = destination
    return send(command, isNarrow: true)
  }

  /// ICR in x2APIC mode: one write of 64 bits sends.
  mutating func sendX2APIC(_ value: UInt64) throws(Fault) -> APICEffect {
    guard value & Self.reservedX2APICBits == 0 else { throw .generalProtection() }
    command.rawValue = value & (Self.commandBits | 0xFFFF_FFFF_0000_0000)
    return send(command, isNarrow: false)
  }

  /// SELF IPI: a fixed, edge-triggered interrupt to itself (SDM Vol. 3A, 12.12.11).
  mutating func sendSelf(_ vector: VectorNumber) -> APICEffect {
    var command = InterruptCommand(rawValue: 0)
    command.vector = vector
    command.isAsserted = true
    command.shorthand = .selfOnly
    return send(command, isNarrow: false)
  }

  /// The message a command makes.
  ///
  /// Level and trigger mean something for INIT only, to tell a de-assert; every other IPI is edge-triggered
  /// (SDM Vol. 3A, 12.6.1). KVM sends level-triggered fixed IPIs when asked to. An illegal vector is not
  /// sent; KVM sends it. Nor is ExtINT, which is for devices.
  private mutating func send(_ command: InterruptCommand, isNarrow: Bool) -> APICEffect {
    var sent = command
    if sent.deliveryMode != .initialize {
      sent.isAsserted = true
      sent.isLevelTriggered = false
    }
    let message = InterruptMessage(sent, isNarrow: isNarrow)
    counters.sent &+= 1
    guard let rejection = sendRejection(of: sent) else { return .send(message) }
    if rejection == .illegalVector { detect(.sendIllegalVector) }
    return .sendRejected(message, rejection)
  }
}
