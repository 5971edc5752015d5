import Architecture

/// What the machine shall do because of a synthetic MSR or a hypercall.
///
/// Hyper-V's own state is already up to date when an effect is returned. A hypercall that is suspended may
/// have effects too: those of the elements it has done.
public enum HyperVEffect: Hashable, Sendable {
  /// Shows the hypercall page of this VTL (`HypercallPage.bytes`) at a page of its view of memory.
  case mapHypercallPage(VTL, at: GPA)
  /// From `at`, where it was.
  case unmapHypercallPage(VTL, at: GPA)
  /// Shows the reference TSC page (`ReferenceTSCPage.bytes`) to this VTL.
  case mapReferenceTSCPage(VTL, at: GPA)
  case unmapReferenceTSCPage(VTL, at: GPA)
  case mapAssistPage(ContextID, at: GPA)
  case unmapAssistPage(ContextID, at: GPA)
  /// EOI in the local APIC of the context that wrote.
  case endOfInterrupt
  /// ICR high in 63:32 and ICR low in 31:0, as that context's local APIC mode lays them out.
  case interruptCommand(UInt64)
  case taskPriority(UInt8)
  /// The guest says that it has crashed: HV_CRASH_CTL_REG_CONTENTS, and P0...P4.
  case guestCrashed(control: UInt64, parameters: [UInt64])
  /// Resets the partition; some VTL may have asked for memory to be cleared.
  case resetPartition(zeroesMemory: Bool)
  case enablePartitionVTL(VTL)
  /// The context exists from now on, with its local APIC (SVR 1FFh for VTLs above 0), and starts from this
  /// state when it is first entered. The active VTL stays.
  case enableVP(ContextID, InitialVPContext)
  /// As INIT and start with this state, except that `first`, the highest VTL enabled there, runs first.
  case startVP(ContextID, InitialVPContext, first: VTL)
  /// A fixed, edge-triggered interrupt for the local APICs of that VTL. `absent` VPs were named that do not
  /// exist.
  case sendInterrupt(VectorNumber, VTL, to: [VPIndex], absent: Int)
  /// A message for the local APICs of that VTL, as from a device.
  case assertInterrupt(InterruptCommand, VTL)
  /// The VTLs below this one may do no more than that with `count` pages from `firstPage` on, all of them RAM.
  case protect(VTL, firstPage: UInt64, count: UInt64, ProtectionMask)
  /// The same for all RAM.
  case protectAll(VTL, ProtectionMask)
  /// None of this VTL's translations are left in the TLBs of these VPs. Before, whoever has locked one of them has to let
  /// go: `tlbLockHolder`.
  case flush(VTL, of: [VPIndex])
  /// `by` has locked the TLB of a VTL below it on its VP, or has let go.
  case tlbLock(of: VTL, by: ContextID, isLocked: Bool)
  /// What a VTL of this VP hears of has changed: see `HyperVPartition.activeRegisterIntercepts`.
  case registerIntercepts(VPIndex)
  /// What VTLs hear of at I/O ports has changed: see `HyperVPartition.portInterceptors`.
  case portIntercepts
  /// Mode-based execution control may have been switched on this VP: see `HyperVPartition.isModeBased`.
  case modeBasedExecution(VPIndex)
  /// For the queue of a source, which has a buffer for it.
  case postMessage(SynICMessage, to: ContextID, sint: Int)
  /// Sets an event flag of a source that can be signaled.
  case signalEvent(flag: Int, to: ContextID, sint: Int)
  /// The caller spins for a lock: let other VPs run.
  case yield
}
