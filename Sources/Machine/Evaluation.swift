import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal

/// What a VP does next: start, switch to a higher VTL, take an interrupt, or wait.
extension Partition {
  /// Something about this VP's interrupts, VTLs or activity has changed.
  @inline(__always) func touch(_ vp: Int) {
    vps[vp].needsEvaluation = true
    setReady(vp, true)
  }

  /// Brings a VP to where it stands before its next instruction. Between instructions only.
  ///
  /// Each round takes a step that another may follow: an interrupt behind an NMI, a VTL entered by an interrupt it
  /// takes at once. Every step uses something up, and VINA, which a guest can re-arm from the stack frame of its own
  /// delivery, and the 8259, which can have an interrupt for ever, have one turn, so the rounds end.
  func evaluate(_ vp: Int) {
    settleLazyEOI(active(vp))
    var mayNotify = true
    var mayTakeExternal = true
    repeat {
      vps[vp].needsEvaluation = false
      vps[vp].processor.interruptWindowRequested = false
      vps[vp].watchesEveryInstruction = false
      // INIT and SIPI reach only the highest VTL enabled, which has just become the active one.
      preempt(vp)
      processStartup(active(vp))
      deliver(vp, &mayTakeExternal)
      if mayNotify, notify(vp) { mayNotify = false }
    } while vps[vp].needsEvaluation && runState != .stopped
    armLazyEOI(active(vp))
    // Also while paused, when a command wakes it: nobody asks again at `run`.
    let active = context(active(vp))
    vps[vp].isRunnable = active.pointee.activity == .running && active.pointee.waitsForTLB == nil
    setReady(vp, vps[vp].isRunnable)
  }

  /// A higher VTL that can take an interrupt wins at once, whatever RFLAGS.IF says (TLFS; rules R17 and R18).
  private func preempt(_ vp: Int) {
    let from = vps[vp].activeVTL
    var vtl = configuration.vtlCount - 1
    while vtl > from.index {
      let id = ContextID(vp, vtl)
      let context = context(id)
      let apic = apic(id)
      if context.pointee.isEnabled,
        apic.pointee.wantsProcessor(
          activity: context.pointee.activity, nmiBlocked: context.pointee.saved.nmiBlocked)
      {
        return switchVTL(vp, to: VTL(vtl), reason: .interrupt, vector: apic.pointee.highestDeliverable)
      }
      vtl -= 1
    }
  }

  /// Hands the active context what it can take now, or asks to be told when it can.
  private func deliver(_ vp: Int, _ mayTakeExternal: inout Bool) {
    let id = active(vp)
    let activity = context(id).pointee.activity
    guard activity.isStarted, context(id).pointee.waitsForTLB == nil else { return }
    let processor = vps[vp].processor
    let apic = apic(id)
    if apic.pointee.nmiPending > 0 {
      if processor.canTakeNMI { return takeNMI(vp, id) }
      vps[vp].watchesEveryInstruction = activity == .running
    }
    let hasExternal = apic.pointee.isExternalPending
    guard hasExternal || apic.pointee.highestDeliverable != nil else { return }
    guard processor.canTakeInterrupt else {
      // The guest idle state ends by an interrupt that is there to take, also when the guest takes it later (TLFS).
      if activity == .idle { wake(id) }
      if context(id).pointee.activity == .running { processor.interruptWindowRequested = true }
      return
    }
    // The processor asks the 8259 before its local APIC, as in KVM; an instruction lies between two of its interrupts.
    guard hasExternal else { return takeInterrupt(vp, id) }
    guard mayTakeExternal else { return vps[vp].watchesEveryInstruction = activity == .running }
    mayTakeExternal = false
    takeExternal(vp, id)
  }

  private func takeNMI(_ vp: Int, _ id: ContextID) {
    wake(id)
    let journey = apic(id).pointee.takeNMI()
    record(.nmiTaken, context: id, journey: journey, rip: vps[vp].processor.rip)
    interpreter.deliverNMI(to: vps[vp].processor)
    finishDelivery(vp)
  }

  private func takeInterrupt(_ vp: Int, _ id: ContextID) {
    let vina = hyperV[id].vina
    let next = apic(id).pointee.highestDeliverable
    let taken = apic(id).pointee.acknowledge(
      at: clock,
      autoEOI: vina.isEnabled && vina.isAutoEOI && vina.vector == next
        || next.map { synic(id).pointee.isAutoEOI($0) } ?? false)
    wake(id)
    record(
      .acknowledged(taken.vector, waited: taken.waited), context: id, journey: taken.journey,
      rip: vps[vp].processor.rip)
    interpreter.deliver(taken.vector, to: vps[vp].processor)
    finishDelivery(vp)
  }

  /// A delivery that could not push its frame ends as the architecture says, up to shutdown.
  func finishDelivery(_ vp: Int) {
    recordException(vp)
    if vps[vp].processor.isShutdown { shutDown(vp) }
    // More may be deliverable now, or wait for its window.
    touch(vp)
  }

  /// A triple fault stops the machine: there is no firmware to come back to.
  func shutDown(_ vp: Int) {
    guard runState != .stopped else { return }
    let id = active(vp)
    setActivity(id, .shutdown)
    rebuildStaleGroups()
    record(.stopped(.tripleFault, status: 0), context: id, rip: vps[vp].processor.rip)
    runState = .stopped
    stopCause = .tripleFault
  }

  func wake(_ id: ContextID) {
    let context = context(id)
    guard context.pointee.activity.isAsleep else { return }
    record(.woke(after: clock - context.pointee.since), context: id)
    setActivity(id, .running)
  }

  func setActivity(_ id: ContextID, _ activity: Activity) {
    let context = context(id)
    guard context.pointee.activity != activity else { return }
    context.pointee.activity = activity
    context.pointee.since = clock
    context.pointee.generation &+= 1
  }

  /// Tells the active VTL that a lower one has an interrupt it could take (VINA, TLFS). True when it did.
  private func notify(_ vp: Int) -> Bool {
    let id = active(vp)
    guard id.vtl > .vtl0, hyperV[id].vina.isEnabled else { return false }
    fetchNotificationStatus(id)
    guard let notification = hyperV.assertNotification(on: id.vp, isLowerVTLReady: lowerIsReady(vp)) else {
      return false
    }
    for write in notification.writes { store(write) }
    record(.notificationAsserted(notification.vector), context: id)
    raise(notification.vector, in: id, source: .notificationAssist)
    return true
  }

  /// Some VTL below the active one has an interrupt that its own TPR, IF and shadow would let in at once.
  private func lowerIsReady(_ vp: Int) -> Bool {
    for vtl in 0..<vps[vp].activeVTL.index {
      let id = ContextID(vp, vtl)
      let context = context(id)
      guard context.pointee.isEnabled, context.pointee.activity != .waitForStartup else { continue }
      let isReady = NotificationAssist.isReady(
        hasDeliverableVector: apic(id).pointee.highestDeliverable != nil || apic(id).pointee.isExternalPending,
        interruptsEnabled: context.pointee.saved.rflags.bit(9), isShadowed: context.pointee.saved.interruptShadow)
      if isReady { return true }
    }
    return false
  }
}
