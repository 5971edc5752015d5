import Architecture
import Journal

/// What a guest sees of Hyper-V: partition-wide state and, in `processors`, the state of each VP.
///
/// A value: its methods change it and return what the machine shall do. It touches no memory and knows no
/// clock.
public struct HyperVPartition: Sendable {
  public let configuration: HyperVConfiguration
  /// VTLs enabled for the partition. Only a reset takes one out.
  public var enabledVTLs: VTLSet
  public var vtls: VTLArray<PartitionVTL>
  public var processors: [HyperVProcessor]
  public var connections = SynICConnections()
  /// What the guest has said about its crash, P0...P4.
  var crashParameters = [UInt64](repeating: 0, count: 5)
  /// Some VTL has ever asked for intercepts of registers or ports, or for mode-based execution control: what it gets has
  /// to be looked at with each switch.
  public internal(set) var controlsLowerVTLs = false

  /// What one VTL has once for the whole partition.
  public struct PartitionVTL: Hashable, Sendable {
    public var guestOSID: UInt64 = 0
    /// The HYPERCALL MSR.
    public var hypercall = OverlayPageMSR(rawValue: 0)
    /// The REFERENCE_TSC MSR.
    public var referenceTSC = OverlayPageMSR(rawValue: 0)
    /// VsmPartitionConfig; means nothing for VTL0.
    public var config = VSMPartitionConfig(rawValue: 0)
    /// It was enabled with mode-based execution control.
    public var usesModeBasedExecution = false
    /// The ports at which this VTL stops those below it.
    public var portIntercepts = PortIntercepts()
    public init() {}
  }

  public init(_ configuration: HyperVConfiguration) {
    self.configuration = configuration
    enabledVTLs = .vtl0Only
    vtls = VTLArray(repeating: PartitionVTL())
    processors = configuration.apicIDs.enumerated().map { index, id in
      HyperVProcessor(index: VPIndex(index), apicID: id)
    }
  }

  /// Back to power-on: VTL0 alone, no pages, nothing locked.
  public mutating func reset() { self = HyperVPartition(configuration) }

  /// Some VTL has written GUEST_OS_ID, so VMCALL speaks Hyper-V's hypercall interface.
  public var isEnlightened: Bool {
    vtls[.vtl0].guestOSID | vtls[.vtl1].guestOSID | vtls[.vtl2].guestOSID != 0
  }

  /// What one VTL of one VP has.
  public subscript(context: ContextID) -> HyperVContext {
    get { processors[context.vp.index].vtls[context.vtl] }
    set { processors[context.vp.index].vtls[context.vtl] = newValue }
  }

  /// The context that runs on `vp`, or would if the VP were not halted.
  public func active(on vp: VPIndex) -> ContextID {
    ContextID(vp: vp, vtl: processors[vp.index].activeVTL)
  }

  /// Whether INIT and SIPI to this context are dropped: its VP has a higher VTL enabled.
  ///
  /// TLFS, "Virtual Secure Mode": such a VP is started with HvCallStartVirtualProcessor instead.
  public func deniesStartupMessages(to context: ContextID) -> Bool {
    processors[context.vp.index].enabledVTLs.highest(above: context.vtl) != nil
  }

  /// Puts what is known here into the image of a context.
  public func fill(_ snapshot: inout ContextSnapshot) {
    guard processors.indices.contains(snapshot.id.vp.index), snapshot.id.vtl.index < VTL.countLimit else {
      return
    }
    // Read in place: a copy of a VP with its initial contexts is a kilobyte.
    let vp = snapshot.id.vp.index
    let vtl = snapshot.id.vtl
    snapshot.isEnabled = processors[vp].enabledVTLs.contains(vtl)
    snapshot.isActive = processors[vp].activeVTL == vtl
    snapshot.vina = processors[vp].vtls[vtl].vina.rawValue
    snapshot.vinaAsserted = processors[vp].vtls[vtl].vinaAsserted
    snapshot.assistPage = processors[vp].vtls[vtl].assistPage.rawValue
    snapshot.guestOSID = vtls[snapshot.id.vtl].guestOSID
    snapshot.vsm.referenceTSC = vtls[snapshot.id.vtl].referenceTSC.rawValue
    snapshot.hypercallPage = vtls[snapshot.id.vtl].hypercall.rawValue
    snapshot.vsm.partitionConfig = vtls[vtl].config.rawValue
    let heard = processors[vp].vtls[vtl].registerIntercepts
    snapshot.vsm.interceptControl = heard.control.rawValue
    snapshot.vsm.cr0Mask = heard.cr0Mask
    snapshot.vsm.cr4Mask = heard.cr4Mask
    snapshot.vsm.miscEnableMask = heard.miscellaneousEnableMask
    snapshot.vsm.secureConfig = [VTL.vtl0, .vtl1].map { secureConfig(of: $0, by: snapshot.id).rawValue }
  }
}
