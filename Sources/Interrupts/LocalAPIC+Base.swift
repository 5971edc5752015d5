import Architecture
import Journal

extension LocalAPIC {
  /// Who writes IA32_APIC_BASE.
  public enum Writer: Hashable, Sendable {
    case guest
    /// Restoring state: any valid mode may follow any other.
    case host
  }

  /// WRMSR to IA32_APIC_BASE (1Bh). SDM Vol. 3A, 12.12.5, figure 12-27; #GP(0) for reserved bits and illegal
  /// steps.
  public mutating func writeBase(_ value: UInt64, by writer: Writer = .guest) throws(Fault) -> APICEffect {
    let new = APICBase(rawValue: value)
    guard value & reservedBaseBits == 0, new.mode != .invalid else { throw .generalProtection() }
    guard writer == .host || isLegal(from: base.mode, to: new.mode) else { throw .generalProtection() }
    let old = base
    guard new != old else { return .none }
    base = new
    if old.mode != new.mode { enter(new.mode, from: old.mode) }
    updatePriority()
    updatePins()
    return .baseChanged(from: old, to: new)
  }

  /// Bits 7:0, 9, EXTD where there is no x2APIC mode, and what is above the physical address width.
  private var reservedBaseBits: UInt64 {
    0x2FF | (offersX2APIC ? 0 : 0x400) | .max << UInt64(physicalAddressBits)
  }

  private func isLegal(from old: APICMode, to new: APICMode) -> Bool {
    switch (old, new) {
    case (.disabled, .x2APIC), (.x2APIC, .xAPIC), (_, .invalid): false
    default: true
    }
  }

  /// What a change of mode does to the registers.
  ///
  /// Disabling may lose the state (12.4.3); this core resets all of it but the TPR, which CR8 still reaches.
  /// KVM keeps IRR, ISR and the LVT. Entering xAPIC mode gives the ID back its initial value; entering x2APIC
  /// mode drops what was written to ID, LDR and the ICR's destination (12.12.5.1).
  private mutating func enter(_ new: APICMode, from old: APICMode) {
    switch new {
    case .disabled:
      resetRegisters()
      xAPICID = UInt8(truncatingIfNeeded: initialID.rawValue)
    case .xAPIC:
      xAPICID = UInt8(truncatingIfNeeded: initialID.rawValue)
      xAPICLogicalDestination = 0
    case .x2APIC: command.destination = 0
    case .invalid: break
    }
  }

  /// The page the registers answer in, in xAPIC mode; nil when no address reaches them.
  public var mmioPage: GPA? { base.mode == .xAPIC ? base.address : nil }
}
