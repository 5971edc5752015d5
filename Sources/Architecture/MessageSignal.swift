/// A message-signaled interrupt as a device writes it: an address and a data word. SDM Vol. 3A, 12.11.
public struct MessageSignal: Hashable, Sendable {
  public var address: UInt64
  public var data: UInt32

  public init(address: UInt64, data: UInt32) {
    self.address = address
    self.data = data
  }

  /// Bits 31:20 must be FEEh, and nothing may be set above them.
  public var isInterrupt: Bool { address &>> 20 == 0xFEE }
  /// Address bits 19:12.
  public var destination: UInt8 { UInt8(truncatingIfNeeded: address &>> 12) }
  /// Address bit 3, redirection hint (RH): deliver to one of the destinations only.
  public var isRedirectable: Bool { address.bit(3) }
  /// Address bit 2, destination mode (DM).
  public var isLogical: Bool { address.bit(2) }
  /// Data bits 7:0.
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: data)) }
  /// Data bits 10:8.
  public var deliveryMode: DeliveryMode {
    DeliveryMode(rawValue: UInt8(truncatingIfNeeded: data.field(8, 3))).unsafelyUnwrapped
  }
  /// Data bit 14; looked at for level-triggered messages only.
  public var isAsserted: Bool { data.bit(14) }
  /// Data bit 15.
  public var isLevelTriggered: Bool { data.bit(15) }
}
