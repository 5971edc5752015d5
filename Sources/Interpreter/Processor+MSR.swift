import Architecture

extension Processor {
  /// An MSR that is plain CPU state; nil for one that is not.
  public func readMSR(_ number: UInt32) -> UInt64? { state.readMSR(number) }

  /// False when the MSR is not plain CPU state; throws #GP for a value it cannot hold.
  public func writeMSR(_ number: UInt32, _ value: UInt64) throws(Fault) -> Bool { try state.writeMSR(number, value) }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  func readMSR(_ number: UInt32) -> UInt64? {
    switch number {
    case ProcessorMSR.sysenterCS: pointee.sysenterCS
    case ProcessorMSR.sysenterESP: pointee.sysenterESP
    case ProcessorMSR.sysenterEIP: pointee.sysenterEIP
    case ProcessorMSR.pat: pointee.pat
    case ProcessorMSR.efer: pointee.efer
    case ProcessorMSR.star: pointee.star
    case ProcessorMSR.lstar: pointee.lstar
    case ProcessorMSR.cstar: pointee.cstar
    case ProcessorMSR.sfmask: pointee.sfmask
    case ProcessorMSR.fsBase: pointee.segments[4].base
    case ProcessorMSR.gsBase: pointee.segments[5].base
    case ProcessorMSR.kernelGSBase: pointee.kernelGSBase
    case ProcessorMSR.tscAux: pointee.tscAux
    default: nil
    }
  }

  func writeMSR(_ number: UInt32, _ value: UInt64) throws(Fault) -> Bool {
    switch number {
    case ProcessorMSR.sysenterCS: pointee.sysenterCS = value & 0xFFFF_FFFF
    case ProcessorMSR.sysenterESP: pointee.sysenterESP = try canonical(value)
    case ProcessorMSR.sysenterEIP: pointee.sysenterEIP = try canonical(value)
    case ProcessorMSR.pat: try setPAT(value)
    case ProcessorMSR.efer: try setEFER(value)
    case ProcessorMSR.star: pointee.star = value
    case ProcessorMSR.lstar: pointee.lstar = try canonical(value)
    case ProcessorMSR.cstar: pointee.cstar = try canonical(value)
    case ProcessorMSR.sfmask: pointee.sfmask = value & 0xFFFF_FFFF
    case ProcessorMSR.fsBase: pointee.segments[4].base = try canonical(value)
    case ProcessorMSR.gsBase: pointee.segments[5].base = try canonical(value)
    case ProcessorMSR.kernelGSBase: pointee.kernelGSBase = try canonical(value)
    case ProcessorMSR.tscAux: pointee.tscAux = value & 0xFFFF_FFFF
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
    pointee.pat = value
  }

  /// LMA cannot be written; LME cannot change while paging is on (SDM Vol. 3A, 9.8.5).
  private func setEFER(_ value: UInt64) throws(Fault) {
    let old = pointee.efer
    guard value & ~EFER.supported.rawValue == 0 else { throw .generalProtection() }
    let changed = value ^ old
    if changed & EFER.longModeEnable.rawValue != 0, pointee.cr0 & CR0.paging.rawValue != 0 {
      throw .generalProtection()
    }
    pointee.efer = value & ~EFER.longModeActive.rawValue | old & EFER.longModeActive.rawValue
  }
}

/// Bits 63:47 are equal (4-level paging).
@inline(__always)
func isCanonical(_ address: UInt64) -> Bool {
  UInt64(bitPattern: Int64(bitPattern: address &<< 16) &>> 16) == address
}
