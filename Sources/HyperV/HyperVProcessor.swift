import Architecture

/// One VP as Hyper-V has it.
public struct HyperVProcessor: Sendable {
  public let index: VPIndex
  /// The APIC ID at power-on, which is what HvCallGetVpIndexFromApicId looks for.
  public let apicID: ApicID
  public var activeVTL: VTL
  /// VTLs enabled on this VP. Enabling one for the partition is not enough.
  public var enabledVTLs: VTLSet
  /// It has left wait-for-SIPI. HvCallStartVirtualProcessor sets it; a SIPI that starts the VP has to set it
  /// and an INIT has to clear it.
  public var isStarted: Bool
  public var vtls: VTLArray<HyperVContext>

  public init(index: VPIndex, apicID: ApicID) {
    self.index = index
    self.apicID = apicID
    activeVTL = .vtl0
    enabledVTLs = .vtl0Only
    isStarted = index.rawValue == 0
    vtls = VTLArray(repeating: HyperVContext())
  }

  /// The VTL that preempts the active one: the highest above it that has something deliverable.
  ///
  /// `deliverable` holds the VTLs whose local APIC or NMI would interrupt by their task priority and shadow
  /// alone; RFLAGS.IF of neither side counts (TLFS, "Virtual Secure Mode", VTL entry).
  public func preemptingVTL(deliverable: VTLSet) -> VTL? {
    VTLSet(rawValue: deliverable.rawValue & enabledVTLs.rawValue).highest(above: activeVTL)
  }
}

/// What one VTL of one VP has, beside its CPU state and its local APIC.
public struct HyperVContext: Hashable, Sendable {
  /// The VP_ASSIST_PAGE MSR.
  public var assistPage = OverlayPageMSR(rawValue: 0)
  /// The VsmVina register; means nothing for VTL0.
  public var vina = VSMVina(rawValue: 0)
  /// VinaAsserted. While the assist page is enabled the guest's copy is the true one: put it here before
  /// deciding.
  public var vinaAsserted = false
  /// The lower VTLs whose TLB flush hypercalls this VTL holds up on this VP. Returning lets go of them.
  public var tlbLocks = VTLSet.empty
  /// The lower VTLs whose user execution this VTL controls by itself on this VP. Only ever VTL0.
  public var modeBasedVTLs = VTLSet.empty
  /// What this VTL hears of before the VTLs below it do it here; means nothing for VTL0.
  public var registerIntercepts = RegisterIntercepts()
  /// What HvCallEnableVpVtl gave it, or HvCallStartVirtualProcessor.
  public var initialContext: InitialVPContext?
  public init() {}
}
