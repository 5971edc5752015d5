import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal

/// Which room owns a model-specific register. An MSR that nobody owns is #GP(0) (SDM Vol. 2A, RDMSR).
extension Partition {
  private enum Owner {
    case timeStamp
    case timeStampAdjust
    case apicBase
    case apic
    case synthetic
    case synic(SynICRegister)
    case lazyEOI
    case miscellaneousEnables
    case machineCheckCapabilities
    case machineCheckStatus
    case processor
  }

  private func owner(_ msr: UInt32) -> Owner {
    if let register = SynICRegister(msr: msr) { return .synic(register) }
    return switch msr {
    case 0x10: .timeStamp
    case 0x3B where configuration.cpu.features.contains(.tscAdjust): .timeStampAdjust
    case 0x1B: .apicBase
    case 0x179: .machineCheckCapabilities
    case 0x17A: .machineCheckStatus
    case 0x1A0: .miscellaneousEnables
    case 0x6E0, 0x800...0x8FF: .apic
    case 0x4000_0000...0x4000_1FFF: .synthetic
    case ParavirtualInterface.lazyEOIMSR: .lazyEOI
    default: .processor
    }
  }

  func readMSR(_ msr: UInt32, _ vp: Int) throws(Fault) -> UInt64 {
    let id = active(vp)
    switch owner(msr) {
    case .timeStamp: return clock.rawValue &+ vps[vp].timeStampAdjust
    case .timeStampAdjust: return vps[vp].timeStampAdjust
    case .apicBase: return apic(id).pointee.base.rawValue
    case .apic: return try apic(id).pointee.readMSR(msr, at: clock)
    case .synthetic: return try readSyntheticMSR(msr, vp)
    case .synic(let register): return synic(id).pointee.read(register)
    case .lazyEOI: return apic(id).pointee.lazyEOI.rawValue
    case .miscellaneousEnables: return vps[vp].enables.rawValue
    // Nothing here can break: there are no banks of error registers (SDM Vol. 3B, 16.3.1.1).
    case .machineCheckCapabilities: return 0
    case .machineCheckStatus: return vps[vp].machineCheckStatus
    case .processor:
      guard let value = vps[vp].processor.readMSR(msr) else { throw .generalProtection() }
      return value
    }
  }

  /// Writes, and retires the instruction. True when the VP yields.
  func writeMSR(_ msr: UInt32, _ value: UInt64, _ vp: Int) throws(Fault) -> Bool {
    let id = active(vp)
    let processor = vps[vp].processor
    var effect = APICEffect.none
    switch owner(msr) {
    case .timeStamp: setTimeStampAdjust(value &- clock.rawValue, vp)
    case .timeStampAdjust: setTimeStampAdjust(value, vp)
    case .apicBase: effect = try apic(id).pointee.writeBase(value)
    case .apic: effect = try apic(id).pointee.writeMSR(msr, value, at: clock, rip: processor.rip)
    case .synthetic: return try writeSyntheticMSR(msr, value, vp)
    case .synic(let register): try writeSynIC(register, value, of: id)
    case .lazyEOI: try writeLazyEOI(value, id)
    case .miscellaneousEnables: try setEnables(value, vp)
    case .machineCheckCapabilities: throw .generalProtection()
    case .machineCheckStatus:
      // RIPV, EIPV and MCIP.
      guard value < 8 else { throw .generalProtection() }
      vps[vp].machineCheckStatus = value
    case .processor: guard try processor.writeMSR(msr, value) else { throw .generalProtection() }
    }
    let yields = apply(effect, to: id)
    interpreter.completeWrite(of: processor)
    return yields
  }

  private func setEnables(_ value: UInt64, _ vp: Int) throws(Fault) {
    try vps[vp].enables.write(value)
    vps[vp].processor.refusesNoExecute = vps[vp].enables.hidesNoExecute
    vps[vp].processor.miscellaneousEnables = vps[vp].enables.rawValue
  }

  /// The guest moved its TSC: armed deadlines move with it (SDM Vol. 3B, 18.17.3).
  private func setTimeStampAdjust(_ value: UInt64, _ vp: Int) {
    vps[vp].timeStampAdjust = value
    for vtl in 0..<configuration.vtlCount { apic(ContextID(vp, vtl)).pointee.setTimestampOffset(value) }
    updateDue(vp)
  }
}
