import Architecture

/// Virtual interrupt notification assist (VINA): a VTL learns that one below it has an interrupt waiting
/// (TLFS, "Virtual Secure Mode").
public enum NotificationAssist {
  /// Whether a lower VTL's interrupt is ready for immediate delivery. Other than for preemption its RFLAGS.IF
  /// counts.
  public static func isReady(hasDeliverableVector: Bool, interruptsEnabled: Bool, isShadowed: Bool) -> Bool {
    hasDeliverableVector && interruptsEnabled && !isShadowed
  }

  /// The vector to raise in the active VTL's own local APIC, or nil.
  ///
  /// `isAsserted` is VinaAsserted: while it is set nothing more is raised, and EOI does not clear it.
  public static func vector(_ register: VSMVina, isAsserted: Bool, isLowerVTLReady: Bool) -> VectorNumber? {
    register.isEnabled && !isAsserted && isLowerVTLReady ? register.vector : nil
  }
}

/// A notification that is to be raised: edge-triggered, in the local APIC of `context`.
public struct Notification: Hashable, Sendable {
  public var context: ContextID
  public var vector: VectorNumber
  /// Acknowledging it leaves no ISR bit.
  public var isAutoEOI: Bool
  public var writes: [AssistPageWrite]
}

extension HyperVPartition {
  /// Raises a notification to the active VTL of `vp` when one is due, and sets VinaAsserted.
  public mutating func assertNotification(on vp: VPIndex, isLowerVTLReady: Bool) -> Notification? {
    let context = active(on: vp)
    let state = self[context]
    guard context.vtl > .vtl0,
      let vector = NotificationAssist.vector(
        state.vina, isAsserted: state.vinaAsserted, isLowerVTLReady: isLowerVTLReady)
    else { return nil }
    self[context].vinaAsserted = true
    return Notification(
      context: context, vector: vector, isAutoEOI: state.vina.isAutoEOI, writes: vinaWrites(context))
  }
}
