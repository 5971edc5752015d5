import Architecture
import Journal

extension InterruptMessage {
  /// What a message-signaled interrupt asks for; nil when the address is not FEEx_xxxxh. SDM Vol. 3A, 12.11.
  ///
  /// The destination is 8 bits wide and FFh addresses everybody, whatever mode the targets are in: KVM's
  /// default too. The redirection hint turns a fixed message into a lowest-priority one. The destination mode
  /// bit is honoured with and without the hint, as chipsets and KVM do. The extended destination in address
  /// bits 11:5 is not offered.
  public init?(_ signal: MessageSignal) {
    guard signal.isInterrupt else { return nil }
    var command = InterruptCommand(rawValue: 0)
    command.vector = signal.vector
    let isRedirected = signal.isRedirectable && signal.deliveryMode == .fixed
    command.deliveryMode = isRedirected ? .lowestPriority : signal.deliveryMode
    command.isLogical = signal.isLogical
    command.isLevelTriggered = signal.isLevelTriggered
    // An edge is an assertion whatever the level bit says.
    command.isAsserted = signal.isAsserted || !signal.isLevelTriggered
    command.destination = UInt32(signal.destination)
    self.init(command, isNarrow: true)
  }
}
