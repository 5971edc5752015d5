import Architecture
import Journal

extension APICMode {
  var text: String {
    switch self {
    case .disabled: "disabled"
    case .xAPIC: "xAPIC"
    case .x2APIC: "x2APIC"
    case .invalid: "INVALID"
    }
  }
}

extension TimerMode {
  var text: String {
    switch self {
    case .oneShot: "one-shot"
    case .periodic: "periodic"
    case .deadline: "TSC-deadline"
    case .reserved: "reserved mode"
    }
  }
}

extension LocalVectorEntry {
  /// `masked ExtINT`, `NMI`, `fe`: what it would deliver.
  var text: String {
    let what = deliveryMode == .fixed ? vector.text : deliveryMode.text
    return isMasked ? (rawValue & 0x7FF == 0 ? "masked" : "masked \(what)") : what
  }
}

/// The registers of one local APIC in words, by the mode it is in.
///
/// The same dword means different things in the two modes: an ID in bits 31:24 or in all 32, a destination of
/// 8 or 32 bits, a logical ID with or without a DFR. Decoding by anything but the current mode misleads.
public struct APICDecoding: Sendable {
  public let context: ContextSnapshot
  public let mode: APICMode

  public init(_ context: ContextSnapshot) {
    self.context = context
    mode = APICBase(rawValue: context.apicBase).mode
  }

  private var apic: APICPage { context.apic }
  private var isWide: Bool { mode == .x2APIC }

  /// 020h: bits 31:24 in xAPIC mode, all 32 in x2APIC mode.
  public var id: ApicID { ApicID(rawValue: isWide ? apic[0x20] : apic[0x20] >> 24) }
  public var isSoftwareEnabled: Bool { apic[0xF0].bit(8) }

  public var idText: String { TextForm.hex(id.rawValue, isWide ? 8 : 2) }

  /// `cluster 0 bit 5`, `flat 04`, `cluster 1 bits 3`; what the logical destination of a message is compared
  /// with.
  public var logicalText: String {
    let ldr = apic[0xD0]
    if isWide { return "cluster \(TextForm.hex(ldr >> 16)) " + Self.bits(ldr & 0xFFFF, digits: 4) }
    guard ldr >> 24 != 0 else { return "no logical id" }
    switch apic[0xE0] >> 28 {
    case 0xF: return "flat \(TextForm.hex(ldr >> 24, 2))"
    case 0x0: return "cluster \(TextForm.hex(ldr >> 28)) " + Self.bits(ldr >> 24 & 0xF, digits: 1)
    default: return "neither flat nor cluster"
    }
  }

  private static func bits(_ set: UInt32, digits: Int) -> String {
    set.nonzeroBitCount == 1 ? "bit \(set.trailingZeroBitCount)" : "bits \(TextForm.hex(set, digits))"
  }

  /// 0E0h; x2APIC mode has none.
  public var dfrText: String { isWide ? "-" : TextForm.hex(apic[0xE0], 8) }

  /// The last interrupt command, with its destination in the form of the mode.
  public var message: InterruptMessage {
    guard isWide else {
      return InterruptMessage(InterruptCommand(xAPICHigh: apic[0x310], low: apic[0x300]), isNarrow: true)
    }
    return InterruptMessage(
      InterruptCommand(rawValue: UInt64(apic[0x310]) << 32 | UInt64(apic[0x300])), isNarrow: false)
  }

  /// 300h and 310h are 0 after reset, and no command that was sent leaves both so.
  public var isCommandWritten: Bool { apic[0x300] != 0 || apic[0x310] != 0 }

  /// `00000000`000c002f  2f fixed all-but-self`; without the high dword when there is no room.
  public func icrText(isShort: Bool) -> String {
    (isShort ? "" : TextForm.hex(apic[0x310], 8) + "`") + TextForm.hex(apic[0x300], 8)
      + "  \(message.kindText) \(message.addressText)"
  }

  public var svrText: String {
    let svr = apic[0xF0]
    return "\(TextForm.hex(svr, 3))  " + (isSoftwareEnabled ? "enabled" : "SOFTWARE-DISABLED")
      + ", spurious \(TextForm.hex(svr & 0xFF, 2))" + (svr.bit(12) ? ", no EOI broadcast" : "")
  }

  /// The divisor of the timer's input clock: 3E0h bits 3, 1, 0 (SDM Vol. 3A, figure 12-10).
  public var timerDivisor: Int {
    let code = Int(apic[0x3E0] & 3 | apic[0x3E0] >> 1 & 4)
    return code == 7 ? 1 : 2 << code
  }

  public var timerEntry: LocalVectorEntry { LocalVectorEntry(rawValue: apic[0x320]) }

  public func entry(_ offset: Int) -> LocalVectorEntry { LocalVectorEntry(rawValue: apic[offset]) }
}
