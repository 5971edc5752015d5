import Architecture
import Interpreter
import Journal
import Testing

@testable import Machine

/// KVM's hypercalls (Linux, Documentation/virt/kvm/x86/hypercalls.rst), resolved in the caller's group.
@Suite struct ParavirtualCallTests {
  private static func call(
    _ number: UInt64, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0, isVMMCALL: Bool = false
  ) -> [UInt8] {
    Code.set(.rax, number) + Code.set(.rbx, a) + Code.set(.rcx, b) + Code.set(.rdx, c) + Code.set(.rsi, d)
      + (isVMMCALL ? [0x0F, 0x01, 0xD9] : Code.vmcall)
  }
  /// NMI: it reaches local APICs that are not software-enabled, as those of the APs are not.
  private static let nmi: UInt64 = 0x4400

  private func run(_ main: [UInt8], vps: Int = 1, vtls: Int = 1) throws -> MachineRun {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + main + Code.spin), vps: vps, vtls: vtls)
    machine.run(for: .microseconds(20))
    return machine
  }

  private func results(_ machine: MachineRun) -> [Int64] {
    machine.events.compactMap { if case .paravirtualCall(_, let result, _) = $0.body { result } else { nil } }
  }

  /// How it was put to sleep and woken, in order.
  private func sleeps(_ events: [Event]) -> [EventKind] {
    events.map(\.kind).filter { kind in kind == .halted || kind == .woke }
  }

  private func accepted(_ events: [Event]) -> [ContextID] {
    events.compactMap { if case .accepted(_, _, .pending) = $0.body { $0.context } else { nil } }
  }

  @Test func `both words of bits send, and the count comes back in RAX`() throws {
    // IDs 1 and 2, and 1 + 64 + 1; 200 is nobody's.
    let main = Self.call(10, 0b11, 1 << 1 | 1 << 50, 1, Self.nmi) + [0x66, 0xBA, 0xF8, 0x03, 0xEE]
    let machine = try run(main, vps: 70)
    #expect(machine.recorder.output == [3])
    #expect(accepted(machine.events) == [ContextID(1, 0), ContextID(2, 0), ContextID(66, 0)])
    let request = try #require(machine.events.first { $0.kind == .requested })
    guard case .requested(.paravirtual, let message, let route) = request.body else {
      Issue.record("\(request.body)")
      return
    }
    #expect(message.command.deliveryMode == .nmi)
    #expect((route.candidates, route.delivered, route.rejected) == (4, 3, 1))
    #expect(request.context == ContextID(0, 0))
    #expect(machine.events.filter { $0.kind == .accepted }.allSatisfy { $0.journey == request.journey })
    #expect(results(machine) == [3])
  }

  @Test func `VMMCALL is the same call, and one that reaches nobody says why`() throws {
    let machine = try run(Self.call(10, 1, 0, 99, 0x4041, isVMMCALL: true))
    #expect(results(machine) == [0])
    #expect(machine.partition.undelivered == 1)
    guard case .requested(.paravirtual, _, let route)? = machine.events.first(where: { $0.kind == .requested })?.body
    else {
      Issue.record("no request")
      return
    }
    #expect(route.reason == .noSuchID)
  }

  @Test func `a merged interrupt counts as delivered, one that is turned down does not`() throws {
    let toSelf = Self.call(10, 1, 0, 0, 0x4041)
    let illegal = Self.call(10, 1, 0, 0, 0x4005)
    #expect(try results(run(toSelf + toSelf + illegal)) == [1, 1, 0])
  }

  @Test(
    arguments: [
      // A logical destination, a shorthand; a call there is none of, one of KVM's that is not offered.
      (10, 0x4841, -22), (10, 0x4_4041, -22), (0, 0, -1000), (99, 0, -1000), (9, 0, -1000), (0x1_0000_000A, 0, -1000),
    ] as [(UInt64, UInt64, Int64)])
  func `what cannot be done is an error and nothing else`(number: UInt64, icr: UInt64, expected: Int64) throws {
    // RAX + 1000 is sent: it is the whole of it that counts.
    let machine = try run(
      Self.call(number, 1, 0, 0, icr) + [0x48, 0x05] + Code.little(Int32(1000)) + [0x66, 0xBA, 0xF8, 0x03, 0xEE])
    #expect(results(machine) == [expected])
    #expect(machine.recorder.output == [UInt8(truncatingIfNeeded: expected + 1000)])
    #expect(!machine.events.contains { $0.kind == .requested })
  }

  @Test func `once GUEST_OS_ID is written the calls are Hyper-V's`() throws {
    let machine = try run(Code.wrmsr(0x4000_0000, 1) + Self.call(10, 1, 0, 0, Self.nmi), vtls: 2)
    #expect(results(machine) == [])
    #expect(!machine.events.contains { $0.kind == .requested })
  }

  // MARK: - Groups

  /// VTL1 is enabled on VP 0, then GUEST_OS_ID is taken back, and VTL1 calls.
  private func secureCall(_ secure: [UInt8], main: [UInt8] = [], _ groups: GroupEncoding) throws -> MachineRun {
    let guest = CodeGuest(
      main: Code.prologue + Code.enableVTL1 + Code.wrmsr(0x4000_0000, 0) + main + Code.spin,
      secure: secure + Code.spin,
      handlers: [2: Code.iretq])
    let machine = try MachineRun(guest, vps: 3) { $0.groupEncoding = groups }
    machine.run(for: .microseconds(20))
    if try !machine.context(0, 1).isActive { machine.perform(.switchVTL(VPIndex(0), to: .vtl1)) }
    machine.run(for: .microseconds(20))
    return machine
  }

  @Test func `a call from VTL1 reaches the local APICs of VTL1`() throws {
    let machine = try secureCall(Self.call(10, 0b111, 0, 0, Self.nmi), .explicit)
    #expect(accepted(machine.events) == [ContextID(0, 1)])
    #expect(results(machine) == [1])
  }

  /// Bug B13: the number indexes the map of all vCPUs, where VTL1's have group bits.
  @Test func `with the group in the APIC ID, as posted, it lands in VTL0`() throws {
    let machine = try secureCall(Self.call(10, 0b110, 0, 0, Self.nmi), .rfc2023(bits: 24))
    #expect(accepted(machine.events) == [ContextID(1, 0), ContextID(2, 0)])
    #expect(results(machine) == [2])
  }

  @Test func `and VTL0 reaches VTL1 by group bits of its own`() throws {
    let machine = try secureCall([], main: Self.call(10, 0b1, 0, 0x100, Self.nmi), .rfc2023(bits: 24))
    #expect(accepted(machine.events) == [ContextID(0, 1)])
  }

  // MARK: - Kicks and yields

  @Test func `a kick that comes before HLT makes it none, even with interrupts disabled`() throws {
    let main = Self.call(5, 0, 0) + Code.hlt + Code.transmit(0x4B) + Code.hlt + Code.transmit(0x21)
    let machine = try run(main)
    #expect(machine.recorder.text == "K")
    #expect(try machine.context(0, 0).activity == .halted)
    #expect(sleeps(machine.events) == [.halted, .woke, .halted])
    #expect(results(machine) == [0])
  }

  @Test func `who is halted goes on`() throws {
    // Two HLTs for VP 1 at 8000h; INIT and SIPI; a wait for the first of them; a kick.
    let wait = (0..<20).flatMap { _ in Code.pause }
    let main =
      Code.store(0xFEEB_F4F4, at: 0x8000) + Code.store(0xC4500, at: 0xFEE0_0300) + Code.store(0xC4608, at: 0xFEE0_0300)
      + wait + Self.call(5, 0, 1)
    let machine = try run(main, vps: 2)
    let other = machine.events.filter { $0.context == ContextID(1, 0) }
    #expect(sleeps(other) == [.halted, .woke, .halted])
    let kick = try #require(other.first { $0.body == .accepted(VectorNumber(0), .reserved3, .pending) })
    #expect(
      machine.events.contains { event in
        guard case .requested(.paravirtual, _, let route) = event.body else { return false }
        return event.journey == kick.journey && route.firstTarget == ContextID(1, 0)
      })
    #expect(try machine.context(1, 0).activity == .halted)
  }

  @Test func `a kick for nobody is logged with its reason`() throws {
    let machine = try run(Self.call(5, 0, 77))
    #expect(results(machine) == [0])
    #expect(machine.partition.undelivered == 1)
  }

  @Test func `a yield gives the processor to whom it names`() throws {
    // VPs 1 and 2 spin at 8000h.
    let main =
      Code.store(0xFEEB, at: 0x8000) + Code.store(0xC4500, at: 0xFEE0_0300) + Code.store(0xC4608, at: 0xFEE0_0300)
      + (0..<20).flatMap { _ in Code.pause } + Self.call(11, 2) + Self.call(11, 0) + Self.call(11, 99)
    let machine = try MachineRun(CodeGuest(main: Code.prologue + main + Code.spin), vps: 3, vtls: 1)
    var seen = machine.events.count
    var cursors: [Int] = []
    while machine.partition.clock < .microseconds(200) {
      _ = machine.partition.advance(slices: 1)
      if machine.events[seen...].contains(where: { $0.kind == .paravirtualCall }) {
        cursors.append(machine.partition.cursor)
      }
      seen = machine.events.count
    }
    let calls = machine.events.compactMap { event -> ContextID?? in
      if case .paravirtualCall(11, 0, let target) = event.body { target } else { nil }
    }
    #expect(calls == [ContextID(2, 0), ContextID(0, 0), nil])
    // VP 2 is next, not VP 1; the caller itself and nobody are no reason to stop.
    #expect(cursors.first == 2)
  }

  @Test func `CPUID names KVM at 40000100h, Hyper-V stays where it is, and the features are those there are`() {
    let asker = CPUIDTable.Asker(
      initialID: ApicID(0), vpCount: 1, isAPICEnabled: true, features: .all, controls: [], enabledState: 1)
    let signature = CPUIDTable.leaf(0x4000_0100, 0, asker)
    let name = [signature.b, signature.c, signature.d].flatMap { Code.little($0) }
    #expect(String(decoding: name, as: UTF8.self) == "KVMKVMKVM\0\0\0")
    #expect(signature.a == 0x4000_0101)
    // PV EOI 6, PV unhalt 7, PV send IPI 11, PV sched yield 13.
    #expect(CPUIDTable.leaf(0x4000_0101, 0, asker) == CPUIDTable.Leaf(a: 1 << 6 | 1 << 7 | 1 << 11 | 1 << 13))
    #expect(CPUIDTable.leaf(0x4000_0102, 0, asker) == CPUIDTable.Leaf())
  }
}
