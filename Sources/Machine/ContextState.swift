import Architecture
import Interpreter
import Journal

/// What the machine keeps of a context beside its local APIC: its CPU state while inactive, and its history.
struct ContextState {
  let id: ContextID
  var isEnabled: Bool
  var activity: Activity
  /// Since when it has been active or not, and in this activity.
  var since: VirtualTime
  /// What is private to the VTL, while another VTL of the VP is active (TLFS, "Virtual Secure Mode").
  var saved = PrivateState()

  /// Who has locked a TLB that a hypercall of this context would flush: it waits, and is made again when the lock is gone.
  var waitsForTLB: ContextID?
  /// KVM_HC_KICK_CPU came while it was not halted: its next HLT is none.
  var isKicked = false

  var lastInit: VirtualTime?
  var lastInitSender: ContextID?
  var lastStartup: VirtualTime?
  var lastHalt: LastWrite?
  var entryReason: VTLSwitchReason?
  var entryTime = VirtualTime.zero

  var instructions: UInt64 = 0
  var halts: UInt64 = 0
  var exceptions: UInt64 = 0
  var vtlEntries: UInt64 = 0
  /// Counts changes, so that a frame can leave out what it already holds.
  var generation: UInt64 = 1

  init(id: ContextID, isEnabled: Bool, activity: Activity) {
    self.id = id
    self.isEnabled = isEnabled
    self.activity = activity
    since = .zero
  }
}

/// A virtual processor: the live registers, and which of its contexts they belong to.
struct VirtualProcessor {
  let processor: Processor
  var activeVTL = VTL.vtl0
  /// Something happened that may let it take an interrupt, start, or switch VTL.
  var needsEvaluation = true
  /// It has instructions to run now.
  var isRunnable = false
  /// An NMI waits for the shadow or the NMI handler to end: look again after every instruction.
  var watchesEveryInstruction = false
  /// When the next timer of any of its contexts expires.
  var due = VirtualTime.never
  /// What a guest added to the TSC by writing it (SDM Vol. 3B, 18.17.3): IA32_TSC_ADJUST.
  var timeStampAdjust: UInt64 = 0
  /// IA32_MISC_ENABLE.
  var enables = MiscellaneousEnables.atReset
  /// IA32_MCG_STATUS.
  var machineCheckStatus: UInt64 = 0
  /// The last intercept that nobody could be told of, so that it is in the log once.
  var waitingIntercept: InterceptSummary?
  /// Exceptions already in the event log.
  var exceptionsSeen: UInt64 = 0
}
