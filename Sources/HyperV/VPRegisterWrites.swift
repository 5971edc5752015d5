import Architecture

/// Writing VP registers.
extension HyperVPartition {
  mutating func writeRegister(
    _ name: VPRegisterName, _ value: UInt128, of target: ContextID, _ call: inout HypercallInvocation,
    _ registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    let low = UInt64(truncatingIfNeeded: value)
    switch name {
    case .guestOSID: call.effects += setGuestOSID(low, vtl: target.vtl)
    case .hypercall, .vpAssistPage, .referenceTSC: call.effects += try writePage(name, low, of: target)
    case .vsmVina, .vsmPartitionConfig: try writeVSM(name, low, of: target, &call)
    default:
      if let lower = name.secureConfigVTL, configuration.offersVSM {
        return try writeSecureConfig(low, of: lower, by: target, &call)
      }
      if name.isRegisterIntercept { return try writeRegisterIntercepts(name, low, of: target, &call) }
      try writeProcessorState(name, value, of: target, call, &registers)
    }
  }

  /// What WRMSR refuses with #GP is an invalid parameter here.
  private mutating func writePage(
    _ name: VPRegisterName, _ value: UInt64, of target: ContextID
  ) throws(HypercallStatus) -> [HyperVEffect] {
    do throws(Fault) {
      switch name {
      case .hypercall: return try setHypercall(value, vtl: target.vtl)
      case .referenceTSC: return try setReferenceTSC(value, vtl: target.vtl)
      default: return try setAssistPage(value, of: target)
      }
    } catch {
      throw .invalidParameter
    }
  }

  /// VTL0 has neither register.
  private mutating func writeVSM(
    _ name: VPRegisterName, _ value: UInt64, of target: ContextID, _ call: inout HypercallInvocation
  ) throws(HypercallStatus) {
    guard configuration.offersVSM, target.vtl > .vtl0 else { throw .invalidParameter }
    if name == .vsmVina {
      let vina = VSMVina(rawValue: value)
      guard vina.areReservedBitsZero else { throw .invalidParameter }
      self[target].vina = vina
    } else {
      try writePartitionConfig(VSMPartitionConfig(rawValue: value), of: target.vtl, &call)
    }
  }

  /// Intercepts other than by the intercept page are not offered, and asking for them is refused rather than taken and
  /// not done.
  ///
  /// Protection is enabled once, with the mask that all RAM begins with: it has to allow reading and writing. From then
  /// on it stays enabled, and the mask what it is: another one is ignored, as KVM's VSM does; OpenVMM refuses it. Before,
  /// a mask of 0 is none given.
  private mutating func writePartitionConfig(
    _ config: VSMPartitionConfig, of vtl: VTL, _ call: inout HypercallInvocation
  ) throws(HypercallStatus) {
    guard config.otherBits == 0 else { throw .invalidRegisterValue }
    let old = vtls[vtl].config
    guard !old.enablesProtection else {
      guard config.enablesProtection else { throw .invalidRegisterValue }
      return vtls[vtl].config = config.keepingMask(of: old)
    }
    if config.enablesProtection || config.defaultProtectionMask != 0 {
      let mask = ProtectionMask(
        mapFlags: UInt32(config.defaultProtectionMask), isModeBased: vtls[vtl].usesModeBasedExecution)
      guard let mask, mask.allowsReadAndWrite else { throw .invalidRegisterValue }
      if config.enablesProtection { call.effects.append(.protectAll(vtl, mask)) }
    }
    vtls[vtl].config = config
  }

  /// The TLB lock, and mode-based execution control where it was asked for; the writer has to be above the VTL that it
  /// is about.
  private mutating func writeSecureConfig(
    _ value: UInt64, of lower: VTL, by target: ContextID, _ call: inout HypercallInvocation
  ) throws(HypercallStatus) {
    guard lower < target.vtl else { throw .accessDenied }
    let config = VSMVPSecureConfig(rawValue: value)
    guard value & ~3 == 0, !config.isModeBased || offersModeBasedExecution(to: target.vtl, of: lower) else {
      throw .invalidRegisterValue
    }
    if let effect = setTLBLock(config.locksTLB, of: lower, by: target) { call.effects.append(effect) }
    if let effect = setModeBased(config.isModeBased, of: lower, by: target) { call.effects.append(effect) }
  }

  private func writeProcessorState(
    _ name: VPRegisterName, _ value: UInt128, of target: ContextID, _ call: HypercallInvocation,
    _ registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try checkAccess(name, of: target, by: call.caller)
    guard name != .initialApicID else { throw .invalidParameter }
    guard name.canHold(value) else { throw .invalidRegisterValue }
    switch registers.write(name, value, of: target) {
    case .written: break
    case .unknownRegister, .readOnly: throw .invalidParameter
    case .invalidValue: throw .invalidRegisterValue
    }
  }
}

extension VPRegisterName {
  /// Whether a value keeps reserved bits clear and addresses canonical (SDM Vol. 3A, 2.5 and 3.3.7.1).
  ///
  /// What depends on other registers, such as paging without protection, is the processor's to judge.
  func canHold(_ value: UInt128) -> Bool {
    let low = UInt64(truncatingIfNeeded: value)
    switch self {
    case .rip, .lstar, .cstar, .kernelGSBase, .sysenterEIP, .sysenterESP: return low.isCanonical
    case .fs, .gs, .tr, .ldtr: return HyperVSegment(value).base.isCanonical
    case .cs, .ds, .es, .ss: return HyperVSegment(value).hasNarrowBase
    case .idtr, .gdtr: return HyperVTable(value).base.isCanonical
    case .cr0, .dr6, .dr7, .sfmask, .tscAux: return low &>> 32 == 0
    case .cr8: return low < 16
    case .interruptState: return low < 4
    case .rflags: return low.isValidRFLAGS
    case .efer: return low.isValidEFER
    case .pat: return low.isValidPAT
    default: return true
    }
  }
}
