import Architecture
import Journal

extension LocalAPIC {
  /// The ID register as a number: 8 bits in xAPIC mode, 32 in x2APIC mode.
  public var id: ApicID {
    base.mode == .x2APIC ? initialID : ApicID(rawValue: UInt32(xAPICID))
  }

  /// The LDR register. In x2APIC mode cluster ID[19:4] in bits 31:16 and bit ID[3:0] below (SDM Vol. 3A,
  /// 12.12.10.2).
  public var logicalDestination: UInt32 {
    base.mode == .x2APIC ? x2APICLogicalDestination(of: initialID) : xAPICLogicalDestination
  }

  /// Whether the version register announces this entry of the local vector table.
  private func exists(_ entry: LocalVector) -> Bool {
    entry != .correctedMachineCheck || version.highestLocalVector >= 6
  }

  /// What may be done to a register in this mode.
  func access(to register: APICRegister) -> APICRegister.Access {
    guard let entry = LocalVector(register), !exists(entry) else {
      return base.mode == .x2APIC ? register.x2APICAccess : register.xAPICAccess
    }
    return []
  }

  /// The 32 bits of a register. The caller has checked that it can be read.
  func value(of register: APICRegister, at now: VirtualTime) -> UInt32 {
    if let entry = LocalVector(register) { return exists(entry) ? self[entry].rawValue : 0 }
    switch register {
    case .id: return base.mode == .x2APIC ? initialID.rawValue : UInt32(xAPICID) &<< 24
    case .version: return version.rawValue
    case .taskPriority: return UInt32(taskPriority)
    case .processorPriority: return UInt32(processorPriority)
    case .logicalDestination: return logicalDestination
    case .destinationFormat: return destinationFormat
    case .spuriousVector: return spuriousVector.rawValue
    case .errorStatus: return UInt32(errorStatus.rawValue)
    case .interruptCommand: return UInt32(truncatingIfNeeded: command.rawValue)
    case .interruptCommandHigh: return base.mode == .x2APIC ? command.destination : command.destination &<< 24
    case .timerInitialCount: return timer.initialCount
    case .timerCurrentCount: return timer.currentCount(at: now)
    case .timerDivide: return timer.divide.rawValue
    default: return vectorWord(register)
    }
  }

  private func vectorWord(_ register: APICRegister) -> UInt32 {
    switch register.rawValue {
    case 0x10...0x17: service.dword(Int(register.rawValue) - 0x10)
    case 0x18...0x1F: triggerModes.dword(Int(register.rawValue) - 0x18)
    case 0x20...0x27: requests.dword(Int(register.rawValue) - 0x20)
    default: 0
    }
  }

  /// Writes a register. The caller has checked that it can be written, and in x2APIC mode its reserved bits.
  mutating func write(
    _ register: APICRegister, _ value: UInt32, at now: VirtualTime, rip: UInt64
  ) -> APICEffect {
    if let entry = LocalVector(register) { return writeLocalVector(entry, value, at: now, rip: rip) }
    switch register {
    case .id: return setXAPICID(UInt8(truncatingIfNeeded: value &>> 24))
    case .taskPriority: return setTaskPriority(UInt8(truncatingIfNeeded: value), at: now, rip: rip)
    case .endOfInterrupt: return endOfInterrupt(at: now, rip: rip)
    case .logicalDestination: return setLogicalDestination(value & 0xFF00_0000)
    case .destinationFormat: return setDestinationFormat(value | 0x0FFF_FFFF)
    case .spuriousVector: return setSpuriousVector(value)
    case .errorStatus: latchErrors()
    case .interruptCommand: return sendXAPIC(value)
    case .interruptCommandHigh: command.destination = value &>> 24
    case .timerInitialCount:
      timer.setInitialCount(value, at: now)
      return noteTimerWrite(
        .initialCount, UInt64(value), isIgnored: timer.mode == .deadline, at: now, rip: rip)
    case .timerDivide:
      timer.setDivide(value, at: now)
      return noteTimerWrite(.divide, UInt64(value), at: now, rip: rip)
    default: break
    }
    return .none
  }

  /// The ID register is writable in xAPIC mode, and nothing keeps IDs apart: routing follows the register.
  private mutating func setXAPICID(_ value: UInt8) -> APICEffect {
    guard value != xAPICID else { return .none }
    xAPICID = value
    return .mapChanged
  }

  private mutating func setLogicalDestination(_ value: UInt32) -> APICEffect {
    guard value != xAPICLogicalDestination else { return .none }
    xAPICLogicalDestination = value
    return .mapChanged
  }

  private mutating func setDestinationFormat(_ value: UInt32) -> APICEffect {
    guard value != destinationFormat else { return .none }
    destinationFormat = value
    return .mapChanged
  }

  /// The bits of SVR that exist: vector, enable, focus checking, and where announced EOI-broadcast
  /// suppression.
  var spuriousVectorBits: UInt32 { version.canSuppressEOIBroadcast ? 0x13FF : 0x03FF }

  /// SVR. Disabling by software masks every LVT entry, and enabling again unmasks none (SDM Vol. 3A,
  /// 12.4.7.2).
  ///
  /// The IRR and the ISR are held, and the timer goes on counting.
  private mutating func setSpuriousVector(_ value: UInt32) -> APICEffect {
    let wasEnabled = spuriousVector.isSoftwareEnabled
    spuriousVector.rawValue = value & spuriousVectorBits
    let isEnabled = spuriousVector.isSoftwareEnabled
    guard wasEnabled != isEnabled else { return .none }
    if !isEnabled {
      for i in localVectors.indices { localVectors[i].isMasked = true }
      updatePins()
    }
    return .softwareEnabled(isEnabled)
  }

  /// A write to ESR, of whatever: shows the errors since the last write, and lets each kind interrupt anew
  /// (12.5.3).
  private mutating func latchErrors() {
    errorStatus = newErrors
    newErrors = []
    needsErrorInterrupt = false
  }

  func writableBits(_ entry: LocalVector) -> UInt32 {
    entry == .timer && !offersDeadline ? entry.writableBits & ~(1 << 18) : entry.writableBits
  }

  /// While the APIC is software-disabled the mask bit cannot be cleared (SDM Vol. 3A, 12.4.7.2).
  private mutating func writeLocalVector(
    _ entry: LocalVector, _ value: UInt32, at now: VirtualTime, rip: UInt64
  ) -> APICEffect {
    let kept = self[entry].rawValue & entry.readOnlyBits
    self[entry].rawValue = value & writableBits(entry) | kept
    if !spuriousVector.isSoftwareEnabled { self[entry].isMasked = true }
    if !self[entry].isLevelTriggered { self[entry].isRemoteIRRSet = false }
    if entry == .lint0 || entry == .lint1 {
      updatePins()
      return .pinsChanged
    }
    guard entry == .timer else { return .none }
    timer.setMode(self[.timer].timerMode)
    return noteTimerWrite(.localVector, UInt64(value), at: now, rip: rip)
  }
}

/// The LDR of an APIC in x2APIC mode. SDM Vol. 3A, 12.12.10.2.
public func x2APICLogicalDestination(of id: ApicID) -> UInt32 {
  id.rawValue.field(4, 16) &<< 16 | 1 &<< (id.rawValue & 15)
}
