import Architecture

/// HvCallGetVpCpuidValues: what CPUID answers on a VP.
///
/// Header: partition at 0 (8 bytes), VP at 8 (4), flags at 12 (4; 0 XCR0 and XSS of the VP, 1 with what was registered),
/// reserved at 16 (8). Element: EAX at 0 (4), ECX at 4 (4), XCR0 at 8 (8), XSS at 16 (8). Output: EAX, EBX, ECX and EDX.
/// Without flag 0 the size of the extended state is that of the XCR0 given. XSS means nothing here: the processor has no
/// state that it switches.
enum GetVPCPUIDValues: Hypercall {
  static var code: HypercallCode { .getVPCPUIDValues }
  static var shape: HypercallShape { .rep(24, element: 24, output: 16) }
  static var privileges: HyperVPrivileges { .accessVSM }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    guard call.caller.vtl > .vtl0 else { throw .accessDenied }
    let vp = try call.vp(at: 8, in: partition)
    let flags = call.input.uint32(at: 12)
    guard flags & ~3 == 0 else { throw .invalidParameter }
    let leaf = call.input.uint32(at: call.element)
    let subleaf = call.input.uint32(at: call.element + 4)
    let state = flags & 1 != 0 ? nil : call.input.uint64(at: call.element + 8)
    guard let answer = registers.cpuid(leaf, subleaf, enabledState: state, of: vp) else { throw .invalidParameter }
    for register in answer { call.answer(UInt64(register), count: 4) }
  }

  /// Leaf and subleaf, and the EAX that was answered.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(
      target: call.namedContext(vp: call.input.uint32(at: 8), vtl: .vtl0),
      argument: call.input.uint64(at: call.element),
      value: call.lastOutput.map { UInt64(call.output.uint32(at: $0)) } ?? 0)
  }
}
