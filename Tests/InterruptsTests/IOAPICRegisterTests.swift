import Architecture
import Interrupts
import Journal
import Testing

/// The registers of the 82093AA (data sheet, chapter 3).
@Suite struct IOAPICRegisterTests {
  @Test func `the version is 11h with 24 entries, and cannot be written`() {
    var bench = Bench()
    #expect(bench.read(1) == 0x0017_0011)
    bench.write(1, 0xFFFF_FFFF)
    #expect(bench.read(1) == 0x0017_0011)
    var newer = Bench(.init(hasEOIRegister: true))
    #expect(newer.read(1) == 0x0017_0020)
  }

  @Test func `of the ID bits 27 to 24 can be written, and the arbitration ID follows and cannot be`() {
    var bench = Bench()
    #expect(bench.read(0) == 0)
    bench.write(0, 0xFFFF_FFFF)
    #expect(bench.read(0) == 0x0F00_0000)
    #expect(bench.read(2) == 0x0F00_0000)
    bench.write(2, 0)
    #expect(bench.read(2) == 0x0F00_0000)
    bench.write(0, 0x0500_0000)
    #expect(bench.read(2) == 0x0500_0000)
    #expect(bench.ioapic.snapshot.id == 5)
  }

  @Test func `every entry is masked at reset, and its two halves are registers of their own`() {
    var bench = Bench()
    for pin in 0..<24 {
      let register = 0x10 + 2 * UInt64(pin)
      #expect(bench.read(register) == 0x1_0000 && bench.read(register + 1) == 0)
      bench.write(register + 1, 0xA500_0000)
      #expect(bench[pin].entry.rawValue == 0xA500_0000_0001_0000)
      bench.write(register, 0x1_0931)
      #expect(bench.read(register) == 0x1_0931 && bench.read(register + 1) == 0xA500_0000)
    }
    #expect(bench.sent.isEmpty)
  }

  @Test func `delivery status, remote IRR and what is reserved do not take what is written`() {
    var bench = Bench()
    bench.route(3, 0xFFFF_FFFF)
    #expect(bench[3].entry.rawValue == 0x1_AFFF)
    bench.write(0x17, 0xFFFF_FFFF)
    #expect(bench[3].entry.rawValue == 0xFF00_0000_0001_AFFF)
  }

  @Test func `remote IRR survives every write of a level-triggered entry`() {
    var bench = Bench()
    bench.route(3, 0x51 | Entry.level)
    bench.line(3, true)
    for low in [0x51 | Entry.level | Entry.masked, 0x62 | Entry.level, Entry.level] {
      bench.route(3, low)
      #expect(bench[3].entry.rawValue == low | Entry.remoteIRR)
    }
    bench.write(0x17, 0x0300_0000)
    #expect(bench[3].entry.isRemoteIRRSet && bench[3].entry.destination == 3)
  }

  @Test func `registers that are not there read 0, and writing them does nothing`() {
    var bench = Bench()
    let before = bench.ioapic.snapshot
    for register in UInt64(3)...0xFF where register < 0x10 || register >= 0x40 {
      bench.write(register, 0xFFFF_FFFF)
      #expect(bench.read(register) == 0)
    }
    #expect(bench.ioapic.snapshot == before)
  }

  @Test func `only whole registers are accessed`() {
    var bench = Bench()
    bench.store(0, 0x10)
    for size in [1, 2, 8] {
      let ones: UInt64 = size == 8 ? .max : 1 << UInt64(8 * size) - 1
      for offset in [0, 0x10] {
        #expect(bench.ioapic.read(offset: offset, size: size) == ones)
        bench.store(offset, 0x31, size: size)
      }
    }
    for offset in [1, 2, 4, 0x11, 0x12, 0x14, 0x20, 0x40, 0xFC] {
      #expect(bench.ioapic.read(offset: offset, size: 4) == 0xFFFF_FFFF)
      bench.store(offset, 0x31)
    }
    #expect(bench.ioapic.read(offset: 0, size: 4) == 0x10)
    #expect(bench[0].entry == .atReset)
  }

  @Test func `a write of an entry is told with what was there, when and from where`() {
    var bench = Bench()
    bench.now = VirtualTime(ticks: 77)
    let told = bench.route(9, 0x31)
    #expect(
      told == [.routeWritten(pin: 9, from: .atReset, to: RedirectionEntry(rawValue: 0x31))])
    #expect(bench[9].lastWrite == LastWrite(time: bench.now, rip: 0x1000, value: 0x1_0000))
    #expect(bench[9].lastUnmask == bench.now)
    bench.now = VirtualTime(ticks: 88)
    bench.route(9, 0x32)
    #expect(bench[9].lastUnmask == VirtualTime(ticks: 77))
  }

  @Test func `the EOI register frees the pins of a vector, and exists in version 20h only`() {
    for hasEOIRegister in [true, false] {
      var bench = Bench(.init(hasEOIRegister: hasEOIRegister))
      for pin in 3...5 {
        bench.route(pin, (pin == 5 ? 0x61 : 0x51) | Entry.level)
        bench.line(pin, true)
        bench.line(pin, false)
      }
      bench.ioapic.setGroup(GroupID(1), of: 4)
      let told = bench.store(0x40, 0x51)
      let freed = (3...4).map {
        IOAPICEffect.remoteIRRCleared(pin: $0, VectorNumber(0x51), .directed, JourneyID(rawValue: UInt64($0) - 2))
      }
      #expect(told == (hasEOIRegister ? freed : []))
      #expect((3...5).map { bench[$0].entry.isRemoteIRRSet } == [!hasEOIRegister, !hasEOIRegister, true])
    }
  }
}
