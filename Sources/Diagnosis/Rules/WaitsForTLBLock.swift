import Architecture
import Journal

extension Rule {
  /// S28: a hypercall that flushes a TLB waits for the VTL that has locked it on another VP (TLFS, "Virtual Secure Mode",
  /// TlbLocked). Its VTL takes no interrupts meanwhile.
  static var waitsForTLBLock: Rule {
    Rule(.waitsForTLBLock, "a flush waits for a higher VTL that has locked the TLB") { context, scene in
      guard context.isEnabled, context.vsm.isWaitingForTLB,
        let wait = scene.facts.vtls.flushes[context.id], case .flushWaits(let id) = wait.body,
        scene.isOld(wait.time, scene.thresholds.blocked), let holder = scene.snapshot[id]
      else { return nil }
      return Finding(
        .waitsForTLBLock, .proved, .high, .context(context.id), since: wait.time,
        title: "flush waits for \(id), which has locked the TLB of VTL\(context.id.vtl.rawValue)",
        evidence: [
          .init("the hypercall of \(context.id) is made again when the lock is gone"),
          .init("\(id) is the active context of its VP, \(holder.activity.text)", holds: holder.isActive),
          .init("\(id) has returned, or cleared TlbLocked, since", holds: false),
        ],
        effect: "takes no interrupts for \(scene.age(wait.time).spanText)",
        cause:
          "\(id) at \(scene.place(holder.rip)); waits since \(scene.moment(wait.time)), at \(scene.place(wait.rip))",
        remedy: "\(id) returns, or clears TlbLocked of HvRegisterVsmVpSecureConfigVtl\(context.id.vtl.rawValue)")
    }
  }
}
