import Architecture

extension Processor {
  /// An MSR that is plain CPU state; nil for one that is not.
  public func readMSR(_ number: UInt32) -> UInt64? {
    switch number {
    case ProcessorMSR.sysenterCS: state.pointee.sysenterCS
    case ProcessorMSR.sysenterESP: state.pointee.sysenterESP
    case ProcessorMSR.sysenterEIP: state.pointee.sysenterEIP
    case ProcessorMSR.pat: state.pointee.pat
    case ProcessorMSR.efer: state.pointee.efer
    case ProcessorMSR.star: state.pointee.star
    case ProcessorMSR.lstar: state.pointee.lstar
    case ProcessorMSR.cstar: state.pointee.cstar
    case ProcessorMSR.sfmask: state.pointee.sfmask
    case ProcessorMSR.fsBase: state.pointee.segments[4].base
    case ProcessorMSR.gsBase: state.pointee.segments[5].base
    case ProcessorMSR.kernelGSBase: state.pointee.kernelGSBase
    case ProcessorMSR.tscAux: state.pointee.tscAux
    default: nil
    }
  }

  /// False when the MSR is not plain CPU state; throws #GP for a value it cannot hold.
  public func writeMSR(_ number: UInt32, _ value: UInt64) throws(Fault) -> Bool {
    switch number {
    case ProcessorMSR.sysenterCS: state.pointee.sysenterCS = value & 0xFFFF_FFFF
    case ProcessorMSR.sysenterESP: state.pointee.sysenterESP = try canonical(value)
    case ProcessorMSR.sysenterEIP: state.pointee.sysenterEIP = try canonical(value)
    case ProcessorMSR.pat: try setPAT(value)
    case ProcessorMSR.efer: try setEFER(value)
    case ProcessorMSR.star: state.pointee.star = value
    case ProcessorMSR.lstar: state.pointee.lstar = try canonical(value)
    case ProcessorMSR.cstar: state.pointee.cstar = try canonical(value)
    case ProcessorMSR.sfmask: state.pointee.sfmask = value & 0xFFFF_FFFF
    case ProcessorMSR.fsBase: state.pointee.segments[4].base = try canonical(value)
    case ProcessorMSR.gsBase: state.pointee.segments[5].base = try canonical(value)
    case ProcessorMSR.kernelGSBase: state.pointee.kernelGSBase = try canonical(value)
    case ProcessorMSR.tscAux: state.pointee.tscAux = value & 0xFFFF_FFFF
    default: return false
    }
    return true
  }

  private func canonical(_ value: UInt64) throws(Fault) -> UInt64 {
    guard isCanonical(value) else { throw .generalProtection() }
    return value
  }

  /// Each byte is a memory type: 0, 1, 4, 5, 6 or 7 (SDM Vol. 3A, 11.12.2).
  private func setPAT(_ value: UInt64) throws(Fault) {
    for i in 0..<8 {
      let type = value.field(i * 8, 8)
      guard type < 8, type != 2, type != 3 else { throw .generalProtection() }
    }
    state.pointee.pat = value
  }

  /// LMA cannot be written; LME cannot change while paging is on (SDM Vol. 3A, 9.8.5).
  private func setEFER(_ value: UInt64) throws(Fault) {
    let old = state.pointee.efer
    guard value & ~EFER.supported.rawValue == 0 else { throw .generalProtection() }
    let changed = value ^ old
    if changed & EFER.longModeEnable.rawValue != 0, state.pointee.cr0 & CR0.paging.rawValue != 0 {
      throw .generalProtection()
    }
    state.pointee.efer = value & ~EFER.longModeActive.rawValue | old & EFER.longModeActive.rawValue
  }
}

/// Bits 63:47 are equal (4-level paging).
@inline(__always)
func isCanonical(_ address: UInt64) -> Bool {
  UInt64(bitPattern: Int64(bitPattern: address &<< 16) &>> 16) == address
}
