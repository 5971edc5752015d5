import Architecture
import HyperV
import Journal
import Memory

/// What the VTLs may do with memory, and what lies over it, as values.
extension Partition {
  /// Runs of protected pages that are listed; those beyond are counted.
  static var protectionRunLimit: Int { 1024 }

  /// Changes whenever `memorySnapshot` does.
  public var memoryGeneration: UInt64 { memory.mapEpoch &+ intercepts &+ interceptWaits &+ portInterceptChanges }

  public func memorySnapshot() -> MemorySnapshot {
    // Looking at every page is worth it only where something changed.
    if protections.epoch != memory.mapEpoch { protections = (memory.mapEpoch, protectionRuns()) }
    var snapshot = protections.runs
    snapshot.overlays = overlaySnapshots()
    snapshot.intercepts = intercepts
    snapshot.interceptWaits = interceptWaits
    snapshot.interceptedPorts = interceptedPorts
    return snapshot
  }

  private func protectionRuns() -> MemorySnapshot {
    var snapshot = MemorySnapshot()
    for vtl in 0..<configuration.vtlCount {
      memory.forEachProtection(of: VTL(vtl)) { first, count, access in
        guard snapshot.protections.count < Self.protectionRunLimit else { return snapshot.droppedProtections += 1 }
        snapshot.protections.append(
          ProtectionRun(vtl: VTL(vtl), firstPage: first, count: count, access: access.rawValue))
      }
    }
    return snapshot
  }

  private func overlaySnapshots() -> [OverlaySnapshot] {
    var overlays: [OverlaySnapshot] = []
    func add(_ kind: OverlayKind, _ id: ContextID, _ register: OverlayPageMSR, isWritable: Bool = true) {
      guard register.isEnabled else { return }
      overlays.append(
        OverlaySnapshot(kind: kind, context: id, page: register.address.pageNumber, isWritable: isWritable))
    }
    for vtl in 0..<configuration.vtlCount {
      add(.hypercall, ContextID(0, vtl), hyperV.vtls[VTL(vtl)].hypercall, isWritable: false)
      add(.referenceTSC, ContextID(0, vtl), hyperV.vtls[VTL(vtl)].referenceTSC, isWritable: false)
    }
    for vp in 0..<configuration.vpCount {
      for vtl in 0..<configuration.vtlCount {
        let id = ContextID(vp, vtl)
        add(.assist, id, hyperV[id].assistPage)
        add(.messages, id, synic(id).pointee.messagePage)
        add(.eventFlags, id, synic(id).pointee.eventPage)
      }
    }
    return overlays
  }
}
