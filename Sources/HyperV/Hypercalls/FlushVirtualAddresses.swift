import Architecture

/// HvCallFlushVirtualAddressSpace: no translation of one address space is left in the TLBs of VPs 0...63, named by
/// index.
///
/// Input: address space (CR3) at 0 (8 bytes), HV_FLUSH_FLAGS at 8 (8), VP mask at 16 (8).
enum FlushVirtualAddressSpace: Hypercall {
  static var code: HypercallCode { .flushVirtualAddressSpace }
  static var shape: HypercallShape { .simple(24) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let flags = try call.flushFlags(allowing: .ofSpace)
    call.flush(call.maskTargets(flags, in: partition))
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.maskSubject }
}

/// HvCallFlushVirtualAddressSpaceEx: the same for any set of VPs.
///
/// Input: the first 16 bytes alike, then the VP set: format at 16 (8), valid banks at 24 (8), banks from 32 on.
enum FlushVirtualAddressSpaceEx: Hypercall {
  static var code: HypercallCode { .flushVirtualAddressSpaceEx }
  static var shape: HypercallShape { .variable(32) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let flags = try call.flushFlags(allowing: .ofSpace)
    call.flush(try call.setTargets(flags, in: partition))
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.setSubject }
}

/// HvCallFlushVirtualAddressList: the translations of some ranges.
///
/// Header as HvCallFlushVirtualAddressSpace. Element: a range of addresses (8 bytes). What they are makes no difference:
/// more may be flushed than was asked for, as INVLPG may, and ranges outside the address space are ignored.
enum FlushVirtualAddressList: Hypercall {
  static var code: HypercallCode { .flushVirtualAddressList }
  static var shape: HypercallShape { .rep(24, element: 8) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    guard call.isFirstElement else { return }
    let flags = try call.flushFlags(allowing: .ofList)
    call.flush(call.maskTargets(flags, in: partition))
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.maskSubject }
}

/// HvCallFlushVirtualAddressListEx: the same for any set of VPs.
///
/// Header as HvCallFlushVirtualAddressSpaceEx. Element: a range of addresses (8 bytes).
enum FlushVirtualAddressListEx: Hypercall {
  static var code: HypercallCode { .flushVirtualAddressListEx }
  static var shape: HypercallShape { .variableRep(32, element: 8) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    guard call.isFirstElement else { return }
    let flags = try call.flushFlags(allowing: .ofList)
    call.flush(try call.setTargets(flags, in: partition))
  }

  static func subject(of call: HypercallInvocation) -> HypercallSubject { call.setSubject }
}

extension HypercallInvocation {
  /// The header was looked at with the first element of this invocation, and one flush does for all.
  fileprivate var isFirstElement: Bool { rep == control.repStart }

  fileprivate func flushFlags(allowing allowed: HypercallFlushFlags) throws(HypercallStatus) -> HypercallFlushFlags {
    let flags = HypercallFlushFlags(rawValue: input.uint64(at: 8))
    guard allowed.isSuperset(of: flags) else { throw .invalidParameter }
    return flags
  }

  /// Those of the mask at 16 that exist. No bit at all means all VPs, as in KVM: there are guests that rely on it, and
  /// more may be flushed than was asked for.
  fileprivate func maskTargets(_ flags: HypercallFlushFlags, in partition: HyperVPartition) -> [VPIndex] {
    let mask = input.uint64(at: 16)
    let all = (0..<partition.processors.count).map { VPIndex($0) }
    if flags.contains(.allProcessors) || mask == 0 { return all }
    return all.prefix(64).filter { mask.bit($0.index) }
  }

  /// Those of the set at 16 that exist.
  fileprivate func setTargets(
    _ flags: HypercallFlushFlags, in partition: HyperVPartition
  ) throws(HypercallStatus) -> [VPIndex] {
    guard let set = HypercallVPSet(input, at: 16, bankCount: control.variableHeaderSize) else {
      throw .invalidParameter
    }
    guard set.isComplete else { throw .invalidHypercallInput }
    let count = partition.processors.count
    if flags.contains(.allProcessors) { return (0..<count).map { VPIndex($0) } }
    return set.members(vpCount: count).filter { $0.index < count }
  }

  fileprivate mutating func flush(_ targets: [VPIndex]) { effects.append(.flush(caller.vtl, of: targets)) }

  /// The address space, or the range where there is a list, and the mask.
  fileprivate var maskSubject: HypercallSubject {
    let mask = input.uint64(at: 16)
    return flushSubject(first: mask == 0 ? nil : mask.trailingZeroBitCount, mask: mask)
  }

  /// The same, with the first bank of the set.
  fileprivate var setSubject: HypercallSubject {
    let (banks, members) = (input.uint64(at: 24), input.uint64(at: 32))
    let isNamed = control.variableHeaderSize > 0 && banks != 0 && members != 0
    let first = isNamed ? banks.trailingZeroBitCount * 64 + members.trailingZeroBitCount : nil
    return flushSubject(first: first, mask: isNamed ? members : 0)
  }

  private func flushSubject(first: Int?, mask: UInt64) -> HypercallSubject {
    HypercallSubject(
      target: first.flatMap { namedContext(vp: UInt32(clamping: $0), vtl: caller.vtl) },
      argument: input.uint64(at: shape.element == nil ? 0 : element), value: mask)
  }
}
