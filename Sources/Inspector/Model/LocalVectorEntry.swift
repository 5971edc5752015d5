import Architecture
import Journal

/// An entry of the local vector table, decoded (SDM Vol. 3A, figure 12-8).
public struct LocalVectorEntry: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bits 7:0.
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
  /// Bits 10:8; not in the timer's entry, which is always fixed.
  public var deliveryMode: DeliveryMode { DeliveryMode(rawValue: UInt8(rawValue.field(8, 3))) ?? .fixed }
  /// Bit 12: sent, and not accepted yet.
  public var isPending: Bool { rawValue.bit(12) }
  /// Bit 16.
  public var isMasked: Bool { rawValue.bit(16) }
  /// Bits 18:17, in the timer's entry.
  public var timerMode: TimerMode { TimerMode(rawValue: UInt8(rawValue.field(17, 2))) ?? .reserved }

  public enum TimerMode: UInt8, Hashable, Sendable, CaseIterable {
    case oneShot = 0
    case periodic = 1
    case deadline = 2
    case reserved = 3

    var letter: String {
      switch self {
      case .oneShot: "o"
      case .periodic: "p"
      case .deadline: "d"
      case .reserved: "?"
      }
    }

    public var text: String {
      switch self {
      case .oneShot: "one-shot"
      case .periodic: "periodic"
      case .deadline: "TSC-deadline"
      case .reserved: "reserved mode"
      }
    }
  }

  /// `mask ExtINT`, `NMI`, `fe`: what it would deliver.
  public var text: String {
    let what = deliveryMode == .fixed ? vector.text : deliveryMode.text
    return isMasked ? (rawValue & 0x7FF == 0 ? "masked" : "masked \(what)") : what
  }
}
