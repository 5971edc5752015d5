import Architecture

/// VP registers as the register hypercalls reach them (TLFS, HV_REGISTER_NAME).
///
/// Hyper-V's own are here, at the caller's VTL and below. CPU state is reached through `VPRegisterAccess`,
/// and only by a VTL strictly above the one it belongs to: a VTL has no need of a hypercall for its own.
extension HyperVPartition {
  func readRegister(
    _ name: VPRegisterName, of target: ContextID, _ call: HypercallInvocation,
    _ registers: some VPRegisterAccess
  ) throws(HypercallStatus) -> UInt128 {
    if let value = ownRegister(name, of: target, call) { return UInt128(value) }
    if let leaf = name.cpuidLeaf, let (eax, ebx, ecx, edx) = configuration.cpuid(leaf: leaf) {
      return UInt128(eax) | UInt128(ebx) &<< 32 | UInt128(ecx) &<< 64 | UInt128(edx) &<< 96
    }
    if name.isRegisterIntercept { return UInt128(try readRegisterIntercepts(name, of: target)) }
    try checkAccess(name, of: target, by: call.caller)
    guard let value = registers.read(name, of: target) else { throw .invalidParameter }
    return value
  }

  func checkAccess(_ name: VPRegisterName, of target: ContextID, by caller: ContextID) throws(HypercallStatus) {
    if name.apicMSR != nil || name == .apicBase || SynICRegister(name) != nil { return }
    guard name.isProcessorState else { throw .invalidParameter }
    if name == .pendingEvent0, target.vtl >= caller.vtl { throw .invalidParameter }
    guard target.vtl < caller.vtl else { throw .accessDenied }
  }

  /// The registers whose state is here; nil for others, and for those that the target's VTL does not have.
  private func ownRegister(_ name: VPRegisterName, of target: ContextID, _ call: HypercallInvocation)
    -> UInt64?
  {
    let processor = processors[target.vp.index]
    switch name {
    case .guestOSID: return vtls[target.vtl].guestOSID
    case .hypercall: return vtls[target.vtl].hypercall.rawValue
    case .vpIndex: return UInt64(target.vp.rawValue)
    case .vpRuntime: return target.vp == call.caller.vp ? Self.hundredNanoseconds(call.runTime) : nil
    case .timeReferenceCount: return Self.hundredNanoseconds(call.now)
    case .referenceTSC: return vtls[target.vtl].referenceTSC.rawValue
    case .vpAssistPage: return self[target].assistPage.rawValue
    default: break
    }
    guard configuration.offersVSM else { return nil }
    switch name {
    case .vsmCodePageOffsets:
      return (call.isLongMode ? HypercallPage.offsets64 : HypercallPage.offsets32).rawValue
    case .vsmVPStatus:
      return VSMVPStatus(
        active: processor.activeVTL, enabled: processor.enabledVTLs, isModeBased: isModeBased(active(on: target.vp))
      ).rawValue
    case .vsmPartitionStatus:
      return VSMPartitionStatus(
        enabled: enabledVTLs, maximum: configuration.maximumVTL, modeBased: modeBasedVTLs
      ).rawValue
    case .vsmCapabilities:
      return VSMCapabilities.fromTheHighEnd(
        VSMCapabilities.dr6Shared | VSMCapabilities.modeBasedVTLs | VSMCapabilities.denyLowerVTLStartup
          | VSMCapabilities.interceptPage)
    case .vsmVina: return target.vtl > .vtl0 ? self[target].vina.rawValue : nil
    case .vsmPartitionConfig: return target.vtl > .vtl0 ? vtls[target.vtl].config.rawValue : nil
    default: return secureConfig(name, of: target)
    }
  }

  /// VsmVpSecureConfigVtl t as the target VTL, which is above t, has set it.
  private func secureConfig(_ name: VPRegisterName, of target: ContextID) -> UInt64? {
    guard let lower = name.secureConfigVTL, lower < target.vtl else { return nil }
    return secureConfig(of: lower, by: target).rawValue
  }

  func secureConfig(of lower: VTL, by target: ContextID) -> VSMVPSecureConfig {
    let isModeBased = processors[target.vp.index].vtls[target.vtl].modeBasedVTLs.contains(lower)
    let locksTLB = processors[target.vp.index].vtls[target.vtl].tlbLocks.contains(lower)
    return VSMVPSecureConfig(rawValue: (isModeBased ? 1 : 0) | (locksTLB ? 2 : 0))
  }
}

extension VPRegisterName {
  /// The CPUID leaf that this register repeats.
  var cpuidLeaf: UInt32? {
    switch self {
    case .hypervisorVersion: HyperVLeaf.version
    case .privilegesAndFeatures: HyperVLeaf.features
    case .features: HyperVLeaf.recommendations
    case .limits: HyperVLeaf.limits
    case .hardwareFeatures: HyperVLeaf.hardware
    default: nil
    }
  }

  /// General, control, debug, segment and table registers, and the MSRs that belong to the processor.
  var isProcessorState: Bool {
    switch rawValue {
    case Self.internalActivityState.rawValue, Self.pendingInterruption.rawValue, Self.interruptState.rawValue,
      Self.pendingEvent0.rawValue, Self.general(0).rawValue...Self.rflags.rawValue,
      Self.xmm(0).rawValue...Self.xmm(15).rawValue, Self.cr0.rawValue...Self.xcr0.rawValue,
      Self.dr0.rawValue...Self.dr7.rawValue, Self.es.rawValue...Self.tr.rawValue,
      Self.idtr.rawValue...Self.gdtr.rawValue, Self.tsc.rawValue...Self.initialApicID.rawValue,
      Self.tscAux.rawValue:
      true
    default: false
    }
  }
}
