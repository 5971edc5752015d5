import Architecture
import HyperV
import Interpreter
import Memory

/// What hypercalls want to know of memory and of the processor, on behalf of some context.
extension MachineVPRegisters {
  mutating func translate(_ address: GVA, _ flags: TranslationFlags, for id: ContextID) -> AddressTranslation {
    let probe = partition.probe
    probe.vtl = id.vtl
    probe.privateState = partition.privateState(of: id)
    probe.protectionKeyRights = partition.vps[id.vp.index].processor.protectionKeyRights
    probe.isModeBased = partition.hyperV.isModeBased(id)
    return partition.interpreter.translate(address.rawValue, flags, for: probe)
  }

  func protector(of access: ProtectionMask, at page: GPA, from vtl: VTL) -> VTL? {
    partition.memory.protector(of: PageAccess(rawValue: access.rawValue), at: page.pageNumber, from: vtl)
  }

  func cpuid(_ leaf: UInt32, _ subleaf: UInt32, enabledState: UInt64?, of vp: VPIndex) -> [UInt32]? {
    let supported = ExtendedState.supported(partition.interpreter.features)
    if let enabledState, enabledState & ~supported != 0 || !enabledState.bit(0) { return nil }
    let answer = partition.cpuid(leaf, subleaf, enabledState: enabledState, of: vp.index)
    return [answer.a, answer.b, answer.c, answer.d]
  }
}
