import Architecture

/// A VTL can lock the TLB of a VTL below it on its VP: whoever would flush it waits (TLFS, "Virtual Secure Mode",
/// TlbLocked).
extension HyperVPartition {
  /// Who keeps `caller` from flushing the translations of `vtl` on these VPs; nil when nobody does.
  ///
  /// A VP never waits for itself: its higher VTL lets go when it returns.
  public func tlbLockHolder(of vtl: VTL, on targets: [VPIndex], except caller: VPIndex) -> ContextID? {
    for vp in targets where vp != caller {
      for level in vtl.index + 1..<VTL.countLimit {
        let holder = ContextID(vp: vp, vtl: VTL(level))
        if processors[vp.index].vtls[holder.vtl].tlbLocks.contains(vtl) { return holder }
      }
    }
    return nil
  }

  /// Says what has become of a lock; nil when nothing has.
  mutating func setTLBLock(_ isLocked: Bool, of vtl: VTL, by holder: ContextID) -> HyperVEffect? {
    guard self[holder].tlbLocks.contains(vtl) != isLocked else { return nil }
    if isLocked { self[holder].tlbLocks.insert(vtl) } else { self[holder].tlbLocks.remove(vtl) }
    return .tlbLock(of: vtl, by: holder, isLocked: isLocked)
  }
}
