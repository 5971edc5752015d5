import Architecture
import Journal

/// The pair of 8259A interrupt controllers of a PC: IRQ 0 to 7 are the inputs of the master, 8 to 15 those of the slave,
/// whose output is input 2 of the master.
///
/// A value: a change of a line, an access and INTA change it, and then `isOutputHigh` says what INTR is.
public struct PIC: Hashable, Sendable {
  var master = PICChip()
  var slave = PICChip()
  public private(set) var acknowledged: UInt64 = 0
  public private(set) var spurious: UInt64 = 0

  static var cascadeInput: UInt8 { 2 }

  public init() {}

  /// INTR.
  public var isOutputHigh: Bool { master.isOutputHigh }

  /// The ISA interrupt on an interrupt line, counted as global system interrupts are, or nil.
  ///
  /// IRQ 0 is line 2, as the MADT of a PC says it is; line 0 is the output of this pair, and what is above 15 has no IRQ.
  public static func irq(ofLine line: UInt8) -> UInt8? {
    switch line {
    case 2: 0
    case 1, 3...15: line
    default: nil
    }
  }

  /// A line rises or falls; IRQ 2 has none.
  public mutating func setLine(_ irq: UInt8, isHigh: Bool) {
    guard irq < 16, irq != Self.cascadeInput else { return }
    if irq < 8 { master.setLine(irq, isHigh: isHigh) } else { slave.setLine(irq - 8, isHigh: isHigh) }
    cascade()
  }

  private mutating func cascade() { master.setLine(Self.cascadeInput, isHigh: slave.isOutputHigh) }

  // MARK: - INTA

  /// What the processor gets when it takes the interrupt.
  public struct Acknowledgement: Hashable, Sendable {
    public var vector: VectorNumber
    public var irq: UInt8
    /// Nobody asked any more: input 7 of a chip, without an ISR bit in it.
    public var isSpurious: Bool
  }

  /// The two INTA cycles of an 8086, in one.
  public mutating func acknowledge() -> Acknowledgement {
    let input = master.acknowledge()
    var taken = Acknowledgement(
      vector: VectorNumber(rawValue: master.vectorBase | (input ?? 7)), irq: input ?? 7, isSpurious: input == nil)
    if input == Self.cascadeInput {
      let input = slave.acknowledge()
      taken.vector = VectorNumber(rawValue: slave.vectorBase | (input ?? 7))
      taken.irq = 8 + (input ?? 7)
      taken.isSpurious = input == nil
      // INT is low meanwhile: another input of the slave that asks is a new edge to the master.
      master.setLine(Self.cascadeInput, isHigh: false)
      cascade()
    }
    acknowledged &+= 1
    if taken.isSpurious { spurious &+= 1 }
    return taken
  }

  // MARK: - Registers

  /// Where the registers are: two of each chip, and the two ELCRs.
  public static let ports: [ClosedRange<UInt16>] = [0x20...0x21, 0xA0...0xA1, 0x4D0...0x4D1]

  /// IN of a byte; a poll acknowledges.
  public mutating func read(_ port: UInt16) -> UInt8 {
    defer { cascade() }
    switch port {
    case 0x20, 0x21: return master.read(isData: port.bit(0))
    case 0xA0, 0xA1: return slave.read(isData: port.bit(0))
    case 0x4D0: return master.levelTriggered
    case 0x4D1: return slave.levelTriggered
    default: return 0xFF
    }
  }

  /// OUT of a byte. The timer, the keyboard, the cascade, the clock and the coprocessor (IRQ 0, 1, 2, 8, 13) are
  /// edge-triggered always (82371FB data sheet, ELCR).
  public mutating func write(_ port: UInt16, _ value: UInt8) {
    switch port {
    case 0x20, 0x21: master.write(value, isData: port.bit(0))
    case 0xA0, 0xA1: slave.write(value, isData: port.bit(0))
    case 0x4D0: master.levelTriggered = value & 0xF8
    case 0x4D1: slave.levelTriggered = value & 0xDE
    default: break
    }
    cascade()
  }

  public var snapshot: PICSnapshot {
    var shot = PICSnapshot(master: master.snapshot, slave: slave.snapshot)
    shot.isOutputHigh = isOutputHigh
    shot.acknowledged = acknowledged
    shot.spurious = spurious
    return shot
  }
}
