import Architecture
import Journal

/// Where each candidate of a lowest-priority request stands: the smallest wins, and among equals the lowest VP.
///
/// See `arbitrationRank`.
public typealias ArbitrationPriority = (ContextID) -> UInt64

/// The rank of a local APIC in lowest-priority arbitration.
///
/// First its PPR, which is what SDM Vol. 3A, 12.6.2.4 has the candidates compared by. The manual names no rule for
/// equals; on the APIC bus the winner of an arbitration went to the end of the queue (12.7), so among equals it is who
/// has won least often, which is KVM's rule when it does not hash vectors. The focus processor of the P6 family does
/// not exist here: SVR bit 9 is kept and means nothing, as on every processor since the Pentium 4 (12.9).
public func arbitrationRank(processorPriority: UInt8, won: UInt64) -> UInt64 {
  UInt64(processorPriority) &<< 56 | min(won, 1 &<< 56 &- 1)
}

extension LocalAPIC {
  public var arbitrationRank: UInt64 {
    Interrupts.arbitrationRank(processorPriority: processorPriority, won: counters.arbitrationsWon)
  }
}

extension ContextSnapshot {
  public var arbitrationRank: UInt64 {
    Interrupts.arbitrationRank(
      processorPriority: UInt8(truncatingIfNeeded: apic[APICRegister.processorPriority.offset]),
      won: counters.arbitrationsWon)
  }
}

extension InterruptMessage {
  /// One of the local APICs that match gets it, not all.
  public var arbitrates: Bool { Address(self, from: nil).arbitrates }
}
