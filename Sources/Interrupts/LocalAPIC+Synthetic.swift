import Architecture
import Journal

/// The registers of the local APIC as the synthetic MSRs of Hyper-V show them (TLFS, "Virtual Interrupt
/// Controller").
extension LocalAPIC {
  /// HV_X64_MSR_ICR: ICR high in 63:32 and ICR low in 31:0, as this APIC's mode lays them out.
  public var interruptCommandPair: UInt64 {
    guard mode == .xAPIC else { return command.rawValue }
    return UInt64(command.destination) &<< 56 | command.rawValue & 0xFFFF_FFFF
  }

  /// A write to HV_X64_MSR_ICR: sends, as the two halves written to this APIC would. #GP(0) while it is
  /// disabled.
  public mutating func writeInterruptCommandPair(_ value: UInt64) throws(Fault) -> APICEffect {
    switch mode {
    case .x2APIC: return try sendX2APIC(value)
    case .xAPIC:
      command.destination = UInt32(truncatingIfNeeded: value &>> 56)
      return sendXAPIC(UInt32(truncatingIfNeeded: value))
    case .disabled, .invalid: throw .generalProtection()
    }
  }

  /// Errors since ESR was last written: what a write of ESR would make readable.
  public var unreadErrors: APICErrorStatus { newErrors }
}
