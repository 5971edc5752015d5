import Architecture
import Journal
import Testing

@testable import Machine

/// What a PC, and the board that unit-test guests are written for, has at its ports.
@Suite("Legacy devices")
struct LegacyDeviceTests {
  /// Runs code that leaves a value in EAX and gives that value.
  private func run(_ code: [UInt8], vps: Int = 1) throws -> UInt32 {
    let run = try MachineRun(CodeGuest(main: code + [0x66, 0xBA, 0xF4, 0x00, 0xEF]), vps: vps)
    run.run(for: .milliseconds(1))
    #expect(run.partition.stopCause == .debugExit)
    return run.partition.exitStatus
  }

  private static let readByte: [UInt8] = [0xEC, 0x0F, 0xB6, 0xC0]  // IN AL, DX; MOVZX EAX, AL

  @Test func `fw_cfg tells the number of processors, low byte first`() throws {
    // MOV DX, 510h; MOV AX, 5; OUT DX, AX; INC DX; IN AL, DX
    let select: [UInt8] = [0x66, 0xBA, 0x10, 0x05, 0x66, 0xB8, 5, 0, 0x66, 0xEF, 0x66, 0xFF, 0xC2]
    #expect(try run(select + Self.readByte, vps: 3) == 3)
    #expect(try run(select + [0xEC] + Self.readByte, vps: 3) == 0)
  }

  @Test func `an item that is not there reads 0 without end`() throws {
    var firmware = FirmwareConfiguration(vpCount: 1, memoryBytes: 2 << 20)
    firmware.select(0x7FFF)
    var sum = 0
    for _ in 0..<100_000 { sum += Int(firmware.readByte()) }
    #expect(sum == 0)
    firmware.select(0)
    var bytes: [UInt8] = []
    for _ in 0..<5 { bytes.append(firmware.readByte()) }
    #expect(bytes == Array("QEMU".utf8) + [0])
  }

  @Test func `the test board's latch gives back what was written, at its width`() throws {
    let write: [UInt8] = [0xB8, 0x78, 0x56, 0x34, 0x12, 0xE7, 0xE0]  // MOV EAX, 12345678h; OUT E0h, EAX
    #expect(try run(write + [0x31, 0xC0, 0xE5, 0xE0]) == 0x1234_5678)
    #expect(try run(write + [0x31, 0xC0, 0xE4, 0xE0]) == 0x78)
  }

  @Test func `no PCI function answers`() throws {
    let select = Code.out(0xCF8, 0x8000_0000)
    #expect(try run(select + Code.input(0xCFC)) == 0xFFFF_FFFF)
    #expect(try run(select + Code.input(0xCF8)) == 0x8000_0000)
  }

  @Test func `the power-management timer counts 3,579,545 a second in 24 bits`() {
    let second: UInt64 = 1_000_000_000
    #expect(PowerManagementTimer.count(at: VirtualTime(ticks: second)) == 3_579_545)
    // 2^24 counts take 4.687 s.
    #expect(PowerManagementTimer.count(at: VirtualTime(ticks: 5 * second)) == 5 * 3_579_545 - 1 << 24)
    #expect(PowerManagementTimer.count(at: VirtualTime(ticks: 1 << 61)) < 1 << 24)
  }

  @Test(
    arguments: [
      (0, 2024, 1, 1), (59, 2024, 2, 29), (60, 2024, 3, 1), (365, 2024, 12, 31), (366, 2025, 1, 1), (1_096, 2027, 1, 1),
      (27_758, 2099, 12, 31), (27_818, 2100, 3, 1),
    ] as [(UInt64, UInt64, UInt64, UInt64)])
  func `the calendar knows leap years`(days: UInt64, year: UInt64, month: UInt64, day: UInt64) {
    #expect(RealTimeClock.date(days) == (year, month, day))
  }

  @Test func `the clock tells virtual time, in BCD or binary, in 24 hours or 12`() {
    var clock = RealTimeClock()
    func read(_ index: UInt8, _ seconds: UInt64) -> UInt8 {
      clock.select(index)
      return clock.read(at: VirtualTime(ticks: seconds * 1_000_000_000))
    }
    let afternoon: UInt64 = 15 * 3_600 + 42 * 60 + 37
    #expect([4, 2, 0].map { read($0, afternoon) } == [0x15, 0x42, 0x37])
    #expect([6, 7, 8, 9, 0x32].map { read($0, afternoon) } == [2, 1, 1, 0x24, 0x20])
    clock.select(0x0B)
    clock.write(0x04)
    #expect([4, 2, 0].map { read($0, afternoon) } == [0x83, 42, 37])
    #expect(read(4, 0) == 12)
    clock.select(0x50)
    clock.write(0xA5)
    #expect(read(0x50, 0) == 0xA5)
  }

  @Test func `memory behind registers keeps what is written, and ends where it ends`() {
    var memory = TestMemory()
    #expect(memory.read(0, 8) == 0)
    memory.write(0xFFFC, 4, 0x1234_5678)
    #expect(memory.read(0xFFFE, 2) == 0x1234)
    memory.write(0xFFFE, 4, .max)
    #expect(memory.read(0xFFFC, 8) == 0xFFFF_5678)
  }

  @Test(arguments: [(0x64, 0xFE), (0x92, 0x01), (0xCF9, 0x06)] as [(UInt16, UInt32)])
  func `the ways to reset a PC end the machine`(port: UInt16, value: UInt32) throws {
    // MOV DX, port; MOV AL, value; OUT DX, AL
    let run = try MachineRun(
      CodeGuest(main: [0x66, 0xBA] + Code.little(port) + [0xB0, UInt8(value), 0xEE] + Code.spin))
    run.run(for: .milliseconds(1))
    #expect(run.partition.stopCause == .guestReset)
  }

  @Test func `every firmware table adds up to 0, and each is where the one before says`() {
    let bytes = FirmwareTables(vpCount: 4).bytes
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    func place(_ at: Int) -> Int { word(at) - Int(FirmwareTables.address) }
    func signature(_ at: Int) -> String { String(decoding: bytes[at..<at + 4], as: UTF8.self) }
    #expect(String(decoding: bytes[0..<8], as: UTF8.self) == "RSD PTR ")
    #expect(bytes[0..<20].reduce(0, &+) == 0)
    let rsdt = place(16)
    let tables = [place(rsdt + 36), place(rsdt + 40)]
    #expect(tables.map(signature) == ["FACP", "APIC"])
    let all = [rsdt, place(tables[0] + 40)] + tables
    for table in all { #expect(bytes[table..<table + word(table + 4)].reduce(0, &+) == 0) }
    #expect(signature(place(tables[0] + 36)) == "FACS")
    #expect(word(tables[0] + 76) == 0x608)
    #expect(word(tables[1] + 4) == 44 + 4 * 8 + 12)
  }
}
