import Architecture
import HyperV
import Interpreter
import Journal

/// Hypercalls that flush a TLB wait for the VTL that has locked it (TLFS, "Virtual Secure Mode", TlbLocked).
///
/// The VP that waits is suspended in that VTL: it takes no interrupt there, but a higher VTL can still be entered. When
/// the lock is gone the hypercall is made again, from its beginning, and may find another.
extension Partition {
  /// Who has locked a TLB that the hypercall would flush.
  func lockHolder(against outcome: HypercallOutcome, by caller: ContextID) -> ContextID? {
    for case .flush(let vtl, let targets) in outcome.effects {
      if let holder = hyperV.tlbLockHolder(of: vtl, on: targets, except: caller.vp) { return holder }
    }
    return nil
  }

  func wait(_ id: ContextID, for holder: ContextID) {
    context(id).pointee.waitsForTLB = holder
    record(.flushWaits(holder), context: id, rip: vps[id.vp.index].processor.rip)
    touch(id.vp.index)
  }

  /// True when someone waited for this lock: its turn comes before the holder can lock again.
  func changeTLBLock(of vtl: VTL, by holder: ContextID, isLocked: Bool) -> Bool {
    let isActive = active(holder.vp.index) == holder
    let rip = isActive ? vps[holder.vp.index].processor.rip : 0
    record(.tlbLockChanged(vtl, isLocked: isLocked), context: holder, rip: rip)
    return isLocked ? false : resumeFlushes(waitingFor: holder)
  }

  /// A VTL that returns lets go of its locks on the VP.
  func releaseTLBLocks(_ locks: VTLSet, of holder: ContextID) -> Bool {
    var yields = false
    for vtl in [VTL.vtl0, .vtl1] where locks.contains(vtl) {
      if changeTLBLock(of: vtl, by: holder, isLocked: false) { yields = true }
    }
    return yields
  }

  private func resumeFlushes(waitingFor holder: ContextID) -> Bool {
    var found = false
    for i in 0..<contextCount where contexts[i].waitsForTLB == holder {
      contexts[i].waitsForTLB = nil
      contexts[i].generation &+= 1
      touch(contexts[i].id.vp.index)
      found = true
    }
    return found
  }
}
