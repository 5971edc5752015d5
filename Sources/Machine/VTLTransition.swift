import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// One context of a VP goes out, another comes in (TLFS, "Virtual Secure Mode").
extension Partition {
  /// Exchanges the private state. What is shared stays in the registers; neither side's RIP changes.
  ///
  /// Entering upwards leaves the reason in the assist page of the VTL entered; an operator's switch leaves none.
  /// A halted VTL stays halted while it is away, and wakes by an interrupt of its own.
  func switchVTL(_ vp: Int, to: VTL, reason: VTLSwitchReason, vector: VectorNumber? = nil) {
    let leaving = active(vp)
    settleLazyEOI(leaving)
    let entering = ContextID(vp: leaving.vp, vtl: to)
    let processor = vps[vp].processor
    let rip = processor.rip
    context(leaving).pointee.saved = processor.privateState
    processor.privateState = context(entering).pointee.saved
    processor.vtl = to
    vps[vp].activeVTL = to
    let live = VTLReturnRegisters(rax: processor[.rax], rcx: processor[.rcx], rdx: processor[.rdx])
    let writes = hyperV.switchVTL(
      on: leaving.vp, to: to, reason: reason, live: live, isLongMode: processor.isIn64BitMode)
    armIntercepts(vp)
    for write in writes { store(write) }
    for id in [leaving, entering] {
      context(id).pointee.since = clock
      context(id).pointee.generation &+= 1
    }
    if to > leaving.vtl {
      context(entering).pointee.entryReason = reason
      context(entering).pointee.entryTime = clock
      context(entering).pointee.vtlEntries &+= 1
    }
    record(.vtlSwitched(from: leaving.vtl, to: to, reason, vector), context: entering, rip: rip)
    touch(vp)
  }

  /// HvCallVtlReturn: hands back RAX and RCX from the assist page unless the return is fast, then leaves.
  ///
  /// True when the VP yields: it has let go of a TLB lock that others wait for.
  func returnFromVTL(_ vp: Int, to: VTL, isFast: Bool) -> Bool {
    let id = active(vp)
    let processor = vps[vp].processor
    if !isFast, hyperV[id].assistPage.isEnabled, let page = assistPages[id] {
      let saved = VTLReturnRegisters(
        memory.load64(page, offset: VPAssistPage.returnRAX), memory.load64(page, offset: VPAssistPage.returnRCX),
        isLongMode: processor.isIn64BitMode)
      processor[.rax] = saved.rax
      processor[.rcx] = saved.rcx
      if let rdx = saved.rdx { processor[.rdx] = rdx }
    }
    let locks = hyperV[id].tlbLocks
    let yields = locks == .empty ? false : releaseTLBLocks(locks, of: id)
    switchVTL(vp, to: to, reason: .return)
    return yields
  }

  // MARK: - Overlay pages

  func store(_ write: AssistPageWrite) {
    guard let page = assistPages[write.context] else { return }
    memory.store(write.value, count: write.count, to: page, offset: write.offset)
  }

  /// What the guest has made of VinaAsserted, which it may clear at any time.
  func fetchNotificationStatus(_ id: ContextID) {
    guard hyperV[id].assistPage.isEnabled, let page = assistPages[id] else { return }
    hyperV[id].vinaAsserted = memory.load64(page, offset: VPAssistPage.entryReason).bit(32)
  }

  /// Only where `canApply` said so.
  func mapAssistPage(_ id: ContextID, at address: GPA) {
    guard let page = assistPages[id] ?? (try? memory.makeOverlay()) else { return }
    assistPages[id] = page
    memory.mapOverlay(page, at: address.pageNumber, vtl: id.vtl)
  }

  /// Only where `canApply` said so.
  func mapHypercallPage(_ vtl: VTL, at address: GPA) {
    mapReadOnly(&hypercallPages[vtl], HypercallPage.bytes, at: address, vtl)
  }

  /// Only where `canApply` said so. What VTL1 and VTL2 have is written to the RAM beneath as well: KVM's guests, whose
  /// VTLs share memory, look at the pages of all VTLs from VTL0. A VTL that keeps it to itself protects the page.
  func mapReferenceTSCPage(_ vtl: VTL, at address: GPA) {
    if vtl > .vtl0 { memory.writeBeneath(ReferenceTSCPage.bytes, at: address) }
    mapReadOnly(&referenceTSCPages[vtl], ReferenceTSCPage.bytes, at: address, vtl)
  }

  private func mapReadOnly(_ kept: inout OverlayPage?, _ bytes: [UInt8], at address: GPA, _ vtl: VTL) {
    guard let page = kept ?? (try? memory.makeOverlay()) else { return }
    if kept == nil { memory.write(bytes, to: page) }
    kept = page
    memory.mapOverlay(page, at: address.pageNumber, vtl: vtl, isWritable: false)
  }
}
