import Architecture

/// CrInterceptControl and its masks, as register hypercalls reach them: one set for each VTL above 0 of a VP.
extension HyperVPartition {
  /// - Throws: INVALID_PARAMETER for another register, ACCESS_DENIED for VTL0, which has nothing below it.
  func readRegisterIntercepts(_ name: VPRegisterName, of target: ContextID) throws(HypercallStatus) -> UInt64 {
    let set = try registerIntercepts(name, of: target)
    switch name {
    case .crInterceptControl: return set.control.rawValue
    case .crInterceptCR0Mask: return set.cr0Mask
    case .crInterceptCR4Mask: return set.cr4Mask
    default: return set.miscellaneousEnableMask
    }
  }

  /// - Throws: as reading, and INVALID_REGISTER_VALUE for reserved bits.
  mutating func writeRegisterIntercepts(
    _ name: VPRegisterName, _ value: UInt64, of target: ContextID, _ call: inout HypercallInvocation
  ) throws(HypercallStatus) {
    var set = try registerIntercepts(name, of: target)
    switch name {
    case .crInterceptControl:
      set.control = CRInterceptControl(rawValue: value)
      guard set.control.areReservedBitsZero else { throw .invalidRegisterValue }
    case .crInterceptCR0Mask: set.cr0Mask = value
    case .crInterceptCR4Mask: set.cr4Mask = value
    default: set.miscellaneousEnableMask = value
    }
    processors[target.vp.index].vtls[target.vtl].registerIntercepts = set
    controlsLowerVTLs = true
    call.effects.append(.registerIntercepts(target.vp))
  }

  private func registerIntercepts(
    _ name: VPRegisterName, of target: ContextID
  ) throws(HypercallStatus) -> RegisterIntercepts {
    guard configuration.offersVSM, name.isRegisterIntercept else { throw .invalidParameter }
    guard target.vtl > .vtl0 else { throw .accessDenied }
    return processors[target.vp.index].vtls[target.vtl].registerIntercepts
  }

  /// What the active VTL of a VP is stopped at, by all VTLs above it together.
  public func activeRegisterIntercepts(on vp: VPIndex) -> RegisterIntercepts {
    var all = RegisterIntercepts()
    for vtl in higherVTLs(on: vp) { all = all.union(processors[vp.index].vtls[vtl].registerIntercepts) }
    return all
  }

  /// The lowest VTL above the active one that hears of it; when several do, it is told first.
  public func registerInterceptor(on vp: VPIndex, _ catches: (RegisterIntercepts) -> Bool) -> VTL? {
    higherVTLs(on: vp).first { catches(processors[vp.index].vtls[$0].registerIntercepts) }
  }

  /// The VTLs above the active one that are enabled on a VP, the lowest first.
  func higherVTLs(on vp: VPIndex) -> some Sequence<VTL> {
    let enabled = processors[vp.index].enabledVTLs
    return (processors[vp.index].activeVTL.index + 1..<max(VTL.countLimit, processors[vp.index].activeVTL.index + 1))
      .lazy.map { VTL($0) }.filter { enabled.contains($0) }
  }
}

extension VPRegisterName {
  var isRegisterIntercept: Bool { rawValue &>> 2 == Self.crInterceptControl.rawValue &>> 2 }
}
