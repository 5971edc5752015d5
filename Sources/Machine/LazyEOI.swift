import Architecture
import Interpreter
import Interrupts
import Journal
import Memory

/// KVM's PV EOI: when the byte is set, and when the core looks what the guest has made of it.
///
/// As in KVM it is armed on the way into the guest after an interrupt was looked for, and looked at at the next exit.
/// The end of a slice is no exit, and neither is an exception: the VP has not asked for anything.
extension Partition {
  /// WRMSR 4B564D04h. #GP(0) when the byte is to be where no RAM is, as in KVM.
  func writeLazyEOI(_ value: UInt64, _ id: ContextID) throws(Fault) {
    guard !value.bit(0) || memory.load8(GPA(value & ~3), vtl: id.vtl) != nil else { throw .generalProtection() }
    try apic(id).pointee.writeLazyEOI(value)
  }

  /// The guest has left: has it cleared the byte?
  func settleLazyEOI(_ id: ContextID) {
    guard apic(id).pointee.lazyEOI.isArmed else { return }
    let isSet = isLazyEOIByteSet(id)
    if isSet { memory.store8(0, at: apic(id).pointee.lazyEOI.address, vtl: id.vtl) }
    let rip = id == active(id.vp.index) ? vps[id.vp.index].processor.rip : 0
    apply(apic(id).pointee.settleLazyEOI(isByteSet: isSet, at: clock, rip: rip), to: id)
  }

  /// The guest goes on: may its next EOI be a lazy one?
  func armLazyEOI(_ id: ContextID) {
    guard apic(id).pointee.canArmLazyEOI, let top = apic(id).pointee.service.highest,
      !ioapic.handles(top, in: group(of: id.vtl)),
      memory.store8(1, at: apic(id).pointee.lazyEOI.address, vtl: id.vtl)
    else { return }
    apic(id).pointee.armLazyEOI()
    context(id).pointee.generation &+= 1
  }

  private func isLazyEOIByteSet(_ id: ContextID) -> Bool {
    (memory.load8(apic(id).pointee.lazyEOI.address, vtl: id.vtl) ?? 0) & 1 != 0
  }

  /// How it stands at this moment, the guest's byte included.
  func lazyEOIState(_ id: ContextID) -> LazyEOI {
    let lazyEOI = apic(id).pointee.lazyEOI
    guard lazyEOI.isEnabled else { return .off }
    guard lazyEOI.isArmed else { return .enabled }
    return isLazyEOIByteSet(id) ? .armed : .taken
  }
}

extension Exit {
  /// The guest itself brought it about.
  var isAsked: Bool {
    switch self {
    case .budget, .exception: false
    default: true
    }
  }
}
