import Architecture
import Journal

/// What decides whether a context's pending work is delivered: plain values, from a live context or from a
/// snapshot.
public struct ContextGates: Hashable, Sendable {
  public var vtl: VTL
  public var isEnabled: Bool
  /// IA32_APIC_BASE.EN: without it the local APIC offers its processor no vector.
  public var isHardwareEnabled: Bool
  public var activity: Activity
  /// All eight bits of the TPR.
  public var taskPriority: UInt8
  /// The highest vector in the IRR, and in the ISR.
  public var highestRequest: VectorNumber?
  public var highestInService: VectorNumber?
  /// RFLAGS.IF.
  public var interruptsEnabled: Bool
  public var interruptShadow: Bool
  public var nmiPending: Bool
  public var nmiBlocked: Bool
  public var initPending: Bool
  public var startupPending: Bool
  /// The 8259 has an interrupt for its processor.
  public var externalPending: Bool

  public init(
    vtl: VTL, isEnabled: Bool = true, isHardwareEnabled: Bool = true, activity: Activity = .running,
    taskPriority: UInt8 = 0,
    highestRequest: VectorNumber? = nil, highestInService: VectorNumber? = nil,
    interruptsEnabled: Bool = true,
    interruptShadow: Bool = false, nmiPending: Bool = false, nmiBlocked: Bool = false,
    initPending: Bool = false,
    startupPending: Bool = false, externalPending: Bool = false
  ) {
    self.vtl = vtl
    self.isEnabled = isEnabled
    self.isHardwareEnabled = isHardwareEnabled
    self.activity = activity
    self.taskPriority = taskPriority
    self.highestRequest = highestRequest
    self.highestInService = highestInService
    self.interruptsEnabled = interruptsEnabled
    self.interruptShadow = interruptShadow
    self.nmiPending = nmiPending
    self.nmiBlocked = nmiBlocked
    self.initPending = initPending
    self.startupPending = startupPending
    self.externalPending = externalPending
  }

  public init(_ snapshot: ContextSnapshot) {
    self.init(
      vtl: snapshot.id.vtl, isEnabled: snapshot.isEnabled,
      isHardwareEnabled: APICBase(rawValue: snapshot.apicBase).mode.rawValue & 2 != 0, activity: snapshot.activity,
      taskPriority: UInt8(truncatingIfNeeded: snapshot.apic[APICRegister.taskPriority.offset]),
      highestRequest: snapshot.apic.highestVector(.irr), highestInService: snapshot.highestUnfinished,
      interruptsEnabled: snapshot.interruptsEnabled, interruptShadow: snapshot.interruptShadow,
      nmiPending: snapshot.nmiPending > 0, nmiBlocked: snapshot.nmiBlocked, initPending: snapshot.initPending,
      startupPending: snapshot.startupPending != nil, externalPending: snapshot.externalPending)
  }

  public var processorPriority: UInt8 {
    Interrupts.processorPriority(taskPriority: taskPriority, inService: highestInService?.rawValue ?? 0)
  }

  /// The highest pending vector, if its class is above PPR's.
  public var deliverable: VectorNumber? {
    guard isHardwareEnabled, let top = highestRequest, isDeliverable(top, above: processorPriority) else { return nil }
    return top
  }

  /// Whether this context takes its VP from a lower VTL at once.
  ///
  /// TLFS, "Virtual Secure Mode": an interrupt for a higher VTL preempts, subject to that VTL's TPR but not
  /// to its RFLAGS.IF. NMI and INIT qualify as well, and a SIPI where one is waited for.
  public var wantsProcessor: Bool {
    guard isEnabled else { return false }
    if initPending { return true }
    switch activity {
    case .running, .halted, .idle: return deliverable != nil || (nmiPending && !nmiBlocked) || externalPending
    case .waitForStartup: return startupPending
    case .shutdown: return false
    }
  }
}

extension ContextSnapshot {
  /// The highest vector in service, but for one whose lazy EOI the core has only to look at.
  var highestUnfinished: VectorNumber? {
    lazyEOI == .taken ? inService.dropFirst().first?.vector : apic.highestVector(.isr)
  }
}

extension APICPage {
  /// The highest vector of the 256-bit register that starts at `register`: ISR, TMR or IRR.
  public func highestVector(_ register: APICRegister) -> VectorNumber? {
    for n in (0..<8).reversed() {
      let dword = self[register.offset + n << 4]
      if dword != 0 { return VectorNumber(n * 32 + 31 - dword.leadingZeroBitCount) }
    }
    return nil
  }
}

extension LocalAPIC {
  /// The gates of this APIC's context, given what the processor knows.
  public func gates(
    isEnabled: Bool = true, activity: Activity, interruptsEnabled: Bool, interruptShadow: Bool,
    nmiBlocked: Bool
  ) -> ContextGates {
    ContextGates(
      vtl: context.vtl, isEnabled: isEnabled, isHardwareEnabled: isHardwareEnabled, activity: activity,
      taskPriority: taskPriority,
      highestRequest: requests.highest, highestInService: service.highest,
      interruptsEnabled: interruptsEnabled,
      interruptShadow: interruptShadow, nmiPending: nmiPending > 0, nmiBlocked: nmiBlocked,
      initPending: initPending, startupPending: startupPending != nil, externalPending: isExternalPending)
  }

  /// `ContextGates.wantsProcessor` without building the gates: asked at every interrupt evaluation.
  @inline(__always)
  public func wantsProcessor(activity: Activity, nmiBlocked: Bool) -> Bool {
    if initPending { return true }
    switch activity {
    case .running, .halted, .idle: return deliverable != 0 || (nmiPending > 0 && !nmiBlocked) || isExternalPending
    case .waitForStartup: return startupPending != nil
    case .shutdown: return false
    }
  }
}

/// Which end of a VP's contexts is the privileged one: a property of the partition.
public enum PrivilegeOrder: Hashable, Sendable {
  /// Hyper-V's VTLs: the highest number first.
  case highestFirst
  /// AMD's VMPLs: the lowest number first.
  case lowestFirst
}

/// The context that takes a VP from `active`: the most privileged of those above it that want the processor.
///
/// `wanting` has bit n set for VTL n. Skips levels: the most privileged wins, and the interrupted one is gone
/// back to. Nil: the active context keeps the VP.
public func preemptionTarget(
  active: VTL, wanting: UInt16, order: PrivilegeOrder = .highestFirst
) -> VTL? {
  let above: UInt16 =
    switch order {
    case .highestFirst: .max << (UInt16(active.rawValue) + 1)
    case .lowestFirst: (1 << UInt16(active.rawValue)) &- 1
    }
  let candidates = wanting & above
  guard candidates != 0 else { return nil }
  return switch order {
  case .highestFirst: VTL(15 - candidates.leadingZeroBitCount)
  case .lowestFirst: VTL(candidates.trailingZeroBitCount)
  }
}

/// The same from the gates of one VP's contexts.
public func preemptionTarget(
  active: VTL, contexts: [ContextGates], order: PrivilegeOrder = .highestFirst
) -> VTL? {
  var wanting: UInt16 = 0
  for context in contexts where context.wantsProcessor && context.vtl.rawValue < 16 {
    wanting |= 1 << UInt16(context.vtl.rawValue)
  }
  return preemptionTarget(active: active, wanting: wanting, order: order)
}

/// Whether INIT or SIPI for `target` is dropped: a higher VTL is enabled on the VP (TLFS; a VTL is then
/// started by HvCallStartVirtualProcessor). `enabledVTLs` has bit n set for VTL n.
public func isStartupDenied(of target: VTL, enabledVTLs: UInt16) -> Bool {
  enabledVTLs >> (UInt16(target.rawValue) + 1) != 0
}
