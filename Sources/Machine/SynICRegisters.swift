import Architecture
import HyperV
import Journal
import Memory

/// The registers of the synthetic interrupt controllers: by MSR the active VTL's, by hypercall those of a lower one too.
extension Partition {
  /// Writes, and does what follows.
  ///
  /// - Throws: #GP(0) as `SynIC.write`, and for a page outside the guest's RAM.
  func writeSynIC(_ register: SynICRegister, _ value: UInt64, of id: ContextID) throws(Fault) {
    if register == .messagePage || register == .eventPage { try checkPage(value, register, id) }
    let effect = try synic(id).pointee.write(register, value, at: clock)
    context(id).pointee.generation &+= 1
    switch effect {
    case .none: break
    case .messagePageMoved(let from, let to):
      move(messagePages[id], .messages, id, from: from, to: to)
      retryMessages(of: id)
    case .eventPageMoved(let from, let to): move(eventPages[id], .eventFlags, id, from: from, to: to)
    case .retryMessages: retryMessages(of: id)
    case .timersChanged:
      // What is past already expires before the next instruction.
      updateDue(id.vp.index)
    }
  }

  /// A page of messages or event flags lies over RAM only. It is made when it is first enabled.
  private func checkPage(_ value: UInt64, _ register: SynICRegister, _ id: ContextID) throws(Fault) {
    let new = OverlayPageMSR(rawValue: value)
    guard new.address.rawValue >> UInt64(CPUIDTable.physicalAddressBits) == 0 else { throw .generalProtection() }
    guard new.isEnabled else { return }
    guard memory.isRAM(new.address) else { throw .generalProtection() }
    let isThere = register == .messagePage ? messagePages[id] != nil : eventPages[id] != nil
    guard !isThere else { return }
    guard let page = try? memory.makeOverlay() else { throw .generalProtection() }
    if register == .messagePage { messagePages[id] = page } else { eventPages[id] = page }
  }

  /// What the page holds goes with it.
  private func move(_ page: OverlayPage?, _ kind: OverlayKind, _ id: ContextID, from: GPA?, to: GPA?) {
    guard let page, from != to else { return }
    if let from {
      memory.unmapOverlay(page, at: from.pageNumber, vtl: id.vtl)
      record(.overlayChanged(kind, id.vtl, page: from.pageNumber, isMapped: false), context: id)
    }
    if let to {
      memory.mapOverlay(page, at: to.pageNumber, vtl: id.vtl)
      record(.overlayChanged(kind, id.vtl, page: to.pageNumber, isMapped: true), context: id)
    }
  }

  /// What stands in the pages of a context: the messages in their slots, and how many flags are set.
  func fillSynIC(_ shot: inout ContextSnapshot, _ id: ContextID) {
    guard !synic(id).pointee.isAtReset else { return }
    synic(id).pointee.fill(&shot)
    for sint in 0..<SynICRegister.sourceCount {
      if let page = messagePages[id] {
        let header = slotHeader(in: page, sint)
        shot.synic?.sources[sint].messageType = header.type
        shot.synic?.sources[sint].isMessagePending = header.isMessagePending
      }
      if let page = eventPages[id] {
        shot.synic?.sources[sint].eventFlags = (0..<32).reduce(0) {
          $0 + UInt32(memory.load64(page, offset: sint * 256 + 8 * $1).nonzeroBitCount)
        }
      }
    }
  }
}
