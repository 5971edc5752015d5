import Architecture
import HyperV
import Journal
import Testing

/// HvCallInstallIntercept and its message (TLFS).
@Suite struct PortInterceptTests {
  private func install(
    _ guest: inout TestGuest, mask: UInt32 = 3, type: UInt32 = 0, parameter: UInt64 = 0xCFC, partition: UInt64 = .max
  ) -> HypercallOutcome {
    let input = littleEndian(partition) + littleEndian(mask) + littleEndian(type) + littleEndian(parameter)
    return guest.call(HypercallInput(HypercallCode(rawValue: 0x4D)), input)
  }

  @Test func `who may ask, and for what`() {
    var guest = TestGuest.withVTL1()
    #expect(install(&guest).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(install(&guest, partition: 1).status.rawValue == 0x06)
    // An execute bit, a bit that is none, and every other type there is.
    #expect(install(&guest, mask: 4).status.rawValue == 0x05)
    #expect(install(&guest, mask: 0x10).status.rawValue == 0x05)
    for type: UInt32 in 1...0x13 { #expect(install(&guest, type: type).status.rawValue == 0x05) }
    #expect(guest.partition.vtls[.vtl1].portIntercepts.isEmpty)
    let outcome = install(&guest)
    #expect(outcome.status == .success)
    #expect(outcome.effects == [.portIntercepts])
    #expect(outcome.summary.argument == 0xCFC && outcome.summary.value == 3)
  }

  @Test func `without virtual secure mode there is no such hypercall for anybody`() {
    var guest = TestGuest(maximumVTL: .vtl0)
    #expect(install(&guest).status.rawValue == 0x06)
  }

  @Test func `reads and writes apart, all ports of an access, and none any more`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    _ = install(&guest, mask: 2)
    guest.enter(.vtl0)
    func owner(_ port: UInt16, _ size: Int, isWrite: Bool) -> VTL? {
      guest.partition.portInterceptor(on: VPIndex(0), port, size: size, isWrite: isWrite)
    }
    #expect(owner(0xCFC, 1, isWrite: true) == .vtl1)
    #expect(owner(0xCFC, 1, isWrite: false) == nil)
    #expect(owner(0xCF9, 4, isWrite: true) == .vtl1)
    #expect(owner(0xCF8, 4, isWrite: true) == nil)
    #expect(owner(0xCFD, 4, isWrite: true) == nil)
    #expect(guest.partition.portInterceptors(on: VPIndex(0)).rawValue == 2)
    // VTL1 is not stopped itself, and where it is not enabled nobody is.
    #expect(guest.partition.portInterceptors(on: VPIndex(1)) == .empty)
    guest.enter(.vtl1)
    #expect(guest.partition.portInterceptors(on: VPIndex(0)) == .empty)
    _ = install(&guest, mask: 0)
    #expect(guest.partition.vtls[.vtl1].portIntercepts.isEmpty)
  }

  @Test func `the last port does not go on beyond itself`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    _ = install(&guest, parameter: 0xFFFF)
    _ = install(&guest, parameter: 0x0001)
    guest.enter(.vtl0)
    #expect(guest.partition.portInterceptor(on: VPIndex(0), 0xFFFE, size: 4, isWrite: false) == .vtl1)
    #expect(guest.partition.portInterceptor(on: VPIndex(0), 2, size: 4, isWrite: false) == nil)
  }

  @Test func `the bytes of a port intercept`() {
    let header = InterceptHeader(
      context: ContextID(1, 0), instructionLength: 2, cr8: 0, access: 1,
      state: InterceptState(
        cpl: 0, cr0: 1, efer: 0, dr7: 0x401, isInterruptionPending: false, hasInterruptShadow: false),
      cs: 0, rip: 0, rflags: 2)
    let message = PortInterceptMessage(
      header: header, access: PortAccess(port: 0xCFC, size: 4, isWrite: true, isString: true, isRepeated: true),
      instruction: [0xF3, 0x6F], ds: 0x2222 << 96 | 0x1111, es: 0x4444 << 96 | 0x3333, rax: 0xA, rcx: 0xC, rsi: 0x51,
      rdi: 0xD1)
    let bytes = message.payload
    #expect(PortInterceptMessage.type == 0x8001_0000)
    #expect(bytes.count == 0x80)
    // PE, and a breakpoint enabled.
    #expect(bytes[4...7] == [2, 1, 0x24, 0])
    #expect(bytes[0x28...0x2F] == [0xFC, 0x0C, 0x1C, 2, 0, 0, 0, 0])
    #expect(bytes.uint64(at: 0x30) == 0xA)
    #expect(bytes[0x38...0x3A] == [0xF3, 0x6F, 0])
    #expect(bytes.uint64(at: 0x48) == 0x1111 && bytes.uint64(at: 0x50) == 0x2222_0000_0000)
    #expect(bytes.uint64(at: 0x58) == 0x3333 && bytes.uint64(at: 0x60) == 0x4444_0000_0000)
    #expect(bytes.uint64(at: 0x68) == 0xC)
    #expect(bytes.uint64(at: 0x70) == 0x51)
    #expect(bytes.uint64(at: 0x78) == 0xD1)
  }
}
