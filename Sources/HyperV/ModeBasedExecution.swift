import Architecture

/// Mode-based execution control (MBEC): pages that the kernel of VTL0 may execute and its programs may not, or the other
/// way round (TLFS, "Mode Based Execution Control").
///
/// VTL1 has it for VTL0 when it is enabled for the partition with that flag, and on each VP from when VTL1 sets
/// VsmVpSecureConfigVtl0.MbecEnabled there. Until then the kernel-execute bit is for both.
extension HyperVPartition {
  /// Whether `owner` may tell kernel from user execution of `lower`.
  func offersModeBasedExecution(to owner: VTL, of lower: VTL) -> Bool {
    owner == .vtl1 && lower == .vtl0 && vtls[owner].usesModeBasedExecution
  }

  /// Whether it is on for a context: ActiveMbecEnabled, of the active one.
  public func isModeBased(_ context: ContextID) -> Bool {
    context.vtl == .vtl0 && processors[context.vp.index].vtls[.vtl1].modeBasedVTLs.contains(.vtl0)
  }

  /// Switches it on or off; nil when it was so already.
  mutating func setModeBased(_ isOn: Bool, of lower: VTL, by target: ContextID) -> HyperVEffect? {
    guard isOn != processors[target.vp.index].vtls[target.vtl].modeBasedVTLs.contains(lower) else { return nil }
    if isOn {
      self[target].modeBasedVTLs.insert(lower)
      controlsLowerVTLs = true
    } else {
      self[target].modeBasedVTLs.remove(lower)
    }
    return .modeBasedExecution(target.vp)
  }

  /// MbecEnabledVtlSet: both sides of it.
  var modeBasedVTLs: VTLSet { VTLSet(rawValue: vtls[.vtl1].usesModeBasedExecution ? 3 : 0) }
}
