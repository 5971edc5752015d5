import Architecture
import Journal
import Machine
import Testing

/// The periodic device, as `Sources/Guests/README.md` describes it.
@Suite struct PeriodicDeviceTests {
  private static let control: UInt16 = 0xB00
  private static let period: UInt16 = 0xB04
  private static let status: UInt16 = 0xB08
  private static let count: UInt16 = 0xB0C

  private func run(_ main: [UInt8], for time: VirtualTime = .milliseconds(1)) throws -> MachineRun {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + main + Code.spin), vtls: 1)
    machine.run(until: time)
    return machine
  }

  /// A 32-bit register to COM1.
  private func show(_ port: UInt16) -> [UInt8] { Code.input(port) + Code.transmitEAX }

  private func words(_ machine: MachineRun) -> [UInt32] {
    let bytes = machine.recorder.output
    return stride(from: 0, to: bytes.count, by: 4).map { i in
      (0..<4).reduce(0) { $0 | UInt32(bytes[i + $1]) << UInt32(8 * $1) }
    }
  }

  @Test func `registers read back what they keep`() throws {
    let main =
      Code.out(Self.control, 0xFFFF_FFFE) + show(Self.control) + Code.out(Self.period, 1) + show(Self.period)
      + Code.out(Self.period, 0) + show(Self.period) + Code.out(Self.period, 12_345) + show(Self.period)
      + Code.out(Self.count, 9) + show(Self.count) + Code.out(0xB10, 0xFEE0_1000) + show(0xB10) + Code.out(0xB14, 7)
      + show(0xB14) + Code.out(0xB18, 0x4041) + show(0xB18) + show(Self.status)
    #expect(words(try run(main)) == [6, 1_000, 0, 12_345, 0, 0xFEE0_1000, 7, 0x4041, 0])
  }

  @Test func `only whole registers are accessed`() throws {
    let main =
      Code.out(Self.period, 5_000) + Code.inByte(Self.period) + Code.transmitAL + show(Self.period + 2) + show(0xB1C)
      + Code.outByte(Self.period, 1) + Code.out(Self.period + 2, 1) + show(Self.period)
    let machine = try run(main)
    #expect(machine.recorder.output.first == 0xFF)
    #expect(Array(machine.recorder.output.suffix(4)) == [0x88, 0x13, 0, 0])
    #expect(Array(machine.recorder.output[1..<9]) == Array(repeating: 0xFF, count: 8))
    #expect(machine.partition.unclaimedAccesses == 5)
  }

  @Test func `it counts each period from its enabling, and stops when it is told to`() throws {
    let start = Code.out(Self.period, 10_000) + Code.out(Self.control, 1)
    // Two instructions a round: 105 us.
    let machine = try run(
      start + Code.delay(52_500) + Code.out(Self.control, 0) + Code.delay(52_500) + show(Self.count))
    #expect(words(machine) == [10])
    #expect(machine.partition.platformSnapshot().ioapics[0].pins[17].isLineHigh)
    let stopped = try run(start + Code.delay(52_500) + Code.out(Self.period, 0) + Code.delay(52_500) + show(Self.count))
    #expect(words(stopped) == [10])
  }

  @Test func `the line is up while it is pending, not masked, and not a message's`() throws {
    let start = Code.out(Self.period, 10_000) + Code.out(Self.control, 5)
    let masked = try run(start + Code.delay(10_000) + show(Self.status), for: .microseconds(100))
    #expect(words(masked) == [1] && !masked.pin(17).isLineHigh && masked.pin(17).counters.raised == 0)
    let unmasked = try run(start + Code.delay(10_000) + Code.out(Self.control, 1), for: .microseconds(100))
    #expect(unmasked.pin(17).isLineHigh && unmasked.pin(17).counters.raised == 1)
    let cleared = try run(
      start + Code.delay(10_000) + Code.out(Self.control, 0) + Code.out(Self.status, 0) + show(Self.status)
        + Code.out(Self.status, 1) + show(Self.status), for: .microseconds(100))
    #expect(words(cleared) == [1, 0] && !cleared.pin(17).isLineHigh && cleared.pin(17).counters.raised == 1)
    let message = try run(
      start + Code.delay(10_000) + Code.out(Self.control, 0) + Code.out(Self.control, 2), for: .microseconds(100))
    #expect(!message.pin(17).isLineHigh)
  }

  @Test func `expiries while a message is masked are made up for by one`() throws {
    let main =
      Code.out(0xB10, 0xFEE0_0000) + Code.out(0xB18, 0x61) + Code.out(Self.period, 10_000) + Code.out(Self.control, 7)
      + Code.delay(17_500)
    func sent(_ main: [UInt8]) throws -> Int {
      try run(main, for: .microseconds(60)).events.count { $0.kind == .messageSent }
    }
    #expect(try sent(main) == 0)
    // Unmasked and stopped.
    #expect(try sent(main + Code.out(Self.control, 2)) == 1)
    // What was owed is not sent on the line's behalf, nor later.
    #expect(try sent(main + Code.out(Self.control, 4) + Code.out(Self.control, 2)) == 0)
  }

  @Test func `devices change nothing of a run's being the same however it is cut`() throws {
    var guest = CodeGuest(
      main: Code.prologue + Code.route(17, vector: 0x51, level: true) + Code.route(4, vector: 0x41, level: false)
        + Code.outByte(0x3FC, 8) + Code.outByte(0x3F9, 1) + Code.out(Self.period, 7_777) + Code.out(Self.control, 1)
        + Code.wrmsr(0x4000_0000, 1) + Code.startProcessor(1) + Code.sti + Code.loop(Code.incrementR12 + Code.pause))
    guest.others = Code.loop(Code.incrementR12)
    guest.handlers[0x51] = Code.saving(Code.out(Self.status, 1) + Code.endOfInterrupt)
    guest.handlers[0x41] = Code.saving(Code.inByte(0x3F8) + Code.transmitAL + Code.endOfInterrupt)
    let runs = try [1_000, 1, 7].map { slices in
      let machine = try MachineRun(guest, vps: 2, vtls: 1) {
        $0.serialInput = SerialInput("to and fro", start: .microseconds(50), interval: .microseconds(13), repeats: true)
      }
      machine.run(until: .microseconds(700), slices: slices)
      return machine
    }
    #expect(runs[0].events.taken(by: ContextID(0, 0)).count > 100)
    for run in runs.dropFirst() {
      #expect(run.events == runs[0].events)
      #expect(run.recorder.output == runs[0].recorder.output)
      #expect(run.partition.snapshot() == runs[0].partition.snapshot())
    }
  }
}
