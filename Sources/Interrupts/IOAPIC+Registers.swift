import Architecture
import Journal

// The registers: an index and a data window, and with version 20h an EOI register.

extension IOAPIC {
  /// How much of the address space the registers take, from the base on.
  public static var byteCount: UInt64 { 0x100 }

  private enum Window {
    static var index: Int { 0x00 }
    static var data: Int { 0x10 }
    static var endOfInterrupt: Int { 0x40 }
  }

  private enum Register {
    static var id: UInt8 { 0 }
    static var version: UInt8 { 1 }
    static var arbitration: UInt8 { 2 }
    static var table: UInt8 { 0x10 }
  }

  var version: UInt8 { configuration.hasEOIRegister ? 0x20 : 0x11 }

  /// A load, `offset` bytes from the base. Only aligned loads of 4 bytes are answered; others read all ones.
  public func read(offset: Int, size: Int) -> UInt64 {
    guard size == 4 else { return size >= 8 ? .max : (1 &<< UInt64(8 &* size)) &- 1 }
    switch offset {
    case Window.index: return UInt64(select)
    case Window.data: return UInt64(value(of: select))
    default: return 0xFFFF_FFFF
    }
  }

  /// A store. Only aligned stores of 4 bytes count.
  public mutating func write(
    offset: Int, size: Int, _ value: UInt64, at now: VirtualTime, rip: UInt64
  ) -> [IOAPICEffect] {
    guard size == 4 else { return [] }
    let value = UInt32(truncatingIfNeeded: value)
    switch offset {
    case Window.index:
      select = UInt8(truncatingIfNeeded: value)
      return []
    case Window.data: return write(select, value, at: now, rip: rip)
    case Window.endOfInterrupt where configuration.hasEOIRegister:
      return endOfInterrupt(
        VectorNumber(rawValue: UInt8(truncatingIfNeeded: value)), in: nil, .directed, at: now)
    default: return []
    }
  }

  private func value(of register: UInt8) -> UInt32 {
    switch register {
    case Register.id, Register.arbitration: return UInt32(id) &<< 24
    case Register.version: return UInt32(Self.pinCount - 1) &<< 16 | UInt32(version)
    default:
      guard let (pin, isHigh) = pin(of: register) else { return 0 }
      let entry = pins[pin].state.entry.rawValue
      return UInt32(truncatingIfNeeded: isHigh ? entry &>> 32 : entry)
    }
  }

  /// The half of the redirection table that a register is.
  private func pin(of register: UInt8) -> (pin: Int, isHigh: Bool)? {
    guard register >= Register.table else { return nil }
    let pin = Int(register &- Register.table) / 2
    return pin < Self.pinCount ? (pin, register & 1 != 0) : nil
  }

  /// The version and the arbitration ID are read-only; the latter is loaded with the ID (82093AA data sheet, 3.2.3).
  private mutating func write(
    _ register: UInt8, _ value: UInt32, at now: VirtualTime, rip: UInt64
  ) -> [IOAPICEffect] {
    if register == Register.id {
      id = UInt8(value.field(24, 4))
      return []
    }
    guard let (pin, isHigh) = pin(of: register) else { return [] }
    var entry = pins[pin].state.entry.rawValue
    entry.setField(isHigh ? 32 : 0, 32, UInt64(value))
    return writeEntry(pin, entry, at: now, rip: rip)
  }

  /// Bits 63:56, 16, 15, 13 and 11:0. Delivery status and remote IRR survive every write.
  private static var writableBits: UInt64 { 0xFF00_0000_0001_AFFF }

  /// Writing an entry to be edge-triggered clears its remote IRR, which is how a driver without an EOI register frees a
  /// pin itself (Linux, `__eoi_ioapic_pin`).
  private mutating func writeEntry(
    _ pin: Int, _ value: UInt64, at now: VirtualTime, rip: UInt64
  ) -> [IOAPICEffect] {
    let old = pins[pin].state.entry
    var new = RedirectionEntry(rawValue: value & Self.writableBits | old.rawValue & ~Self.writableBits)
    let isUnmasked = old.isMasked && !new.isMasked
    pins[pin].state.lastWrite = LastWrite(time: now, rip: rip, value: old.rawValue)
    if isUnmasked { pins[pin].state.lastUnmask = now }
    var cleared: IOAPICEffect?
    if old.isRemoteIRRSet, !new.isLevelTriggered {
      cleared = clearRemoteIRR(pin, .edgeWrite, at: now)
      new.isRemoteIRRSet = false
    }
    pins[pin].state.entry = new
    if !new.isLevel { calm(pin) }
    var effects: [IOAPICEffect] = [.routeWritten(pin: UInt8(pin), from: old, to: pins[pin].state.entry)]
    if let cleared { effects.append(cleared) }
    if let next = reconsider(pin, isUnmasked ? .unmasked : .routeWritten, at: now) { effects.append(next) }
    return effects
  }
}
