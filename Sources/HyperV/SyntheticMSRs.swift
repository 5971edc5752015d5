import Architecture

/// What reading a synthetic MSR gives.
public enum SyntheticMSRValue: Hashable, Sendable {
  case value(UInt64)
  /// The local APIC of the reading context has it: ICR high in 63:32, ICR low in 31:0.
  case interruptCommand
  /// The local APIC of the reading context has it: TPR 7:0.
  case taskPriority
}

/// RDMSR and WRMSR of the synthetic MSRs, by the VTL that is active on the VP.
extension HyperVPartition {
  /// Reads MSR `number`. `runTime` is how long the VP has run.
  ///
  /// - Throws: #GP(0) when the MSR is not offered or cannot be read.
  public func readMSR(
    _ number: UInt32, on vp: VPIndex, at now: VirtualTime, runTime: VirtualTime
  ) throws(Fault) -> SyntheticMSRValue {
    guard let msr = SyntheticMSR(rawValue: number) else { throw .generalProtection() }
    let context = active(on: vp)
    switch msr {
    case .guestOSID: return .value(vtls[context.vtl].guestOSID)
    case .hypercall: return .value(vtls[context.vtl].hypercall.rawValue)
    case .vpIndex: return .value(UInt64(vp.rawValue))
    case .reset, .guestIdle: return .value(0)
    case .vpRuntime: return .value(Self.hundredNanoseconds(runTime))
    case .timeReferenceCount: return .value(Self.hundredNanoseconds(now))
    case .referenceTSC: return .value(vtls[context.vtl].referenceTSC.rawValue)
    case .tscFrequency, .apicFrequency: return .value(VirtualTime.ticksPerSecond)
    case .endOfInterrupt: throw .generalProtection()
    case .interruptCommand: return .interruptCommand
    case .taskPriority: return .taskPriority
    case .vpAssistPage: return .value(self[context].assistPage.rawValue)
    case .crashParameter0, .crashParameter1, .crashParameter2, .crashParameter3, .crashParameter4:
      return .value(crashParameters[Self.crashParameter(msr)])
    case .crashControl: return .value(Self.crashNotify)
    }
  }

  /// Writes MSR `number`.
  ///
  /// - Throws: #GP(0) when the MSR is not offered, is read-only or does not take the value.
  public mutating func writeMSR(
    _ number: UInt32, _ value: UInt64, on vp: VPIndex
  ) throws(Fault) -> [HyperVEffect] {
    guard let msr = SyntheticMSR(rawValue: number) else { throw .generalProtection() }
    let context = active(on: vp)
    switch msr {
    case .guestOSID: return setGuestOSID(value, vtl: context.vtl)
    case .hypercall: return try setHypercall(value, vtl: context.vtl)
    case .referenceTSC: return try setReferenceTSC(value, vtl: context.vtl)
    case .reset: return value.bit(0) ? [.resetPartition(zeroesMemory: zeroesMemoryOnReset)] : []
    case .endOfInterrupt: return [.endOfInterrupt]
    case .interruptCommand: return [.interruptCommand(value)]
    case .taskPriority:
      guard let priority = UInt8(exactly: value) else { throw .generalProtection() }
      return [.taskPriority(priority)]
    case .vpAssistPage: return try setAssistPage(value, of: context)
    case .crashParameter0, .crashParameter1, .crashParameter2, .crashParameter3, .crashParameter4:
      crashParameters[Self.crashParameter(msr)] = value
      return []
    case .crashControl:
      return value & Self.crashNotify == 0 ? [] : [.guestCrashed(control: value, parameters: crashParameters)]
    case .vpIndex, .guestIdle, .vpRuntime, .timeReferenceCount, .tscFrequency, .apicFrequency:
      throw .generalProtection()
    }
  }

  /// Which of the five it is, 0...4.
  private static func crashParameter(_ msr: SyntheticMSR) -> Int {
    Int(msr.rawValue - SyntheticMSR.crashParameter0.rawValue)
  }

  /// HV_CRASH_CTL_REG_CONTENTS, CrashNotify. Other bits say more, and ask for nothing.
  static var crashNotify: UInt64 { 1 &<< 63 }

  /// The unit of the reference counter is 100 ns: TLFS, "Timers".
  static var referenceUnitsPerSecond: UInt64 { 10_000_000 }
  static var ticksPerReferenceUnit: UInt64 { VirtualTime.ticksPerSecond / referenceUnitsPerSecond }
  static func hundredNanoseconds(_ time: VirtualTime) -> UInt64 { time.rawValue / ticksPerReferenceUnit }

  /// A VTL above 0 has asked for memory to be cleared by a reset.
  var zeroesMemoryOnReset: Bool {
    vtls[.vtl1].config.zeroesMemoryOnReset || vtls[.vtl2].config.zeroesMemoryOnReset
  }

  /// Zero disables the hypercall page, unless it is locked (TLFS, "Hypercall Interface").
  mutating func setGuestOSID(_ value: UInt64, vtl: VTL) -> [HyperVEffect] {
    vtls[vtl].guestOSID = value
    let page = vtls[vtl].hypercall
    guard value == 0, !page.isLocked, let address = page.enabledAddress else { return [] }
    vtls[vtl].hypercall.isEnabled = false
    return [.unmapHypercallPage(vtl, at: address)]
  }

  /// Enable does not stick while GUEST_OS_ID is 0. Reserved bits, an address beyond the guest's and any write
  /// to a locked MSR are #GP.
  mutating func setHypercall(_ value: UInt64, vtl: VTL) throws(Fault) -> [HyperVEffect] {
    var new = OverlayPageMSR(rawValue: value)
    let old = vtls[vtl].hypercall
    guard !old.isLocked, value & 0xFFC == 0, configuration.isAddressable(new.address) else {
      throw .generalProtection()
    }
    if vtls[vtl].guestOSID == 0 { new.isEnabled = false }
    vtls[vtl].hypercall = new
    return Self.move(old, new, map: { .mapHypercallPage(vtl, at: $0) }, unmap: { .unmapHypercallPage(vtl, at: $0) })
  }

  /// Reserved bits and an address beyond the guest's are #GP.
  mutating func setAssistPage(_ value: UInt64, of context: ContextID) throws(Fault) -> [HyperVEffect] {
    let new = OverlayPageMSR(rawValue: value)
    guard value & 0xFFE == 0, configuration.isAddressable(new.address) else { throw .generalProtection() }
    let old = self[context].assistPage
    self[context].assistPage = new
    return Self.move(old, new, map: { .mapAssistPage(context, at: $0) }, unmap: { .unmapAssistPage(context, at: $0) })
  }

  /// What it takes that an overlay page is where its MSR has it now.
  static func move(
    _ old: OverlayPageMSR, _ new: OverlayPageMSR, map: (GPA) -> HyperVEffect, unmap: (GPA) -> HyperVEffect
  ) -> [HyperVEffect] {
    guard old.enabledAddress != new.enabledAddress else { return [] }
    return [old.enabledAddress.map(unmap), new.enabledAddress.map(map)].compactMap { $0 }
  }
}
