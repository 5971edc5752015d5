import Architecture
import Interrupts
import Journal
import Testing

/// Expected values: SDM Vol. 3A, tables 12-1 and 12-6 and section 12.4.7.1, unless said otherwise.
@Suite struct RegisterTests {
  @Test(
    arguments: [
      (0x20, 0x0300_0000), (0x30, 0x0005_0014), (0x80, 0), (0x90, 0), (0xA0, 0), (0xC0, 0), (0xD0, 0),
      (0xE0, 0xFFFF_FFFF), (0xF0, 0xFF), (0x100, 0), (0x170, 0), (0x180, 0), (0x1F0, 0), (0x200, 0),
      (0x270, 0),
      (0x280, 0), (0x300, 0), (0x310, 0), (0x320, 0x10000), (0x330, 0x10000), (0x340, 0x10000),
      (0x350, 0x10000),
      (0x360, 0x10000), (0x370, 0x10000), (0x380, 0), (0x390, 0), (0x3E0, 0),
    ] as [(Int, UInt64)])
  func `power-up leaves every register at the manual's value`(offset: Int, value: UInt64) {
    var apic = powerUp()
    #expect(apic.load(offset) == value)
    #expect(!apic.needsErrorInterrupt)
  }

  @Test func `the base is FEE00000h, enabled, and says who boots`() throws {
    #expect(try powerUp().rdmsr(0x1B) == 0xFEE0_0800)
    #expect(try powerUp(isBootstrap: true).rdmsr(0x1B) == 0xFEE0_0900)
  }

  @Test func `VTL 1 finds its APIC enabled, with spurious vector FFh`() {
    var apic = powerUp(vtl: 1)
    #expect(apic.load(0xF0) == 0x1FF)
    #expect(apic.isSoftwareEnabled)
  }

  @Test func `INIT keeps ID and base and resets the rest`() throws {
    var apic = enabled()
    apic.store(0x20, 0x0900_0000)
    apic.store(0xD0, 0x0400_0000)
    apic.store(0x80, 0x30)
    apic.store(0x320, 0x31)
    apic.receive(0x41)
    apic.reset(.initSignal)
    #expect(apic.load(0x20) == 0x0900_0000)
    #expect(try apic.rdmsr(0x1B) == 0xFEE0_0800)
    #expect(apic.load(0xF0) == 0xFF)
    #expect(apic.load(0xD0) == 0)
    #expect(apic.load(0x80) == 0)
    #expect(apic.load(0x320) == 0x10000)
    #expect(apic.load(0x220) == 0)
    apic.reset(.powerUp)
    #expect(apic.load(0x20) == 0x0300_0000)
  }

  @Test(
    arguments: [
      (0x20, 0xFFFF_FFFF, 0xFF00_0000), (0x80, 0xFFFF_FFFF, 0xFF), (0xD0, 0xFFFF_FFFF, 0xFF00_0000),
      (0xE0, 0, 0x0FFF_FFFF), (0xF0, 0xFFFF_FFFF, 0x3FF), (0x310, 0xFFFF_FFFF, 0xFF00_0000),
      (0x320, 0xFFFF_FFFF, 0x0007_00FF), (0x330, 0xFFFF_FFFF, 0x0001_07FF), (0x340, 0xFFFF_FFFF, 0x0001_07FF),
      (0x350, 0xFFFF_FFFF, 0x0001_A7FF), (0x360, 0xFFFF_FFFF, 0x0001_A7FF), (0x370, 0xFFFF_FFFF, 0x0001_00FF),
      (0x380, 0xFFFF_FFFF, 0xFFFF_FFFF), (0x3E0, 0xFFFF_FFFF, 0xB),
    ] as [(Int, UInt64, UInt64)])
  func `only the bits that exist are kept`(offset: Int, written: UInt64, read: UInt64) {
    var apic = enabled()
    apic.store(offset, written)
    #expect(apic.load(offset) == read)
  }

  @Test(arguments: [0x30, 0x90, 0xA0, 0xC0, 0x100, 0x180, 0x200, 0x390])
  func `a store to a read-only register changes nothing and is no error`(offset: Int) {
    var apic = enabled()
    let before = apic.load(offset)
    #expect(apic.store(offset, 0xFFFF_FFFF) == .none)
    #expect(apic.load(offset) == before)
    #expect(!apic.needsErrorInterrupt)
  }

  @Test(arguments: [0x00, 0x10, 0x40, 0x70, 0x290, 0x2E0, 0x2F0, 0x3A0, 0x3D0, 0x3F0, 0x400, 0xFF0])
  func `a reserved offset is an illegal register address`(offset: Int) {
    var reader = enabled()
    #expect(reader.load(offset) == 0)
    #expect(reader.needsErrorInterrupt)
    reader.store(0x280, 0)
    #expect(reader.load(0x280) == 0x80)
    var writer = enabled()
    #expect(writer.store(offset, 0) == .error(.illegalRegisterAddress))
    writer.store(0x280, 0)
    #expect(writer.load(0x280) == 0x80)
  }

  @Test func `a seventh LVT entry exists where the version says so`() {
    var apic = enabled(version: APICVersion(rawValue: 0x0006_0014))
    #expect(apic.load(0x2F0) == 0x10000)
    apic.store(0x2F0, 0x2F2)
    #expect(apic.load(0x2F0) == 0x2F2)
  }

  @Test func `parts of the low dword can be read and nothing else is there`() {
    var apic = enabled()
    #expect(apic.readMMIO(offset: 0x30, size: 1, at: .zero) == 0x14)
    #expect(apic.readMMIO(offset: 0x32, size: 1, at: .zero) == 0x05)
    #expect(apic.readMMIO(offset: 0x32, size: 2, at: .zero) == 0x0005)
    #expect(apic.readMMIO(offset: 0x30, size: 8, at: .zero) == 0x0005_0014)
    #expect(apic.readMMIO(offset: 0x34, size: 4, at: .zero) == 0)
  }

  @Test func `a store that is not 4 aligned bytes is ignored`() {
    var apic = enabled()
    for (offset, size) in [(0x80, 1), (0x80, 2), (0x80, 8), (0x81, 4), (0x84, 4)] {
      #expect(apic.writeMMIO(offset: offset, size: size, 0x50, at: .zero, rip: 0) == .none)
    }
    #expect(apic.load(0x80) == 0)
  }

  @Test func `nothing answers at the page when disabled or in x2APIC mode`() throws {
    for value: UInt64 in [0xFEE0_0000, 0xFEE0_0C00] {
      var apic = enabled()
      _ = try apic.writeBase(value)
      #expect(apic.mmioPage == nil)
      #expect(apic.load(0x30) == 0xFFFF_FFFF)
      #expect(apic.readMMIO(offset: 0x30, size: 1, at: .zero) == 0xFF)
      #expect(apic.readMMIO(offset: 0x30, size: 8, at: .zero) == .max)
      #expect(apic.store(0x80, 0x50) == .none)
      #expect(apic.taskPriority == 0)
    }
  }

  @Test func `a write that moves the APIC in the maps says so, and one that does not does not`() {
    var apic = enabled()
    #expect(apic.store(0x20, 0x0500_0000) == .mapChanged)
    #expect(apic.store(0x20, 0x0500_0000) == .none)
    #expect(apic.store(0xD0, 0x0500_0000) == .mapChanged)
    #expect(apic.store(0xE0, 0x0FFF_FFFF) == .mapChanged)
    #expect(apic.store(0xF0, 0x0FF) == .softwareEnabled(false))
    #expect(apic.store(0xF0, 0x1EF) == .softwareEnabled(true))
    #expect(apic.store(0xF0, 0x1FF) == .none)
  }

  @Test func `disabling by software masks the LVT and enabling unmasks nothing`() {
    var apic = enabled()
    for offset in [0x320, 0x330, 0x340, 0x350, 0x360, 0x370] { apic.store(offset, 0x31) }
    apic.store(0xF0, 0xFF)
    for offset in [0x320, 0x330, 0x340, 0x350, 0x360, 0x370] { #expect(apic.load(offset) == 0x10031) }
    apic.store(0x320, 0x32)
    #expect(apic.load(0x320) == 0x10032)
    apic.store(0xF0, 0x1FF)
    for offset in [0x330, 0x340, 0x350, 0x360, 0x370] { #expect(apic.load(offset) == 0x10031) }
    apic.store(0x320, 0x32)
    #expect(apic.load(0x320) == 0x32)
  }

  @Test func `the seventh entry is masked with the others`() {
    var apic = enabled(version: APICVersion(rawValue: 0x0006_0014))
    apic.store(0x2F0, 0x31)
    apic.store(0xF0, 0xFF)
    #expect(apic.load(0x2F0) == 0x10031)
    apic.store(0x2F0, 0x32)
    #expect(apic.load(0x2F0) == 0x10032)
    apic.store(0xF0, 0x1FF)
    #expect(apic.load(0x2F0) == 0x10032)
  }

  @Test func `focus processor checking is kept in SVR and changes nothing`() {
    var apic = enabled()
    apic.store(0xF0, 0x3FF)
    #expect(apic.load(0xF0) == 0x3FF)
    apic.receive(0x41)
    let focused = apic.arbitrationRank
    apic.store(0xF0, 0x1FF)
    #expect(apic.arbitrationRank == focused)
  }

  @Test func `the EOI broadcast can be suppressed only where the version says so`() {
    var plain = enabled()
    plain.store(0xF0, 0x11FF)
    #expect(plain.load(0xF0) == 0x1FF)
    var able = enabled(version: APICVersion(rawValue: 0x0105_0014))
    able.store(0xF0, 0x11FF)
    #expect(able.load(0xF0) == 0x11FF)
  }
}
