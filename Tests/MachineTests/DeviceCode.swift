import Architecture
import Interpreter
import Journal
import Machine
import Testing

/// Instructions for guests that drive devices.
extension Code {
  /// The table of handlers, x2APIC mode and the local APIC software-enabled; on any VP.
  static let x2APIC =
    [0x0F, 0x01, 0x1C, 0x25] + little(UInt32(CodeGuest.parametersAt))
    + wrmsr(0x1B, 0xFEE0_0C00) + wrmsr(0x80F, 0x1FF)

  /// Writes a redirection entry, unmasked, the destination first.
  static func route(
    _ pin: UInt32, vector: UInt8, level: Bool, destination: UInt32 = 0, logical: Bool = false
  ) -> [UInt8] {
    ioapic(0x11 + 2 * pin, destination << 24)
      + ioapic(0x10 + 2 * pin, UInt32(vector) | (level ? 1 << 15 : 0) | (logical ? 1 << 11 : 0))
  }

  static func ioapic(_ register: UInt32, _ value: UInt32) -> [UInt8] {
    store(register, at: 0xFEC0_0000) + store(value, at: 0xFEC0_0010)
  }

  /// A register of the IOAPIC into EAX.
  static func readIOAPIC(_ register: UInt32) -> [UInt8] {
    store(register, at: 0xFEC0_0000) + [0xB8] + little(UInt32(0xFEC0_0010)) + [0x8B, 0x00]
  }

  /// Raises or lowers a line of the test device.
  static func line(_ line: UInt16, _ isHigh: Bool) -> [UInt8] { out(0x2000 + line, isHigh ? 1 : 0) }
  static func toggle(_ number: UInt16) -> [UInt8] { line(number, true) + line(number, false) }

  /// A byte to a port, by AL and DX.
  static func outByte(_ port: UInt16, _ value: UInt8) -> [UInt8] {
    [0x66, 0xBA] + little(port) + [0xB0, value, 0xEE]
  }
  /// A byte from a port into AL, by DX.
  static func inByte(_ port: UInt16) -> [UInt8] { [0x66, 0xBA] + little(port) + [0xEC] }

  /// AL to COM1.
  static let transmitAL: [UInt8] = [0x66, 0xBA, 0xF8, 0x03, 0xEE]
  /// EAX to COM1, lowest byte first.
  static let transmitEAX =
    transmitAL + ([0xC1, 0xE8, 0x08] + [0xEE]) + [0xC1, 0xE8, 0x08, 0xEE, 0xC1, 0xE8, 0x08, 0xEE]
  /// "0" or "1" to COM1: bit `n` of EAX.
  static func transmitBit(_ n: UInt8) -> [UInt8] { [0xC1, 0xE8, n, 0x24, 0x01, 0x04, 0x30] + transmitAL }

  /// AL to memory.
  static func keepAL(at address: UInt32) -> [UInt8] { [0x88, 0x04, 0x25] + little(address) }

  /// The store to EOI in xAPIC mode, by EAX.
  static let endOfInterrupt = store(0, at: 0xFEE0_00B0)
  /// And in x2APIC mode, by EAX, ECX and EDX.
  static let endOfInterruptX2APIC = wrmsr(0x80B, 0)

  /// A handler that keeps RAX and RDX.
  static func saving(_ body: [UInt8]) -> [UInt8] { [0x50, 0x52] + body + [0x5A, 0x58] + iretq }

  /// A handler too long for its place: goes on at `CodeGuest.secureAt`. Loses RAX.
  static let handlerInSecure = set(.rax, CodeGuest.secureAt) + [0xFF, 0xE0]

  static let incrementR12: [UInt8] = [0x49, 0xFF, 0xC4]
  /// Spins until R12 is `n`.
  static func awaitR12(_ n: UInt8) -> [UInt8] { pause + [0x49, 0x83, 0xFC, n, 0x75, 0xF8] }
  /// Skips `body` unless R12 is `n`.
  static func ifR12(is n: UInt8, _ body: [UInt8]) -> [UInt8] { [0x49, 0x83, 0xFC, n, 0x75, UInt8(body.count)] + body }

  /// Spins so many times, two instructions each.
  static func delay(_ count: UInt32) -> [UInt8] { [0xB9] + little(count) + [0xFF, 0xC9, 0x75, 0xFC] }
}

extension MachineRun {
  func pin(_ index: Int) -> PinSnapshot { partition.platformSnapshot().ioapics[0].pins[index] }
}
