import Architecture
import Journal
import Machine
import Testing

/// What VTL1 denies VTL0, and how it hears of it (TLFS, "Memory Access Protections", "Secure Intercepts").
@Suite struct InterceptTests {
  private let vtl0 = ContextID(0, 0)
  private let vtl1 = ContextID(0, 1)
  private static let slot: UInt32 = 0x15_8000
  private static let input: UInt32 = 0x15_9000
  /// What is protected.
  private static let page: UInt32 = 0x18_0000
  /// Where the message begins behind its header of 16 bytes.
  private static let payload = slot + 16

  /// `words` in memory, then a hypercall with them as its input.
  private func call(_ control: UInt64, _ words: [UInt32]) -> [UInt8] {
    var code: [UInt8] = []
    for (i, word) in words.enumerated() { code += Code.store(word, at: Self.input + 4 * UInt32(i)) }
    return code + Code.hypercall(control, UInt64(Self.input), 0)
  }
  /// HvCallSetVpRegisters, one register of the VTL that executes it.
  private func setRegister(_ name: UInt32, _ value: UInt32) -> [UInt8] {
    call(0x1_0000_0051, [.max, .max, 0xFFFF_FFFE, 0, name, 0, 0, 0, value, 0, 0, 0])
  }
  private func protect(_ flags: UInt32, at page: UInt32 = page) -> [UInt8] {
    call(0x1_0000_000C, [.max, .max, flags, 0, page >> 12, 0])
  }
  private let enableProtection: UInt32 = 0x1F
  /// VTL0's store to the page, which needs no register: they are shared with VTL1, which does not keep them here.
  private let touch: [UInt8] = [0xC7, 0x04, 0x25] + Code.little(page) + Code.little(UInt32(0x41))

  /// SCONTROL, SIMP, SINT0 with vector 60h.
  private let synic =
    Code.wrmsr(0x4000_0080, 1) + Code.wrmsr(0x4000_0083, UInt64(slot) | 1) + Code.wrmsr(0x4000_0090, 0x60)

  private func machine(main: [UInt8], secure: [UInt8], vps: Int = 1) throws -> MachineRun {
    let guest = CodeGuest(main: Code.prologue + Code.enableVTL1 + Code.vtlCall + main, secure: secure)
    let machine = try MachineRun(guest, vps: vps)
    machine.run(for: .microseconds(100))
    return machine
  }

  private func intercepts(_ machine: MachineRun) -> [InterceptSummary] {
    machine.events.compactMap { if case .intercepted(let summary) = $0.body { summary } else { nil } }
  }
  private func violation(_ access: InterceptAccess, isWaiting: Bool = false) -> InterceptSummary {
    InterceptSummary(
      .memory, access, to: .vtl1, isWaiting: isWaiting, number: UInt64(Self.page), value: UInt64(Self.page))
  }

  @Test func `a denied write enters VTL1 with a message, and happens once it is allowed`() throws {
    // The access type, the GPA's third byte, then access and an empty slot.
    let report = Code.transmit(at: Self.payload + 5) + Code.transmit(at: Self.payload + 0x3A)
    let allow = report + protect(0xF) + Code.store(0, at: Self.slot) + Code.vtlReturn
    let machine = try machine(
      main: touch + Code.transmit(at: Self.page) + Code.spin,
      secure: synic + setRegister(0xD0007, enableProtection) + protect(1) + Code.sti + Code.vtlReturn + allow)
    #expect(intercepts(machine) == [violation(.write)])
    let intercept = try #require(machine.events.first { $0.kind == .intercepted })
    #expect(intercept.context == vtl0)
    #expect(
      machine.events.switches(of: 0).suffix(3) == [
        VTLSwitch(from: .vtl1, to: .vtl0, reason: .return), VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt),
        VTLSwitch(from: .vtl1, to: .vtl0, reason: .return),
      ])
    #expect(machine.events.taken(by: vtl1) == [0x60])
    #expect(machine.recorder.text == "\u{1}\u{18}A")
    #expect(
      machine.events.count(of: .protectionChanged(.vtl0, firstPage: UInt64(Self.page) >> 12, count: 1, access: 1)) == 1)
  }

  @Test func `while the slot is taken the access waits, and it is in the log once`() throws {
    let machine = try machine(
      main: touch + Code.transmit(at: Self.page) + Code.spin,
      // VTL1 neither empties the slot nor allows the write.
      secure: synic + setRegister(0xD0007, enableProtection) + protect(1) + Code.sti + Code.loop(Code.vtlReturn))
    #expect(intercepts(machine) == [violation(.write), violation(.write, isWaiting: true)])
    #expect(machine.recorder.text.isEmpty)
    #expect(
      machine.partition.snapshot().memory.protections
        == [ProtectionRun(vtl: .vtl0, firstPage: UInt64(Self.page) >> 12, count: 1, access: 1)])
    #expect(machine.partition.snapshot().memory.interceptWaits > 1)
    #expect(machine.partition.runState == .running)
    // VTL0 waits at its instruction, and still takes interrupts.
    let rip = try machine.context(0, 0).rip
    #expect(rip == machine.events.first { $0.kind == .intercepted }?.rip)
  }

  @Test func `without a SynIC in VTL1 the access waits`() throws {
    let machine = try machine(
      main: touch + Code.spin,
      secure: setRegister(0xD0007, enableProtection) + protect(1) + Code.loop(Code.vtlReturn))
    #expect(intercepts(machine) == [violation(.write, isWaiting: true)])
    // By which S29 knows that it still waits.
    let waits = try #require(machine.events.last { $0.kind == .intercepted })
    #expect(try machine.context(0, 0).rip == waits.rip)
    #expect(machine.partition.runState == .running)
  }

  @Test func `with the intercept page VTL1 is entered for reason 3, its message in the assist page`() throws {
    let page = UInt32(CodeGuest.assistPageAt)
    let report =
      Code.transmit(at: page + 8) + Code.transmit(at: page + 0x70) + Code.transmit(at: page + 0x70 + 16 + 0x3A)
    let machine = try machine(
      main: touch + Code.transmit(at: Self.page) + Code.spin,
      secure: Code.enableAssistPage + setRegister(0xD0007, 0x101F) + protect(1) + Code.vtlReturn + report + protect(0xF)
        + Code.vtlReturn)
    #expect(machine.recorder.text == "\u{3}\u{1}\u{18}A")
    #expect(machine.events.switches(of: 0).map(\.reason).suffix(2) == [.intercept, .return])
  }

  /// CR4.DE, by RBX, which VTL1 leaves alone.
  @Test func `a register write waits while the slot is taken, and is in the log once`() throws {
    let machine = try machine(
      main: Code.set(.rbx, 0x628) + [0x0F, 0x22, 0xE3] + Code.transmit(0x41) + Code.spin,
      secure: synic + setRegister(0xE0000, 1 << 1) + setRegister(0xE0002, 1 << 3) + Code.sti
        + Code.loop(Code.vtlReturn))
    let told = InterceptSummary(.register, .write, to: .vtl1, number: 0x40003, value: 0x628)
    var waiting = told
    waiting.isWaiting = true
    #expect(intercepts(machine) == [told, waiting])
    #expect(machine.recorder.text.isEmpty)
    #expect(machine.partition.runState == .running)
  }

  @Test func `VTL1 answers a denied write with an exception`() throws {
    // HvCallSetVpRegisters, VTL0: PendingEvent0, #GP with error code 5.
    let inject = call(
      0x1_0000_0051, [.max, .max, 0xFFFF_FFFE, 0x10, 0x10004, 0, 0, 0, 1 | 1 << 8 | 13 << 16, 5, 0, 0])
    var guest = CodeGuest(
      main: Code.prologue + Code.enableVTL1 + Code.vtlCall + touch + Code.transmit(0x41) + Code.spin,
      secure: synic + setRegister(0xD0007, enableProtection) + protect(1) + Code.sti + Code.vtlReturn + inject
        + Code.store(0, at: Self.slot) + Code.vtlReturn)
    // The error code, and 11 bytes further.
    guest.handlers[13] = [0x8A, 0x04, 0x24, 0x66, 0xBA, 0xF8, 0x03, 0xEE] + Code.skip(11, hasErrorCode: true)
    let machine = try MachineRun(guest)
    machine.run(for: .microseconds(100))
    #expect(machine.events.count(of: .eventInjected(.vtl0, vector: 13, errorCode: 5)) == 1)
    #expect(intercepts(machine) == [violation(.write)])
    #expect(machine.recorder.text == "\u{5}A")
  }

  @Test func `a page that may not be executed is intercepted at its fetch`() throws {
    let machine = try machine(
      main: Code.set(.rax, UInt64(Self.page)) + [0xFF, 0xE0],
      secure: synic + setRegister(0xD0007, enableProtection) + protect(3) + Code.loop(Code.vtlReturn))
    #expect(intercepts(machine).first == violation(.execute))
    #expect(try machine.context(0, 0).rip == UInt64(Self.page))
  }

  @Test func `the parameters of a hypercall obey the protections of its caller`() throws {
    let machine = try machine(
      main: Code.hypercall(0x1_0000_0050, UInt64(Self.page), UInt64(Self.input)) + Code.transmit(0x41) + Code.spin,
      secure: synic + setRegister(0xD0007, enableProtection) + protect(0) + Code.loop(Code.vtlReturn))
    #expect(intercepts(machine).first == InterceptSummary(.memory, .read, to: .vtl1, number: UInt64(Self.page)))
    #expect(machine.recorder.text.isEmpty)
  }

  @Test func `page tables that may not be written keep their accessed bits, and their reader waits`() throws {
    // The loader's level-4 table.
    let table = UInt32(CodeGuest.memoryBytes - 0x4_0000)
    let machine = try machine(
      main: [0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8] + Code.transmit(0x41) + Code.spin,
      secure: synic + setRegister(0xD0007, enableProtection) + protect(0, at: table) + Code.loop(Code.vtlReturn))
    let first = try #require(intercepts(machine).first)
    #expect(first.access == .read)
    #expect(first.number & ~0xFFF == UInt64(table))
    #expect(machine.recorder.text.isEmpty)
  }
}
