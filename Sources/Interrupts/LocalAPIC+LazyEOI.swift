import Architecture
import Journal

/// KVM's PV EOI: a byte in guest memory that the guest may clear in place of writing EOI.
///
/// Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_PV_EOI_EN.
public struct LazyEndOfInterrupt: Hashable, Sendable {
  /// The MSR.
  public internal(set) var rawValue: UInt64 = 0
  /// The byte was set, and nobody has looked at it since.
  public internal(set) var isArmed = false

  public var isEnabled: Bool { rawValue.bit(0) }
  public var address: GPA { GPA(rawValue & ~3) }
}

extension LocalAPIC {
  /// A write of the MSR: #GP(0) when bit 1 is set, because the byte's address is a multiple of 4.
  ///
  /// The caller has checked that the address is RAM when bit 0 is set, and has settled what was armed before.
  public mutating func writeLazyEOI(_ value: UInt64) throws(Fault) {
    guard value & 2 == 0 else { throw .generalProtection() }
    lazyEOI.rawValue = value
  }

  /// Whether the next EOI may be a lazy one: nothing waits in the IRR that it could uncover, the highest vector in
  /// service was taken since the last EOI, and it is not one that an IOAPIC or a LINT pin has to hear of.
  public var canArmLazyEOI: Bool {
    guard lazyEOI.isEnabled, !lazyEOI.isArmed, requests.isEmpty, isServiceFresh, let top = service.highest else {
      return false
    }
    return !triggerModes.contains(top)
  }

  /// The caller has set the byte.
  public mutating func armLazyEOI() { lazyEOI.isArmed = true }

  /// The guest has left, and this is what it has made of the byte. Cleared, it was the EOI; set, the caller clears it,
  /// and an EOI has to be written until it is armed anew.
  public mutating func settleLazyEOI(isByteSet: Bool, at now: VirtualTime, rip: UInt64) -> APICEffect {
    guard lazyEOI.isArmed else { return .none }
    lazyEOI.isArmed = false
    return isByteSet ? .none : endOfInterrupt(at: now, rip: rip)
  }
}
