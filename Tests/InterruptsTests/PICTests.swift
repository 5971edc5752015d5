import Architecture
import Journal
import Testing

@testable import Interrupts

// Quotations are of the 8259A data sheet, 231468.
@Suite struct PICTests {
  /// Both chips set up as a PC's firmware does: vectors from 20h and 28h, nothing masked.
  private func ready(icw4: UInt8 = 0x01, slaveICW4: UInt8 = 0x01, mask: UInt8 = 0) -> PIC {
    var pic = PIC()
    for (port, value) in [
      (0x20, 0x11), (0x21, 0x20), (0x21, 0x04), (0x21, icw4), (0xA0, 0x11), (0xA1, 0x28), (0xA1, 0x02),
      (0xA1, slaveICW4), (0x21, mask), (0xA1, 0),
    ] as [(UInt16, UInt8)] { pic.write(port, value) }
    return pic
  }

  private func isr(_ pic: inout PIC, _ port: UInt16 = 0x20) -> UInt8 {
    pic.write(port, 0x0B)
    return pic.read(port)
  }

  private func irr(_ pic: inout PIC, _ port: UInt16 = 0x20) -> UInt8 {
    pic.write(port, 0x0A)
    return pic.read(port)
  }

  private func taken(_ vector: UInt8, _ irq: UInt8, isSpurious: Bool = false) -> PIC.Acknowledgement {
    .init(vector: VectorNumber(rawValue: vector), irq: irq, isSpurious: isSpurious)
  }

  // MARK: - Initialization

  @Test func `nothing gets through before the last initialization word, and then what is not masked does`() {
    var pic = PIC()
    pic.setLine(1, isHigh: true)
    pic.write(0x21, 0)
    #expect(!pic.isOutputHigh)
    for value: UInt8 in [0x20, 0x04] {
      if value == 0x20 { pic.write(0x20, 0x11) }
      pic.write(0x21, value)
      #expect(!pic.isOutputHigh && !pic.snapshot.master.isInitialized)
    }
    pic.write(0x21, 0x01)
    #expect(pic.snapshot.master.isInitialized && pic.read(0x21) == 0)
    // "An interrupt request input must make a low-to-high transition to generate an interrupt."
    #expect(!pic.isOutputHigh)
    pic.setLine(1, isHigh: false)
    pic.setLine(1, isHigh: true)
    #expect(pic.isOutputHigh && pic.acknowledge() == taken(0x21, 1))
  }

  @Test func `ICW3 is left out with SNGL and ICW4 without IC4`() {
    var pic = PIC()
    pic.write(0x20, 0x12)
    pic.write(0x21, 0x40)
    #expect(pic.snapshot.master.isInitialized && pic.snapshot.master.vectorBase == 0x40)
    pic.write(0x20, 0x10)
    pic.write(0x21, 0x4F)
    #expect(!pic.snapshot.master.isInitialized)
    pic.write(0x21, 0x04)
    #expect(pic.snapshot.master.isInitialized && pic.snapshot.master.vectorBase == 0x48)
    pic.write(0x21, 0xA5)
    #expect(pic.read(0x21) == 0xA5)
  }

  @Test func `ICW1 clears the mask, the priorities and the modes, but not what is in service`() {
    var pic = ready(icw4: 0x03)
    pic.write(0x20, 0xC3)
    pic.write(0x20, 0x68)
    pic.write(0x21, 0xF0)
    pic.write(0x20, 0x11)
    #expect(pic.read(0x21) == 0 && !pic.snapshot.master.isAutoEOI)
    for value: UInt8 in [0x20, 0x04, 0x01] { pic.write(0x21, value) }
    pic.setLine(5, isHigh: true)
    #expect(pic.acknowledge().irq == 5 && isr(&pic) == 0x20)
    pic.write(0x20, 0x11)
    for value: UInt8 in [0x20, 0x04, 0x01] { pic.write(0x21, value) }
    #expect(pic.read(0x20) == 0x00, "status read is IRR again")
    #expect(isr(&pic) == 0x20)
    // IR7 has the lowest priority again.
    pic.setLine(3, isHigh: true)
    pic.setLine(4, isHigh: true)
    #expect(pic.acknowledge().irq == 3)
  }

  // MARK: - Priority

  @Test func `the highest unmasked input goes first, and what is in service holds back its own level and below`() {
    var pic = ready(mask: 0x08)
    for irq: UInt8 in [1, 3, 4] { pic.setLine(irq, isHigh: true) }
    #expect(irr(&pic) == 0x1A)
    #expect(pic.acknowledge() == taken(0x21, 1))
    #expect(irr(&pic) == 0x18 && isr(&pic) == 0x02 && !pic.isOutputHigh)
    pic.setLine(0, isHigh: true)
    #expect(pic.isOutputHigh && pic.acknowledge() == taken(0x20, 0))
    pic.write(0x20, 0x20)
    #expect(isr(&pic) == 0x02 && !pic.isOutputHigh)
    pic.write(0x20, 0x20)
    #expect(isr(&pic) == 0 && pic.acknowledge() == taken(0x24, 4))
    // IR3 is masked, and asks still.
    #expect(irr(&pic) == 0x08)
    pic.write(0x20, 0x64)
    pic.write(0x21, 0)
    #expect(pic.acknowledge() == taken(0x23, 3))
  }

  @Test func `a specific EOI ends the level it names, a no-operation none`() {
    var pic = ready()
    pic.setLine(4, isHigh: true)
    _ = pic.acknowledge()
    pic.setLine(1, isHigh: true)
    _ = pic.acknowledge()
    pic.write(0x20, 0x40)
    #expect(isr(&pic) == 0x12)
    pic.write(0x20, 0x64)
    #expect(isr(&pic) == 0x02)
  }

  @Test func `rotation on EOI puts the level that was served last`() {
    var pic = ready()
    // The data sheet's example of automatic rotation: IR4 is the highest in service, then IR6.
    pic.setLine(6, isHigh: true)
    _ = pic.acknowledge()
    pic.setLine(4, isHigh: true)
    _ = pic.acknowledge()
    #expect(isr(&pic) == 0x50)
    pic.write(0x20, 0xA0)
    #expect(isr(&pic) == 0x40 && pic.master.lowest == 4)
    // IR5 is the highest now, and IR6 in service lets it through; IR3 is below.
    pic.setLine(3, isHigh: true)
    #expect(!pic.isOutputHigh)
    pic.setLine(5, isHigh: true)
    #expect(pic.acknowledge().irq == 5)
  }

  @Test func `set priority and rotate on specific EOI name the level that becomes the lowest`() {
    var pic = ready()
    pic.write(0x20, 0xC5)
    // "If IR5 is programmed as the bottom priority device, then IR6 will have the highest one."
    for irq: UInt8 in [0, 5, 6, 7] { pic.setLine(irq, isHigh: true) }
    #expect(pic.acknowledge().irq == 6)
    pic.write(0x20, 0xE6)
    #expect(isr(&pic) == 0 && pic.acknowledge().irq == 7)
  }

  @Test func `special mask mode lets lower levels through, and non-specific EOI past the masked one`() {
    var pic = ready()
    pic.setLine(2 + 1, isHigh: true)
    _ = pic.acknowledge()
    pic.setLine(5, isHigh: true)
    #expect(!pic.isOutputHigh)
    pic.write(0x21, 0x08)
    #expect(!pic.isOutputHigh)
    pic.write(0x20, 0x68)
    #expect(pic.acknowledge().irq == 5)
    #expect(isr(&pic) == 0x28)
    // "An IS bit that is masked by an IMR bit will not be cleared by a non-specific EOI."
    pic.write(0x20, 0x20)
    pic.write(0x20, 0x20)
    #expect(isr(&pic) == 0x08)
    pic.write(0x20, 0x48)
    pic.write(0x20, 0x20)
    #expect(isr(&pic) == 0)
  }

  // MARK: - Modes

  @Test func `automatic EOI leaves no ISR bit, and can rotate`() {
    var pic = ready(icw4: 0x03)
    pic.setLine(3, isHigh: true)
    #expect(pic.acknowledge().irq == 3 && isr(&pic) == 0)
    pic.setLine(3, isHigh: false)
    pic.write(0x20, 0x80)
    for irq: UInt8 in [3, 4] { pic.setLine(irq, isHigh: true) }
    #expect(pic.acknowledge().irq == 3)
    pic.setLine(3, isHigh: false)
    pic.setLine(3, isHigh: true)
    #expect(pic.acknowledge().irq == 4)
    pic.write(0x20, 0x00)
    pic.setLine(4, isHigh: false)
    pic.setLine(4, isHigh: true)
    // The last to rotate was IR4, so it is the lowest still.
    #expect(pic.acknowledge().irq == 3 && pic.acknowledge().irq == 4)
  }

  @Test func `an edge is one interrupt, a level is one after every EOI while it lasts`() {
    var pic = ready()
    pic.write(0x4D0, 0xFF)
    #expect(pic.read(0x4D0) == 0xF8)
    pic.write(0x4D1, 0xFF)
    #expect(pic.read(0x4D1) == 0xDE)
    for irq: UInt8 in [1, 4] {
      pic.setLine(irq, isHigh: true)
      #expect(pic.acknowledge().irq == irq)
      pic.write(0x20, 0x20)
      #expect(pic.isOutputHigh == (irq == 4))
      pic.setLine(irq, isHigh: false)
      #expect(!pic.isOutputHigh)
    }
  }

  @Test func `a request that goes away before INTA is a default IR7, and sets no ISR bit`() {
    var pic = ready()
    pic.setLine(1, isHigh: true)
    pic.setLine(1, isHigh: false)
    #expect(!pic.isOutputHigh && irr(&pic) == 0)
    #expect(pic.acknowledge() == taken(0x27, 7, isSpurious: true))
    #expect(isr(&pic) == 0 && pic.spurious == 1)
    pic.setLine(7, isHigh: true)
    #expect(pic.acknowledge() == taken(0x27, 7))
    #expect(isr(&pic) == 0x80 && pic.spurious == 1 && pic.acknowledged == 2)
  }

  @Test func `a poll takes the place of INTA, at either address`() {
    var pic = ready()
    pic.setLine(3, isHigh: true)
    pic.write(0x20, 0x0C)
    #expect(pic.read(0x20) == 0x83)
    #expect(isr(&pic) == 0x08 && !pic.isOutputHigh)
    // Nothing asks: bit 7 is 0.
    pic.write(0x20, 0x0C)
    #expect(pic.read(0x21) & 0x80 == 0)
    #expect(pic.read(0x21) == 0)
    // "The poll overrides the status read"; the register it chose is read after it.
    pic.setLine(0, isHigh: true)
    pic.write(0x20, 0x0F)
    #expect(pic.read(0x20) == 0x80 && pic.read(0x20) == 0x09)
    #expect(pic.acknowledged == 0)
  }

  // MARK: - Cascade

  @Test func `the slave's interrupts come through input 2 and take an EOI in each chip`() {
    var pic = ready()
    pic.setLine(12, isHigh: true)
    #expect(irr(&pic) == 0x04 && irr(&pic, 0xA0) == 0x10)
    pic.setLine(3, isHigh: true)
    #expect(pic.acknowledge() == taken(0x2C, 12))
    #expect(isr(&pic) == 0x04 && isr(&pic, 0xA0) == 0x10)
    // IR3 of the master is below the slave; IRQ 9 is above IRQ 12, and waits for the master's EOI all the same.
    #expect(!pic.isOutputHigh)
    pic.setLine(9, isHigh: true)
    #expect(!pic.isOutputHigh)
    pic.write(0x20, 0x62)
    #expect(pic.acknowledge() == taken(0x29, 9))
    pic.write(0xA0, 0x20)
    pic.write(0xA0, 0x20)
    pic.write(0x20, 0x20)
    #expect(isr(&pic, 0xA0) == 0 && pic.acknowledge() == taken(0x23, 3))
  }

  @Test func `in special fully nested mode a slave in service is heard again`() {
    var pic = ready(icw4: 0x11)
    pic.setLine(12, isHigh: true)
    _ = pic.acknowledge()
    for irq: UInt8 in [3, 13] { pic.setLine(irq, isHigh: true) }
    #expect(!pic.isOutputHigh, "neither IR3 nor a lower input of the slave")
    pic.setLine(9, isHigh: true)
    #expect(pic.acknowledge() == taken(0x29, 9))
  }

  @Test func `with automatic EOI in the slave every one of its requests is an edge to the master`() {
    var pic = ready(slaveICW4: 0x03)
    for irq: UInt8 in [8, 9] { pic.setLine(irq, isHigh: true) }
    #expect(pic.acknowledge().irq == 8)
    pic.write(0x20, 0x20)
    #expect(pic.isOutputHigh && pic.acknowledge().irq == 9)
  }

  @Test func `a slave that has nothing to say is a default IR7 of its own, with the master in service`() {
    var pic = ready()
    pic.setLine(10, isHigh: true)
    // The input falls too late for the cascade to follow.
    pic.slave.setLine(2, isHigh: false)
    #expect(pic.acknowledge() == taken(0x2F, 15, isSpurious: true))
    #expect(isr(&pic, 0xA0) == 0 && isr(&pic) == 0x04)
  }

  @Test func `IRQ 2 has no line, and lines are numbered as the IOAPIC's pins`() {
    var pic = ready()
    pic.setLine(2, isHigh: true)
    #expect(!pic.isOutputHigh)
    #expect(
      (0..<24).map { PIC.irq(ofLine: $0) } == [nil, 1, 0] + (3...15).map { $0 } + Array(repeating: nil, count: 8))
  }

  @Test func `the snapshot is what the chips are`() {
    var pic = ready(icw4: 0x03, mask: 0x30)
    pic.write(0x4D0, 0x20)
    for irq: UInt8 in [1, 5, 9] { pic.setLine(irq, isHigh: true) }
    var shot = pic.snapshot
    #expect(shot.isOutputHigh)
    #expect(shot.master.requests == 0x26 && shot.master.lines == 0x26 && shot.master.mask == 0x30)
    #expect(shot.master.levelTriggered == 0x20 && shot.master.vectorBase == 0x20 && shot.master.isAutoEOI)
    #expect(shot.slave.requests == 0x02 && !shot.slave.isAutoEOI)
    _ = pic.acknowledge()
    _ = pic.acknowledge()
    shot = pic.snapshot
    #expect(!shot.isOutputHigh && shot.acknowledged == 2 && shot.spurious == 0)
    #expect(shot.master.inService == 0 && shot.slave.inService == 0x02)
  }

  /// Whatever a guest writes and a device does: INTR says that somebody asks who may, and INTA answers with him.
  @Test func `random programs keep INTR and INTA of one mind`() {
    var random = Seeded(0x8259)
    for _ in 0..<200 {
      var pic = PIC()
      for _ in 0..<200 {
        switch random.below(5) {
        case 0, 1: pic.setLine(UInt8(random.below(16)), isHigh: random.chance(60))
        case 2: _ = pic.read([0x20, 0x21, 0xA0, 0xA1][random.below(4)])
        case 3:
          pic.write([0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1][random.below(6)], UInt8(random.below(256)))
        default:
          let isHigh = pic.isOutputHigh
          let requests = (pic.master.requests, pic.slave.requests)
          let taken = pic.acknowledge()
          #expect(taken.isSpurious != isHigh)
          guard isHigh else { continue }
          #expect(taken.irq < 8 ? requests.0.bit(Int(taken.irq)) : requests.1.bit(Int(taken.irq) - 8))
        }
      }
    }
  }
}
