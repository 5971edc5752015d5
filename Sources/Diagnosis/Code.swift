extension Finding {
  /// The signatures of a vCPU that does not get on, by their catalogue numbers.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The highest pending vector waits for the TPR to fall below its class.
    case taskPriorityBlocks = "S1"
    /// A vector in service holds others back, and no EOI comes for it.
    case missingEOI = "S2"
    /// The same with a lazy EOI that the core has not looked at: nothing is wrong.
    case lazyEOI = "S4"
    /// HLT with RFLAGS.IF clear.
    case haltedWithInterruptsOff = "S5"
    /// INIT was processed, or power-on, and no SIPI came.
    case waitsForStartup = "S7"
    /// A SIPI came when none was waited for, or an INIT took it back.
    case startupOutOfOrder = "S8"
    /// INIT waits until the processor leaves SMM, VMX root operation or GIF = 0.
    case initLatched = "S9"
    /// Requests for a local APIC that SVR bit 8 turns off.
    case softwareDisabled = "S10"
    /// Requests for a local APIC that IA32_APIC_BASE.EN turns off.
    case hardwareDisabled = "S11"
    /// The timer expired while LVTT was masked, and its processor sleeps.
    case timerExpiredMasked = "S12"
    /// The timer's mode let the last write do nothing, and its processor sleeps.
    case timerWriteIgnored = "S13"
    /// The timer is armed for a time that no guest waits for.
    case timerFarAway = "S14"
    /// A physical destination that no local APIC of the group has.
    case unicastToNowhere = "S16"
    /// A broadcast, shorthand or logical request in a group other than 0 found nobody.
    case groupRequestLost = "S17"
    /// A local APIC took a request of another group.
    case crossGroupLeak = "S18"
    /// A logical destination that names no local APIC of the group.
    case logicalMatchesNobody = "S19"
    /// Lowest-priority requests that find nobody, or always the same one.
    case lowestPriorityUneven = "S20"
    /// A level-triggered pin waits for an EOI that does not come.
    case levelLineWedged = "S21"
    /// An edge came while its pin was masked, and is not replayed.
    case edgeLost = "S22"
    /// A device's message is none.
    case messageMisaddressed = "S23"
    /// A higher VTL keeps the VP while a lower one could take an interrupt.
    case lowerVTLStarved = "S24"
    /// A higher VTL's interrupt is held by that VTL's own TPR.
    case higherVTLHoldsItself = "S25"
    /// A request for a VTL that is not enabled there.
    case targetVTLNotEnabled = "S26"
    /// A higher VTL returns without taking the interrupt that brings it in again.
    case returnBounces = "S27"
    /// A flush waits for a VTL that has locked the TLB.
    case waitsForTLBLock = "S28"
    /// An intercept's message has nowhere to go.
    case interceptWaits = "S29"
    /// INIT or SIPI for a VTL below another one: dropped.
    case startupDeniedByVTL = "S30"
    /// Two requests, one interrupt.
    case requestsMerged = "S34"
    /// Contexts that wait for one another, or for one that runs with interrupts off.
    case waitsForOther = "chain"

    /// The place in the catalogue.
    var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }
}
