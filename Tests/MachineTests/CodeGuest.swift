import Architecture
import Journal
import Machine

/// A guest of a few bytes of machine code, with an IDT, and all that VTL1 needs to be enabled.
///
/// It enters `main` on VP 0 as every ELF64 guest does: 64-bit mode, memory mapped to itself, IF = 0. The other VPs
/// wait for a SIPI. What it consists of lies at fixed addresses.
struct CodeGuest {
  var main: [UInt8]
  /// VTL1's code, entered by the first switch.
  var secure: [UInt8] = Code.vtlReturn + Code.jump(-Code.vtlReturn.count - 2)
  /// The code of the other VPs, entered by `Code.startProcessor` with the tables of VP 0 and a stack of their own.
  var others: [UInt8] = Code.loop(Code.hlt)
  /// The handlers that are not the plain one, at most 64 bytes each. Vectors below 32 have no other.
  var handlers: [UInt8: [UInt8]] = [:]
  /// Vectors with a trap gate, which leaves IF as it is, and the stack IST1.
  var trapVectors: Set<UInt8> = []
  var interruptStack: UInt64 = 0
  /// What the VINA register is set to by `Code.setNotification`.
  var notification: UInt64 = 0

  static var mainAt: UInt64 { 0x10_0000 }
  static var secureAt: UInt64 { 0x11_0000 }
  static var tableAt: UInt64 { 0x11_1000 }
  static var parametersAt: UInt64 { 0x11_2000 }
  static var assistPageAt: UInt64 { 0x11_3000 }
  static var handlersAt: UInt64 { 0x11_4000 }
  static var othersAt: UInt64 { 0x11_8000 }
  static var secureStackAt: UInt64 { 0x15_0000 }
  /// The stack of VP n ends at n times 4000h above.
  static var otherStacksAt: UInt64 { 0x16_0000 }
  /// The input of HvCallStartVirtualProcessor for VP n is n times 100h behind.
  static var startInputsAt: UInt64 { parametersAt + 0x400 }
  static var otherLimit: Int { 4 }
  static var memoryBytes: UInt64 { 2 << 20 }
  /// The loader's page tables, and its GDT, where selector 8 is 64-bit code.
  private static var pageTablesAt: UInt64 { memoryBytes - 0x4_0000 }

  var image: ELFImage {
    get throws {
      var bytes = [UInt8](repeating: 0, count: 0x1_9000)
      func put(_ data: [UInt8], at address: UInt64) {
        let start = Int(address - Self.mainAt)
        bytes.replaceSubrange(start..<start + data.count, with: data)
      }
      put(main, at: Self.mainAt)
      put(secure, at: Self.secureAt)
      for vector in UInt8.min...UInt8.max {
        guard let handler = handlers[vector] ?? (vector < 32 ? nil : Code.endOfInterruptHandler) else { continue }
        let address = Self.handlersAt + UInt64(vector) * 64
        put(handler, at: address)
        let isTrap = trapVectors.contains(vector)
        let gate = address & 0xFFFF | 8 << 16 | (isTrap ? 0x8F01 : 0x8E00) << 32 | (address >> 16) << 48
        put(little(gate), at: Self.tableAt + UInt64(vector) * 16)
      }
      put(little(UInt16(0xFFF)) + little(Self.tableAt), at: Self.parametersAt)
      put(enableInput, at: Self.parametersAt + 0x100)
      put(others, at: Self.othersAt)
      for vp in 1...Self.otherLimit { put(startInput(vp), at: Self.startInputsAt + UInt64(vp) * 0x100) }
      // HvCallSetVpRegisters: partition, VP, VTL; register name, value.
      put(
        little(UInt64.max) + little(UInt32(0xFFFF_FFFE)) + little(UInt32(0)) + little(UInt64(0xD0005))
          + little(UInt64(0)) + little(notification), at: Self.parametersAt + 0x200)
      put(little(interruptStack), at: Self.parametersAt + 0x300 + 0x24)
      var sample = SampleELF()
      sample.code = bytes
      sample.memorySize = UInt64(bytes.count)
      return try ELFImage(sample.bytes)
    }
  }

  /// HvCallEnableVpVtl: this VP, VTL1.
  private var enableInput: [UInt8] {
    little(UInt64.max) + little(UInt32(0xFFFF_FFFE)) + [1, 0, 0, 0]
      + context(rip: Self.secureAt, rsp: Self.secureStackAt).bytes
  }

  /// HvCallStartVirtualProcessor: VTL0 of a VP.
  private func startInput(_ vp: Int) -> [UInt8] {
    little(UInt64.max) + little(UInt32(vp)) + [0, 0, 0, 0]
      + context(rip: Self.othersAt, rsp: Self.otherStacksAt + UInt64(vp) * 0x4000).bytes
  }

  /// Flat 64-bit segments and the tables of VTL0.
  private func context(rip: UInt64, rsp: UInt64) -> InitialVPContext {
    let data = HyperVSegment(limit: .max, selector: 16, attributes: 0xC093)
    var context = InitialVPContext()
    context.rip = rip
    context.rsp = rsp
    context.cs = HyperVSegment(limit: .max, selector: 8, attributes: 0xA09B)
    (context.ds, context.es, context.fs, context.gs, context.ss) = (data, data, data, data, data)
    context.tr = HyperVSegment(base: Self.parametersAt + 0x300, limit: 0x67, selector: 24, attributes: 0x8B)
    context.ldtr = HyperVSegment(limit: 0xFFFF, attributes: 0x82)
    context.idtr = HyperVTable(base: Self.tableAt, limit: 0xFFF)
    context.gdtr = HyperVTable(base: Self.pageTablesAt + 0x6000, limit: 23)
    context.efer = 0x500
    context.cr0 = 0x8000_0011
    context.cr3 = Self.pageTablesAt
    context.cr4 = 0x20
    context.pat = 0x0007_0406_0007_0406
    return context
  }

  private func little(_ value: some FixedWidthInteger) -> [UInt8] { Code.little(value) }
}

/// Instructions, by what they do.
enum Code {
  static let nop: [UInt8] = [0x90]
  static let pause: [UInt8] = [0xF3, 0x90]
  static let sti: [UInt8] = [0xFB]
  static let cli: [UInt8] = [0xFA]
  static let hlt: [UInt8] = [0xF4]
  static let undefined: [UInt8] = [0x0F, 0x0B]
  static let iretq: [UInt8] = [0x48, 0xCF]
  static let vmcall: [UInt8] = [0x0F, 0x01, 0xC1]
  /// JMP to itself.
  static let spin = jump(-2)

  static func jump(_ distance: Int) -> [UInt8] { [0xEB, UInt8(bitPattern: Int8(distance))] }
  /// `body` for ever.
  static func loop(_ body: [UInt8]) -> [UInt8] { body + [0xE9] + little(Int32(-body.count - 5)) }

  static func set(_ register: GeneralRegister, _ value: UInt64) -> [UInt8] {
    [0x48 | register.rawValue >> 3, 0xB8 | register.rawValue & 7] + little(value)
  }
  /// A 4-byte store, by EAX.
  static func store(_ value: UInt32, at address: UInt32) -> [UInt8] {
    [0xB8] + little(address) + [0xC7, 0x00] + little(value)
  }
  static func wrmsr(_ msr: UInt32, _ value: UInt64) -> [UInt8] {
    [0xB9] + little(msr) + [0xB8] + little(UInt32(truncatingIfNeeded: value)) + [0xBA]
      + little(UInt32(truncatingIfNeeded: value >> 32)) + [0x0F, 0x30]
  }
  static func rdmsr(_ msr: UInt32) -> [UInt8] { [0xB9] + little(msr) + [0x0F, 0x32] }
  /// MOV CR8: the task-priority class.
  static func setTaskPriorityClass(_ value: UInt64) -> [UInt8] { set(.rax, value) + [0x44, 0x0F, 0x22, 0xC0] }
  static func out(_ port: UInt16, _ value: UInt32) -> [UInt8] {
    [0xBA] + little(UInt32(port)) + [0xB8] + little(value) + [0xEF]
  }
  static func input(_ port: UInt16) -> [UInt8] { [0xBA] + little(UInt32(port)) + [0xED] }
  /// A byte to COM1.
  static func transmit(_ byte: UInt8) -> [UInt8] { [0x66, 0xBA, 0xF8, 0x03, 0xB0, byte, 0xEE] }
  /// The low byte of R12 to COM1, by RAX and RDX.
  static let transmitR12: [UInt8] = [0x4C, 0x89, 0xE0, 0x66, 0xBA, 0xF8, 0x03, 0xEE]
  /// The byte at an address to COM1.
  static func transmit(at address: UInt32) -> [UInt8] {
    [0xB8] + little(address) + [0x8A, 0x00, 0x66, 0xBA, 0xF8, 0x03, 0xEE]
  }

  static func hypercall(_ control: UInt64, _ input: UInt64, _ output: UInt64) -> [UInt8] {
    set(.rcx, control) + set(.rdx, input) + set(.r8, output) + vmcall
  }
  /// LIDT, and the local APIC software-enabled: SVR = 1FFh.
  static let prologue: [UInt8] =
    [0x0F, 0x01, 0x1C, 0x25] + little(UInt32(CodeGuest.parametersAt)) + store(0x1FF, at: 0xFEE0_00F0)
  /// GUEST_OS_ID, HvCallEnablePartitionVtl, HvCallEnableVpVtl. Only then VTL1 can be switched to.
  static let enableVTL1 =
    wrmsr(0x4000_0000, 1) + hypercall(0x1_000D, .max, 1) + hypercall(0xF, CodeGuest.parametersAt + 0x100, 0)
  /// Starts VP `vp`, 1...4, in `CodeGuest.others`. GUEST_OS_ID must have been written.
  static func startProcessor(_ vp: Int) -> [UInt8] {
    hypercall(0x99, CodeGuest.startInputsAt + UInt64(vp) * 0x100, 0)
  }
  static let vtlCall = set(.rcx, 0x11) + set(.rax, 0) + vmcall
  /// A fast VTL return.
  static let vtlReturn = set(.rcx, 0x12) + set(.rax, 1) + vmcall
  /// Sets the VINA register of the VTL that executes it to `CodeGuest.notification`.
  static let setNotification = hypercall(0x1_0000_0051, CodeGuest.parametersAt + 0x200, 0)
  static let enableAssistPage = wrmsr(0x4000_0073, CodeGuest.assistPageAt | 1)

  /// PUSH RAX, a write to EOI, POP RAX, IRETQ.
  static let endOfInterruptHandler = [0x50] + store(0, at: 0xFEE0_00B0) + [0x58] + iretq
  /// For faults: IRETQ to `length` bytes further.
  static func skip(_ length: UInt8, hasErrorCode: Bool) -> [UInt8] {
    hasErrorCode
      ? [0x48, 0x83, 0x44, 0x24, 0x08, length, 0x48, 0x83, 0xC4, 0x08] + iretq
      : [0x48, 0x83, 0x04, 0x24, length] + iretq
  }

  static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
