import Architecture
import Interrupts
import Memory

/// What a PC's firmware has set up before an image starts, and images that never asked for it rely on: vectors for
/// real mode, the 8259s, the 18.2 Hz tick, and the virtual wire of the bootstrap processor (MultiProcessor Specification
/// 1.4, 3.6.2.2).
enum FirmwareState {
  /// The handlers of the real-mode vectors, at F000:FF00.
  static var handlers: UInt64 { 0xF_FF00 }
  /// Vectors of IRQ 0 and IRQ 8, as since the PC/AT.
  static var firstVectors: (master: UInt8, slave: UInt8) { (0x08, 0x70) }

  private static var ignore: [UInt8] { [0xCF] }  // IRET
  /// PUSH AX; MOV AL, 20h; OUT A0h, AL for the slave; OUT 20h, AL; POP AX; IRET
  private static var endMaster: [UInt8] { [0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF] }
  private static var endSlave: [UInt8] { [0x50, 0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58, 0xCF] }

  static var code: [UInt8] { ignore + endMaster + endSlave }

  /// A far pointer for each of the 256 vectors: an interrupt of the 8259s is ended, any other ignored.
  static var vectorTable: [UInt8] {
    (0..<256).flatMap { vector -> [UInt8] in
      let offset =
        switch UInt8(vector) & ~7 {
        case firstVectors.master: ignore.count
        case firstVectors.slave: ignore.count + endMaster.count
        default: 0
        }
      let address = UInt16(truncatingIfNeeded: handlers) + UInt16(offset)
      return [UInt8(truncatingIfNeeded: address), UInt8(address >> 8), 0x00, 0xF0]
    }
  }

  /// The 8254: counter 0 divides by 65,536; its output goes high at once, which is no tick: the 8259s forget it. They:
  /// edges, 8086 mode, only the tick and the slave let through.
  static let portWrites: [(port: UInt16, value: UInt8)] = [
    (0x43, 0x34), (0x40, 0x00), (0x40, 0x00),
    (0x20, 0x11), (0x21, firstVectors.master), (0x21, 0x04), (0x21, 0x01),
    (0xA0, 0x11), (0xA1, firstVectors.slave), (0xA1, 0x02), (0xA1, 0x01),
    (0x21, 0xFA), (0xA1, 0xFF),
  ]

  /// LINT0 in ExtINT mode and LINT1 in NMI mode; the software-enable bit, without which they would stay masked.
  static let apicWrites: [(offset: Int, value: UInt64)] = [(0xF0, 0x1FF), (0x350, 0x700), (0x360, 0x400)]
}

extension Partition {
  /// Leaves the platform as firmware does. Vectors and handlers are left out where the image is in their place.
  func leaveFirmwareState(isFree: (Range<UInt64>) -> Bool) {
    let handlers = FirmwareState.handlers..<FirmwareState.handlers + UInt64(FirmwareState.code.count)
    if isFree(0..<0x400), isFree(handlers) {
      _ = memory.write(FirmwareState.vectorTable, at: GPA(0), vtl: .vtl0)
      _ = memory.write(FirmwareState.code, at: GPA(handlers.lowerBound), vtl: .vtl0)
    }
    for (port, value) in FirmwareState.portWrites { writePort(port, 1, UInt32(value), by: active(0)) }
    let id = active(0)
    for (offset, value) in FirmwareState.apicWrites {
      _ = apply(apic(id).pointee.writeMMIO(offset: offset, size: 4, value, at: clock, rip: 0), to: id)
    }
  }
}
