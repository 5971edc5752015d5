import Architecture
import Journal
import Machine
import Testing

/// COM1 as drivers use it (PC16550D data sheet).
@Suite struct SerialPortTests {
  private static let data: UInt16 = 0x3F8
  private static let interruptEnable: UInt16 = 0x3F9
  private static let identification: UInt16 = 0x3FA
  private static let fifoControl: UInt16 = 0x3FA
  private static let lineControl: UInt16 = 0x3FB
  private static let modemControl: UInt16 = 0x3FC
  private static let lineStatus: UInt16 = 0x3FD
  private static let modemStatus: UInt16 = 0x3FE
  private static let scratch: UInt16 = 0x3FF
  private static let out2: UInt8 = 0x08
  private static let loopback: UInt8 = 0x10
  /// Where guests keep what they have read.
  private static let keptAt: UInt32 = 0x11_3000

  private let boot = ContextID(0, 0)

  /// What a guest reads: `body` may write ports, and each `nil` in `reads` of it is a read that is kept.
  private enum Step {
    case write(UInt16, UInt8)
    case read(UInt16)
  }

  /// The bytes that the reads of these steps give.
  private func answers(_ steps: [Step], input: SerialInput? = nil, after wait: UInt32 = 1) throws -> [UInt8] {
    var main = Code.delay(wait)
    var count: UInt32 = 0
    for step in steps {
      switch step {
      case .write(let port, let value): main += Code.outByte(port, value)
      case .read(let port):
        main += Code.inByte(port) + Code.keepAL(at: Self.keptAt + count)
        count += 1
      }
    }
    // Back to a port that transmits.
    main += Code.outByte(Self.modemControl, 0) + Code.outByte(Self.lineControl, 3)
    for i in 0..<count { main += Code.transmit(at: Self.keptAt + i) }
    let machine = try MachineRun(CodeGuest(main: main + Code.spin), vtls: 1) { $0.serialInput = input }
    machine.run(until: .milliseconds(2))
    return machine.recorder.output
  }

  // MARK: - Probing

  @Test func `registers keep what drivers probe for`() throws {
    #expect(
      try answers([
        .write(Self.scratch, 0x5A), .read(Self.scratch), .write(Self.interruptEnable, 0xFF),
        .read(Self.interruptEnable), .write(Self.lineControl, 0x83), .write(Self.data, 0x0C),
        .write(Self.interruptEnable, 0x01), .read(Self.data), .read(Self.interruptEnable), .read(Self.lineControl),
        .write(Self.lineControl, 0x03), .read(Self.interruptEnable), .write(Self.modemControl, 0x0F),
        .read(Self.modemControl), .read(Self.lineStatus),
      ]) == [0x5A, 0x0F, 0x0C, 0x01, 0x83, 0x0F, 0x0F, 0x60])
  }

  @Test func `the FIFO shows in IIR`() throws {
    #expect(
      try answers([
        .read(Self.identification), .write(Self.fifoControl, 1), .read(Self.identification),
        .write(Self.fifoControl, 0), .read(Self.identification),
      ]) == [0x01, 0xC1, 0x01])
  }

  @Test func `in loopback the modem control lines come back as modem status, with what changed`() throws {
    // OUT2 and RTS: DCD and CTS (what Linux probes for). Before, CTS, DSR and DCD were up.
    #expect(
      try answers([
        .read(Self.modemStatus), .write(Self.modemControl, 0x1A), .read(Self.modemStatus), .read(Self.modemStatus),
        .write(Self.modemControl, 0x14), .read(Self.modemStatus), .write(Self.modemControl, 0x10),
        .read(Self.modemStatus),
      ]) == [0xB0, 0x92, 0x90, 0x49, 0x04])
  }

  @Test func `in loopback what is transmitted is received, and does not leave`() throws {
    #expect(
      try answers([
        .write(Self.modemControl, Self.loopback), .write(Self.data, 0x78), .read(Self.lineStatus), .read(Self.data),
        .read(Self.lineStatus), .read(Self.data),
      ]) == [0x61, 0x78, 0x60, 0])
  }

  // MARK: - Receiving

  private let soon = { (text: String) in SerialInput(text, start: .microseconds(1), interval: .microseconds(1)) }

  @Test func `without a FIFO there is room for one byte: the next takes its place, and LSR says so once`() throws {
    #expect(
      try answers(
        [.read(Self.lineStatus), .read(Self.lineStatus), .read(Self.data), .read(Self.lineStatus)],
        input: soon("abc"), after: 5_000) == [0x63, 0x61, UInt8(ascii: "c"), 0x60])
  }

  @Test func `with it there is room for sixteen, and those that come later are lost`() throws {
    let text = "0123456789abcdefXY"
    let steps: [Step] = [.read(Self.lineStatus)] + text.map { _ in .read(Self.data) }
    let input = SerialInput(text, start: .microseconds(20), interval: .microseconds(1))
    // The FIFO is on before the first byte comes.
    var main = Code.outByte(Self.fifoControl, 1) + Code.delay(30_000)
    for _ in steps.dropFirst() { main += Code.inByte(Self.data) + Code.transmitAL }
    let machine = try MachineRun(CodeGuest(main: main + Code.spin), vtls: 1) { $0.serialInput = input }
    machine.run(until: .milliseconds(1))
    #expect(machine.recorder.output == Array("0123456789abcdef".utf8) + [0, 0])
    let serial = try #require(machine.partition.platformSnapshot().serial)
    #expect(serial.received == 18 && serial.overruns == 2 && serial.transmitted == 18)
    #expect(serial.lineStatus == 0x62)
  }

  @Test func `clearing the FIFO, and turning it on, drops what waits`() throws {
    for control: [UInt8] in [[1], [1, 3]] {
      let steps = control.map { Step.write(Self.fifoControl, $0) } + [.read(Self.lineStatus)]
      #expect(try answers(steps, input: soon("a"), after: 5_000) == [0x60])
    }
  }

  @Test func `in loopback the line is cut off, and what comes is counted as lost`() throws {
    let main = Code.outByte(Self.modemControl, Self.loopback) + Code.spin
    let machine = try MachineRun(CodeGuest(main: main), vtls: 1) { $0.serialInput = soon("abc") }
    machine.run(until: .microseconds(50))
    let serial = try #require(machine.partition.platformSnapshot().serial)
    #expect(serial.disconnected == 3 && serial.received == 0 && serial.waiting == 0)
  }

  @Test func `typed bytes come in at the speed of the divisor`() throws {
    // 9600 baud, 8N1: ten bits of 104.17 us.
    let main =
      Code.prologue + Code.outByte(Self.lineControl, 0x83) + Code.outByte(Self.data, 12)
      + Code.outByte(Self.lineControl, 3) + Code.spin
    let machine = try MachineRun(CodeGuest(main: main), vtls: 1)
    machine.run(until: .microseconds(10))
    machine.perform(.serialInput([1, 2, 3]))
    let start = machine.partition.clock
    for (n, time) in [(0, 1_041_000), (1, 1_042_000), (1, 2_083_000), (2, 2_084_000), (3, 3_126_000)] {
      machine.run(until: start + VirtualTime(ticks: UInt64(time)))
      let serial = try #require(machine.partition.platformSnapshot().serial)
      #expect(serial.received == UInt64(n) && serial.typed == UInt32(3 - n))
    }
  }

  @Test func `configured input begins at its time, keeps its distance, and begins again`() throws {
    let input = SerialInput("ab", start: .microseconds(100), interval: .microseconds(10), repeats: true)
    let machine = try MachineRun(CodeGuest(main: Code.prologue + Code.spin), vtls: 1) { $0.serialInput = input }
    machine.run(until: .microseconds(99))
    #expect(machine.partition.platformSnapshot().serial?.received == 0)
    machine.run(until: .microseconds(155))
    #expect(machine.partition.platformSnapshot().serial?.received == 6)
    #expect(
      Configuration(serialInput: SerialInput("", start: .zero, interval: .zero)).problem
        == "serial input: a byte every 0 ns, need 1 us")
  }

  // MARK: - Interrupts

  /// Vector 41h on pin 4, OUT2, and `main` with interrupts enabled.
  private func interrupted(
    _ main: [UInt8], handler: [UInt8], secure: [UInt8]? = nil, input: SerialInput? = nil,
    modemControl: UInt8 = SerialPortTests.out2
  ) throws -> MachineRun {
    var guest = CodeGuest(
      main: Code.prologue + Code.route(4, vector: 0x41, level: false) + Code.set(.r12, 0)
        + Code.outByte(Self.modemControl, modemControl) + Code.outByte(Self.lineControl, 3) + main + Code.sti
        + Code.loop(Code.hlt))
    guest.handlers[0x41] = handler
    if let secure { guest.secure = secure }
    let machine = try MachineRun(guest, vtls: 1) { $0.serialInput = input }
    machine.run(until: .milliseconds(2))
    return machine
  }

  @Test func `the transmitter's interrupt comes with its enabling, and after each byte`() throws {
    // Counts, and with the fourth byte turns it off.
    let handler = Code.saving(
      Code.inByte(Self.identification) + Code.incrementR12
        + Code.ifR12(is: 4, Code.outByte(Self.interruptEnable, 0)) + Code.transmitR12 + Code.endOfInterrupt)
    let machine = try interrupted(Code.outByte(Self.interruptEnable, 2), handler: handler)
    #expect(machine.recorder.output == [1, 2, 3, 4])
    #expect(machine.events.taken(by: boot).count == 4)
  }

  /// Shows IIR, then sends back all there is to read.
  private static let drain: [UInt8] = {
    let start = Code.inByte(identification) + Code.transmitAL
    let body = Code.inByte(data) + Code.transmitAL
    let test = Code.inByte(lineStatus) + [0xA8, 0x01, 0x74, UInt8(body.count + 2)]
    return start + test + body + Code.jump(-(test.count + body.count + 2)) + Code.endOfInterrupt
      + Code.iretq
  }()

  @Test func `the FIFO interrupts at its trigger level, and below it after four characters' time`() throws {
    let input = SerialInput("abcdef", start: .microseconds(100), interval: .microseconds(20))
    let machine = try interrupted(
      Code.outByte(Self.fifoControl, 0x41) + Code.outByte(Self.interruptEnable, 1), handler: Code.handlerInSecure,
      secure: Self.drain, input: input)
    #expect(machine.recorder.output == [0xC4] + Array("abcd".utf8) + [0xCC] + Array("ef".utf8))
    let times = machine.events.filter { $0.kind == .acknowledged }.map(\.time.rawValue)
    #expect(times.count == 2)
    // The fourth byte; the sixth and four times ten bits at 115,200 baud.
    #expect((160_000..<161_000).contains(times[0]))
    #expect((200_000 + 347_200..<200_000 + 348_300).contains(times[1]))
  }

  @Test func `an overrun is the cause of the highest priority, until LSR is read`() throws {
    let show = Code.inByte(Self.identification) + Code.transmitAL
    let handler = Code.saving(
      show + Code.inByte(Self.lineStatus) + show + Code.inByte(Self.data) + show + Code.endOfInterrupt)
    let input = SerialInput("ab", start: .microseconds(100), interval: .microseconds(1))
    let machine = try interrupted(
      Code.outByte(Self.interruptEnable, 4), handler: handler, input: input)
    #expect(machine.recorder.output == [0x06, 0x01, 0x01])
    let both = try interrupted(
      Code.outByte(Self.interruptEnable, 5) + Code.delay(60_000), handler: handler, input: input)
    #expect(both.recorder.output == [0x06, 0x04, 0x01])
  }

  @Test(arguments: [0, 0x18] as [UInt8])
  func `without OUT2, or with it held inactive by loopback, nothing reaches the line`(modemControl: UInt8) throws {
    let input = SerialInput("ab", start: .microseconds(100), interval: .microseconds(1))
    let machine = try interrupted(
      Code.outByte(Self.interruptEnable, 0xF), handler: Code.endOfInterruptHandler, input: input,
      modemControl: modemControl)
    #expect(machine.events.taken(by: boot) == [])
    #expect(machine.pin(4).counters.raised == 0)
  }
}
