import Architecture

/// HvCallSendSyntheticClusterIpi: a fixed interrupt for VPs 0...63, named by index.
///
/// Input: vector at 0 (4 bytes), HV_INPUT_VTL at 4 (1), flags and reserved at 5 (3), VP mask at 8 (8).
enum SendSyntheticClusterIPI: Hypercall {
  static var code: HypercallCode { .sendSyntheticClusterIPI }
  static var shape: HypercallShape { .simple(16) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let mask = call.input.uint64(at: 8)
    let targets = (0..<64).filter { mask.bit($0) }.map { VPIndex($0) }
    try call.sendInterrupt(to: targets, in: partition)
  }

  /// The vector, and the VP mask.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    let mask = call.input.uint64(at: 8)
    return call.interruptSubject(first: mask == 0 ? nil : mask.trailingZeroBitCount, mask: mask)
  }
}

/// HvCallSendSyntheticClusterIpiEx: the same for any set of VPs.
///
/// Input: the first 8 bytes alike, then the VP set: format at 8 (8), valid banks at 16 (8), banks from 24 on.
enum SendSyntheticClusterIPIEx: Hypercall {
  static var code: HypercallCode { .sendSyntheticClusterIPIEx }
  static var shape: HypercallShape { .variable(24) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    guard let set = HypercallVPSet(call.input, at: 8, bankCount: call.control.variableHeaderSize)
    else { throw .invalidParameter }
    guard set.isComplete else { throw .invalidHypercallInput }
    try call.sendInterrupt(to: set.members(vpCount: partition.processors.count), in: partition)
  }

  /// The vector, and the first bank of the VP set.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    let (banks, members) = (call.input.uint64(at: 16), call.input.uint64(at: 24))
    let isNamed = call.control.variableHeaderSize > 0 && banks != 0 && members != 0
    let first = isNamed ? banks.trailingZeroBitCount * 64 + members.trailingZeroBitCount : nil
    return call.interruptSubject(first: first, mask: isNamed ? members : 0)
  }
}

extension HypercallInvocation {
  /// Of the many VPs that an IPI may name, the first stands for them; the mask has the others.
  fileprivate func interruptSubject(first: Int?, mask: UInt64) -> HypercallSubject {
    HypercallSubject(
      target: first.flatMap { namedContext(vp: UInt32(clamping: $0), vtl: namedVTL(at: 4)) },
      argument: UInt64(input.uint32(at: 0)), value: mask)
  }

  /// The VTL whose local APICs get it, which may be above the caller's: KVM's guests interrupt VTL1 from VTL0 in this
  /// way, and what VTL1 does about a vector is for its handlers to say. OpenVMM refuses it.
  private func interruptedVTL(in partition: HyperVPartition) throws(HypercallStatus) -> VTL {
    let named = HypercallInputVTL(rawValue: input.uint8(at: 4))
    guard named.areReservedBitsZero else { throw .invalidParameter }
    guard named.usesTarget else { return caller.vtl }
    guard named.target <= caller.vtl || partition.enabledVTLs.contains(named.target) else { throw .accessDenied }
    return named.target
  }

  /// The common first 8 bytes. VPs that do not exist are skipped, but counted.
  fileprivate mutating func sendInterrupt(
    to targets: [VPIndex], in partition: HyperVPartition
  ) throws(HypercallStatus) {
    let vector = try self.vector(at: 0)
    let target = try interruptedVTL(in: partition)
    let existing = targets.filter { $0.index < partition.processors.count }
    effects.append(
      .sendInterrupt(vector, target, to: existing, absent: targets.count - existing.count))
  }
}
