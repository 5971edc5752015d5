import Architecture
import Journal

extension LocalAPIC {
  /// A load from the register page, `offset` bytes into it.
  ///
  /// Only the low dword of each 16 bytes exists, and a part of it can be read; the rest reads 0 (SDM Vol. 3A,
  /// 12.4.1 leaves it undefined). In the other modes no APIC answers: all ones. Reading a reserved offset is
  /// an error: look at `needsErrorInterrupt`.
  public mutating func readMMIO(offset: Int, size: Int, at now: VirtualTime) -> UInt64 {
    let mask: UInt64 = size >= 8 ? .max : (1 &<< UInt64(8 &* size)) &- 1
    guard base.mode == .xAPIC else { return mask }
    let byte = offset & 0xF
    guard byte < 4 else { return 0 }
    guard let register = register(at: offset) else { return 0 }
    guard access(to: register).contains(.read) else { return 0 }
    return UInt64(value(of: register, at: now)) &>> UInt64(8 &* byte) & mask
  }

  /// A store to the register page. Only aligned stores of 4 bytes count (SDM Vol. 3A, 12.4.1); others are
  /// ignored, and so is every store in the other modes.
  public mutating func writeMMIO(
    offset: Int, size: Int, _ value: UInt64, at now: VirtualTime, rip: UInt64
  ) -> APICEffect {
    guard base.mode == .xAPIC, size == 4, offset & 0xF == 0 else { return .none }
    guard let register = register(at: offset) else { return .error(.illegalRegisterAddress) }
    guard access(to: register).contains(.write) else { return .none }
    return write(register, UInt32(truncatingIfNeeded: value), at: now, rip: rip)
  }

  /// The register at an offset; notes the error when it is a reserved one.
  private mutating func register(at offset: Int) -> APICRegister? {
    let register = APICRegister(rawValue: UInt8(truncatingIfNeeded: offset &>> 4))
    guard offset & 0xFFF < 0x400, !access(to: register).isEmpty else {
      detect(.illegalRegisterAddress)
      return nil
    }
    return register
  }

  /// IA32_TSC_DEADLINE.
  public static var deadlineMSR: UInt32 { 0x6E0 }

  /// RDMSR. #GP(0) for what x2APIC mode does not have, and for 800h...8FFh in the other modes (SDM Vol. 3A,
  /// 12.12.1.2).
  public func readMSR(_ msr: UInt32, at now: VirtualTime) throws(Fault) -> UInt64 {
    switch msr {
    case APICBase.msr: return base.rawValue
    case Self.deadlineMSR where offersDeadline: return timer.deadline
    default:
      let register = try x2APICRegister(msr, .read)
      guard register != .interruptCommand else { return command.rawValue }
      return UInt64(value(of: register, at: now))
    }
  }

  /// WRMSR. #GP(0) also for every reserved bit that is set (SDM Vol. 3A, 12.12.1.3).
  ///
  /// KVM checks the reserved bits of the ICR, ESR and SELF IPI only.
  public mutating func writeMSR(
    _ msr: UInt32, _ value: UInt64, at now: VirtualTime, rip: UInt64
  ) throws(Fault) -> APICEffect {
    switch msr {
    case APICBase.msr: return try writeBase(value)
    case Self.deadlineMSR where offersDeadline:
      // Nor does it reach an APIC that is not there.
      let isIgnored = timer.mode != .deadline || !isHardwareEnabled
      if !isIgnored { timer.setDeadline(value) }
      return noteTimerWrite(.deadline, value, isIgnored: isIgnored, at: now, rip: rip)
    default:
      let register = try x2APICRegister(msr, .write)
      guard register != .interruptCommand else { return try sendX2APIC(value) }
      guard value & ~UInt64(writableX2APICBits(register)) == 0 else { throw .generalProtection() }
      guard register != .selfInterrupt else {
        return sendSelf(VectorNumber(rawValue: UInt8(truncatingIfNeeded: value)))
      }
      return write(register, UInt32(truncatingIfNeeded: value), at: now, rip: rip)
    }
  }

  private func x2APICRegister(_ msr: UInt32, _ wanted: APICRegister.Access) throws(Fault) -> APICRegister {
    guard base.mode == .x2APIC, msr >= 0x800, msr < 0x840 else { throw .generalProtection() }
    let register = APICRegister(rawValue: UInt8(truncatingIfNeeded: msr &- 0x800))
    guard access(to: register).isSuperset(of: wanted) else { throw .generalProtection() }
    return register
  }

  /// The bits WRMSR may set. EOI and ESR take only 0.
  private func writableX2APICBits(_ register: APICRegister) -> UInt32 {
    if let entry = LocalVector(register) { return writableBits(entry) | entry.readOnlyBits }
    switch register {
    case .taskPriority, .selfInterrupt: return 0xFF
    case .spuriousVector: return spuriousVectorBits
    case .timerInitialCount: return .max
    case .timerDivide: return 0xB
    default: return 0
    }
  }
}
