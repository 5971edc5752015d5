import Architecture

/// What is decided about a partition before it runs.
public struct HyperVConfiguration: Hashable, Sendable {
  /// The APIC ID of each VP at power-on, in VP order. Their number is the number of VPs.
  public var apicIDs: [ApicID]
  /// The most privileged VTL a guest may enable, 0...2. VTL0 means no virtual secure mode at all.
  public var maximumVTL: VTL
  /// How many bits a guest physical address has, 32...52.
  public var physicalAddressWidth: Int

  public init(apicIDs: [ApicID], maximumVTL: VTL = .vtl1, physicalAddressWidth: Int = 40) {
    precondition(!apicIDs.isEmpty && apicIDs.count <= 4096, "a partition has 1...4096 VPs")
    precondition(maximumVTL <= .vtl2, "the highest VTL is 2")
    precondition((32...52).contains(physicalAddressWidth), "physical addresses have 32...52 bits")
    self.apicIDs = apicIDs
    self.maximumVTL = maximumVTL
    self.physicalAddressWidth = physicalAddressWidth
  }

  /// `vpCount` VPs whose APIC IDs are their indices.
  public init(vpCount: Int, maximumVTL: VTL = .vtl1, physicalAddressWidth: Int = 40) {
    self.init(
      apicIDs: (0..<max(vpCount, 1)).map { ApicID($0) }, maximumVTL: maximumVTL,
      physicalAddressWidth: physicalAddressWidth)
  }

  /// The number of VPs.
  public var vpCount: Int { apicIDs.count }
  /// A guest can have VTLs.
  public var offersVSM: Bool { maximumVTL > .vtl0 }

  /// What the partition may use. The rest of the specification's privileges are not offered.
  public var privileges: HyperVPrivileges {
    var all: HyperVPrivileges = [
      .vpRuntime, .referenceCounter, .synic, .syntheticTimers, .interruptControl, .hypercallMSRs, .vpIndex, .reset,
      .frequencies, .referenceTSC, .guestIdle,
      .postMessages, .signalEvents, .extendedFlushRanges, .accessVPRegisters, .extendedHypercalls,
      .startVirtualProcessor,
    ]
    if offersVSM { all.insert(.accessVSM) }
    return all
  }

  /// Whether all of the `count` bytes at `address` lie inside the guest physical address space.
  func isAddressable(_ address: GPA, count: Int = 4096) -> Bool {
    let limit = UInt64(1) &<< UInt64(physicalAddressWidth)
    return address.rawValue < limit && UInt64(count) <= limit &- address.rawValue
  }
}
