import Architecture
import Interpreter
import Memory
import Testing

/// 32-bit protected mode without paging: flat code (8) and data (10h), the test's descriptors from 20h on, a TSS at 7000h
/// (18h), and interrupt gates to HLTs of their own at 6000h + vector x 16.
private final class Protected {
  let box: Sandbox

  init(_ descriptors: [UInt64] = []) throws {
    box = try Sandbox()
    let table: [UInt64] = [0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x0000_8900_7000_0067] + descriptors
    for (i, value) in table.enumerated() { box.memory.store64(value, at: GPA(0x4000 + UInt64(i) * 8)) }
    for vector in UInt64(0)..<256 {
      let offset = 0x6000 + vector * 16
      box.memory.store64(0x0000_8E00_0008_0000 | offset, at: GPA(0x5000 + vector * 8))
      box.memory.write([0xF4], at: GPA(offset))
    }
    var state = PrivateState.protectedMode(rip: Sandbox.code, rsp: Sandbox.stack)
    state.gdtr = TableRegister(base: 0x4000, limit: UInt16(table.count * 8 - 1))
    state.idtr = TableRegister(base: 0x5000, limit: 2047)
    state.tr = SegmentRegister(selector: 0x18, base: 0x7000, limit: 0x67, attributes: 0x8B)
    box.vp.privateState = state
  }

  /// The fault of the bytes, or nil when they came to their HLT.
  func fault(_ bytes: [UInt8]) -> Fault? {
    let before = box.vp.exceptionCount
    box.run(bytes)
    return box.vp.exceptionCount == before ? nil : box.vp.lastException.fault
  }

  func set(_ change: (inout PrivateState) -> Void) {
    var state = box.vp.privateState
    change(&state)
    box.vp.privateState = state
  }

  /// CPL 3 on flat segments of index 4 (code) and 5 (data).
  func dropToUser() {
    set {
      $0.cs = SegmentRegister(selector: 0x23, limit: .max, attributes: 0xC0FB)
      $0.ss = SegmentRegister(selector: 0x2B, limit: .max, attributes: 0xC0F3)
      ($0.ds, $0.es) = ($0.ss, $0.ss)
    }
    box.memory.store32(0xB000, at: GPA(0x7004))
    box.memory.store32(0x10, at: GPA(0x7008))
  }
  static var user: [UInt64] { [0x00CF_FB00_0000_FFFF, 0x00CF_F300_0000_FFFF] }
}

// mov ax, 20h; mov ds, ax
private let loadDS: [UInt8] = [0x66, 0xB8, 0x20, 0, 0x8E, 0xD8]

@Test func `A segment's limit is the last byte that can be reached`() throws {
  // Base 20000000h, limit FFFh, writable data.
  let small: UInt64 = 0x2000_9300_0000_0FFF
  let p = try Protected([small])
  #expect(p.fault(loadDS + [0xA1, 0xFC, 0x0F, 0, 0]) == nil)
  #expect(p.fault(loadDS + [0xA1, 0xFD, 0x0F, 0, 0]) == .generalProtection())
  #expect(p.fault(loadDS + [0xA0, 0xFF, 0x0F, 0, 0]) == nil)
  #expect(p.fault(loadDS + [0xC6, 0x05, 0x00, 0x10, 0, 0, 1]) == .generalProtection())
}

@Test func `Expand-down data is above its limit, and stacks fault with #SS`() throws {
  let down: UInt64 = 0x2040_9700_0000_0FFF
  let p = try Protected([down])
  #expect(p.fault(loadDS + [0xA0, 0xFF, 0x0F, 0, 0]) == .generalProtection())
  #expect(p.fault(loadDS + [0xA0, 0x00, 0x10, 0, 0]) == nil)
  // mov ax, 20h; mov ss, ax; mov esp, 1002h; push eax
  #expect(p.fault([0x66, 0xB8, 0x20, 0, 0x8E, 0xD0, 0xBC, 2, 0x10, 0, 0, 0x50]) == .doubleFault)
}

@Test func `Types are checked: no writes to read-only data or code, no reads of execute-only code`() throws {
  let readOnly: UInt64 = 0x20CF_9100_0000_FFFF
  let p = try Protected([readOnly, 0x20CF_9900_0000_FFFF, 0x20CF_9B00_0000_FFFF])
  #expect(p.fault(loadDS + [0xA0, 0, 0, 0, 0]) == nil)
  #expect(p.fault(loadDS + [0xA2, 0, 0, 0, 0]) == .generalProtection())
  #expect(p.fault(loadDS + [0xFE, 0x05, 0, 0, 0, 0]) == .generalProtection())
  // mov ax, 28h; mov ds, ax: execute-only code is no data segment. 30h: readable code is.
  #expect(p.fault([0x66, 0xB8, 0x28, 0, 0x8E, 0xD8]) == .generalProtection(0x28))
  #expect(p.fault([0x66, 0xB8, 0x30, 0, 0x8E, 0xD8, 0xA0, 0, 0, 0, 0]) == nil)
  #expect(p.fault([0x66, 0xB8, 0x30, 0, 0x8E, 0xD8, 0xA2, 0, 0, 0, 0]) == .generalProtection())
  // SS wants writable data.
  #expect(p.fault([0x66, 0xB8, 0x20, 0, 0x8E, 0xD0]) == .generalProtection(0x20))
}

@Test func `A null selector can be loaded and not be used`() throws {
  let p = try Protected()
  #expect(p.fault([0x31, 0xC0, 0x8E, 0xD8]) == nil)
  #expect(p.fault([0x31, 0xC0, 0x8E, 0xD8, 0xA0, 0, 0, 0, 0]) == .generalProtection())
  #expect(p.fault([0x31, 0xC0, 0x8E, 0xD0]) == .generalProtection())
  // Not present: #NP, and #SS for SS.
  let absent = try Protected([0x00CF_1300_0000_FFFF])
  #expect(absent.fault(loadDS) == .segmentNotPresent(0x20))
  #expect(absent.fault([0x66, 0xB8, 0x20, 0, 0x8E, 0xD0]) == .stackSegment(0x20))
}

@Test func `Code runs up to its segment's limit, and a branch beyond it faults where it is`() throws {
  let p = try Protected()
  p.set { $0.cs.limit = UInt32(Sandbox.code) + 3 }
  // nop; nop; mov al, 1: its immediate is the byte behind the limit minus 1
  #expect(p.fault([0x90, 0x90, 0xB0, 1, 0x90]) == .generalProtection())
  #expect(p.box.vp.lastException.rip == Sandbox.code + 4)
  p.set {
    $0.cs = .code32(8); $0.cs.limit = UInt32(Sandbox.code) + 2
  }
  #expect(p.fault([0x90, 0x90, 0xB0, 1, 0x90]) == .generalProtection())
  #expect(p.box.vp.lastException.rip == Sandbox.code + 2)
  p.set {
    $0.cs = .code32(8); $0.cs.limit = UInt32(Sandbox.code) + 0xFF
  }
  #expect(p.fault([0x90, 0xE9, 0, 1, 0, 0]) == .generalProtection())
  #expect(p.box.vp.lastException.rip == Sandbox.code + 1)
}

@Test func `In 64-bit mode a relative branch out of the canonical addresses faults where it is`() throws {
  let box = try Sandbox()
  box.installTables()
  // The last page below the hole.
  box.memory.store64(0x2003, at: GPA(0x1000 + 255 * 8))
  box.memory.store64(0x3003, at: GPA(0x2000 + 511 * 8))
  box.memory.store64(0x83, at: GPA(0x3000 + 511 * 8))
  let page: UInt64 = 0x1F_F000
  box.load([0xE9, 0x00, 0x10, 0, 0], at: page)
  box.vp.rip = 0x7FFF_FFFF_F000
  _ = box.go()
  #expect(box.vp.lastException.fault == .generalProtection())
  #expect(box.vp.lastException.rip == 0x7FFF_FFFF_F000)
  // CALL pushes nothing then.
  box.load([0xE8, 0x00, 0x10, 0, 0], at: page)
  box.vp.rip = 0x7FFF_FFFF_F000
  box.vp[.rsp] = Sandbox.stack
  box.memory.store64(7, at: GPA(Sandbox.stack - 8))
  box.setGate(13, offset: 0x60D0, stackTable: 1)
  box.memory.store64(0xB000, at: GPA(0x7024))
  _ = box.go()
  #expect(box.vp.lastException.rip == 0x7FFF_FFFF_F000)
  #expect(box.memory.load64(GPA(Sandbox.stack - 8)) == 7)
}

@Test func `LTR sets the busy bit, and takes no busy task`() throws {
  let p = try Protected([0x0000_8900_8000_0067])
  #expect(p.fault([0x66, 0xB8, 0x20, 0, 0x0F, 0x00, 0xD8]) == nil)
  #expect(p.box.memory.load64(GPA(0x4020)) == 0x0000_8B00_8000_0067)
  #expect(p.box.vp.privateState.tr.base == 0x8000)
  #expect(p.fault([0x66, 0xB8, 0x20, 0, 0x0F, 0x00, 0xD8]) == .generalProtection(0x20))
}

@Test func `Faults on the way of an exception have the external bit, those of INT n have not`() throws {
  let p = try Protected()
  p.box.memory.store64(0, at: GPA(0x5000 + 6 * 8))
  #expect(p.fault([0x0F, 0x0B]) == .generalProtection(6 << 3 | 3))
  p.box.memory.store64(0, at: GPA(0x5000 + 0x30 * 8))
  #expect(p.fault([0xCD, 0x30]) == .generalProtection(0x30 << 3 | 2))
  // A TSS too short for the stack of CPL 0: #TS with its selector.
  let user = try Protected(Protected.user)
  user.dropToUser()
  user.set { $0.tr.limit = 8 }
  #expect(user.fault([0x0F, 0x0B]) == .doubleFault || user.box.vp.isShutdown)
  let soft = try Protected(Protected.user)
  soft.dropToUser()
  soft.box.memory.store64(0x0000_EE00_0008_6300, at: GPA(0x5000 + 0x30 * 8))
  soft.set { $0.tr.limit = 8 }
  soft.box.load([0xCD, 0x30, 0xF4])
  soft.box.vp.rip = Sandbox.code
  #expect(soft.box.interpreter.run(soft.box.vp, ticks: 10) == .shutdown)
}

@Test func `An inner handler gets the stack of the TSS, and IRET goes back out`() throws {
  let p = try Protected(Protected.user)
  p.dropToUser()
  p.box.memory.store64(0x0000_EE00_0008_6300, at: GPA(0x5000 + 0x30 * 8))
  p.box.memory.write([0xFF, 0xC1, 0xCF], at: GPA(0x6300))  // inc ecx; iret
  p.box.vp[.rcx] = 1
  #expect(p.fault([0xCD, 0x30, 0xFF, 0xC1]) == .generalProtection())  // the HLT at CPL 3
  #expect(p.box.vp[.rcx] == 3)
  #expect(p.box.vp.lastException.rip == Sandbox.code + 4)
  // The frame of that #GP: error code, EIP, CS, EFLAGS, ESP, SS.
  #expect(p.box.vp[.rsp] == 0xB000 - 24)
  #expect(p.box.memory.load32(GPA(0xB000 - 16)) == 0x23)
  #expect(p.box.memory.load32(GPA(0xB000 - 4)) == 0x2B)
}

@Test func `A call gate leads inward with its parameters, and RET back out`() throws {
  // 30h: a gate of DPL 3 with two parameters to 8:6300h.
  let p = try Protected(Protected.user + [0x0000_EC02_0008_6300])
  p.dropToUser()
  p.box.memory.write([0x8B, 0x44, 0x24, 0x08, 0xCA, 0x08, 0x00], at: GPA(0x6300))  // mov eax, [esp+8]; retf 8
  // push 7; push 9; call 30h:0
  #expect(p.fault([0x6A, 7, 0x6A, 9, 0x9A, 0, 0, 0, 0, 0x33, 0]) == .generalProtection())
  #expect(p.box.vp[.rax] == 9)
  #expect(p.box.vp.lastException.rip == Sandbox.code + 11)
  #expect(p.box.memory.load32(GPA(0xB000 - 8)) == UInt32(Sandbox.stack))
}

@Test func `Real mode wraps nothing: an access that passes the limit faults`() throws {
  let box = try Sandbox()
  box.vp.reset(.powerOn)
  box.vp.start(vector: VectorNumber(rawValue: 0x10))
  for vector in UInt64(0)..<32 { box.memory.store32(UInt32(0x6000 + vector * 16), at: GPA(vector * 4)) }
  for vector in UInt64(0)..<32 { box.memory.write([0xF4], at: GPA(0x6000 + vector * 16)) }
  var state = box.vp.privateState
  state.rsp = 0x8000
  box.vp.privateState = state
  box.load([0x8B, 0x0E, 0xFF, 0xFF, 0xF4])  // mov cx, [ffffh]
  _ = box.go()
  #expect(box.vp.lastException.fault == .generalProtection())
  box.vp.rip = 0
  state = box.vp.privateState
  (state.cs, state.rip) = (.real(0x1000, code: true), 0)
  box.vp.privateState = state
  box.load([0x67, 0x66, 0x8B, 0x05, 0xFE, 0xFF, 0, 0, 0xF4])  // mov eax, [dword 0fffeh]
  _ = box.go()
  #expect(box.vp.lastException.fault == .generalProtection())
  #expect(box.vp.rip == 0x60D1)
}

@Test func `Unreal mode keeps the limit that protected mode left`() throws {
  let box = try Sandbox()
  box.vp.reset(.powerOn)
  box.vp.start(vector: VectorNumber(rawValue: 0x10))
  var state = box.vp.privateState
  state.fs = .data(0x10)
  state.rsp = 0x8000
  box.vp.privateState = state
  box.memory.store32(0x1234_5678, at: GPA(Sandbox.data))
  // mov ebx, 20000000h; mov eax, fs:[ebx]; xor cx, cx; mov fs, cx; mov edx, fs:[ebx]
  box.load([
    0x66, 0xBB, 0, 0, 0, 0x20, 0x64, 0x67, 0x66, 0x8B, 0x03, 0x31, 0xC9, 0x8E, 0xE1, 0x64, 0x67, 0x66, 0x8B, 0x13, 0xF4,
  ])
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 0x1234_5678)
  #expect(box.vp[.rdx] == 0x1234_5678)
}

@Test func `IRET to user mode keeps the base of a segment register it makes null`() throws {
  let box = try Sandbox()
  box.installTables()
  box.memory.store64(0x2007, at: GPA(0x1000))
  box.memory.store64(0x3007, at: GPA(0x2000))
  box.memory.store64(0x87, at: GPA(0x3000))
  box.memory.store64(0xB000, at: GPA(0x7004))
  var state = box.vp.privateState
  state.gs = .data(0x10)
  state.gs.base = 0x1_0000
  box.vp.privateState = state
  box.load([0x65, 0x48, 0x8B, 0x04, 0x25, 8, 0, 1, 0, 0xF4], at: 0x2_0000)  // mov rax, gs:[10008h]
  // push 23h; push 80000h; push 2; push 2bh; push 20000h; iretq
  #expect(
    box.run([0x6A, 0x23, 0x68, 0, 0, 8, 0, 0x6A, 2, 0x6A, 0x2B, 0x68, 0, 0, 2, 0, 0x48, 0xCF]) == .halted)
  #expect(box.vp.lastException.rip == 0x2_0009)
  #expect(box.vp.privateState.gs.selector == 0)
  #expect(box.vp.privateState.gs.base == 0x1_0000)
}
