import Architecture
import Interpreter
import Interrupts
import Journal

/// Who answers at a physical address where no RAM is.
extension Partition {
  private enum Owner {
    /// The active context's local APIC page, this far into it.
    case apic(Int)
    case ioapic(Int)
    case testMemory(Int)
    case nobody
  }

  func isAPICPage(_ address: GPA, of id: ContextID) -> Bool {
    apic(id).pointee.mmioPage?.pageNumber == address.pageNumber
  }

  /// RAM wins over the APIC page: an APIC that a guest moved over RAM is out of its reach there, as in KVM; the SDM (Vol.
  /// 3A, 12.4.5) leaves such an address to the guest to avoid.
  private func owner(_ address: GPA, _ id: ContextID) -> Owner {
    if isAPICPage(address, of: id) { return .apic(Int(address.pageOffset)) }
    let offset = address.rawValue &- ioapic.configuration.base.rawValue
    if offset < IOAPIC.byteCount { return .ioapic(Int(offset)) }
    let place = address.rawValue &- TestMemory.base
    return place < TestMemory.byteCount ? .testMemory(Int(place)) : .nobody
  }

  func readMMIO(_ address: GPA, _ size: Int, _ vp: Int) -> UInt64 {
    let id = active(vp)
    switch owner(address, id) {
    case .apic(let offset):
      let value = apic(id).pointee.readMMIO(offset: offset, size: size, at: clock)
      raiseErrors(of: id)
      return value
    case .ioapic(let offset): return ioapic.read(offset: offset, size: size)
    case .testMemory(let offset): return testMemory.read(offset, size)
    case .nobody:
      unclaimedAccesses &+= 1
      return ~0
    }
  }

  /// True when the VP yields.
  func writeMMIO(_ address: GPA, _ size: Int, _ value: UInt64, _ vp: Int) -> Bool {
    let id = active(vp)
    let rip = vps[vp].processor.rip
    switch owner(address, id) {
    case .apic(let offset):
      return apply(
        apic(id).pointee.writeMMIO(offset: offset, size: size, value, at: clock, rip: rip), to: id)
    case .ioapic(let offset):
      perform(ioapic.write(offset: offset, size: size, value, at: clock, rip: rip), by: id, rip: rip)
    case .testMemory(let offset): testMemory.write(offset, size, value)
    case .nobody: unclaimedAccesses &+= 1
    }
    return false
  }
}
