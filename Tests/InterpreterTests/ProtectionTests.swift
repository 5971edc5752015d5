import Architecture
import Interpreter
import Memory
import Testing

/// User code at 20000h of a sandbox whose first 2 MiB anybody may use, with CPL 0's stack at B000h.
private func user(_ bytes: [UInt8], _ change: (inout PrivateState) -> Void = { _ in }) throws -> Sandbox {
  let box = try Sandbox()
  box.installTables()
  box.memory.store64(0x2007, at: GPA(0x1000))
  box.memory.store64(0x3007, at: GPA(0x2000))
  box.memory.store64(0x87, at: GPA(0x3000))
  box.memory.store64(0x2000_0087, at: GPA(0x3000 + 0x100 * 8))
  box.memory.store64(0xB000, at: GPA(0x7004))
  var state = box.vp.privateState
  state.cs = SegmentRegister(selector: 0x2B, limit: .max, attributes: 0xA0FB)
  state.ss = SegmentRegister(selector: 0x23, limit: .max, attributes: 0xC0F3)
  state.rip = 0x2_0000
  state.rsp = 0x3_0000
  change(&state)
  box.vp.privateState = state
  box.load(bytes, at: 0x2_0000)
  return box
}

@Test func `Unaligned data at CPL 3 with AC and AM is #AC`() throws {
  func fault(_ bytes: [UInt8], ac: Bool = true, am: Bool = true, address: UInt64) throws -> Fault {
    let box = try user(bytes + [0xF4]) {
      if am { $0.cr0 |= CR0.alignmentMask.rawValue }
      if ac { $0.rflags |= RFlags.alignmentCheck.rawValue }
    }
    box.vp[.rbx] = address
    _ = box.go()
    return box.vp.lastException.fault
  }
  let hlt = Fault.generalProtection()
  #expect(try fault([0x8B, 0x03], address: Sandbox.data + 2) == .alignmentCheck)
  #expect(try fault([0x66, 0x89, 0x03], address: Sandbox.data + 1) == .alignmentCheck)
  #expect(try fault([0x8B, 0x03], address: Sandbox.data + 4) == hlt)
  #expect(try fault([0x8A, 0x03], address: Sandbox.data + 1) == hlt)
  #expect(try fault([0x8B, 0x03], am: false, address: Sandbox.data + 2) == hlt)
  #expect(try fault([0x8B, 0x03], ac: false, address: Sandbox.data + 2) == hlt)
}

@Test func `UMIP keeps system registers from user mode`() throws {
  // sgdt, sidt, sldt, str, smsw
  for bytes: [UInt8] in [
    [0x0F, 0x01, 0x03], [0x0F, 0x01, 0x0B], [0x0F, 0x00, 0xC0], [0x0F, 0x00, 0xC8], [0x0F, 0x01, 0xE0],
  ] {
    for isOn in [false, true] {
      let box = try user(bytes + [0xF4]) {
        if isOn { $0.cr4 |= CR4.userModeInstructionPrevention.rawValue }
      }
      box.vp[.rbx] = Sandbox.data
      _ = box.go()
      #expect(box.vp.lastException.fault == .generalProtection())
      #expect(box.vp.lastException.rip == (isOn ? 0x2_0000 : 0x2_0000 + UInt64(bytes.count)))
    }
  }
}

@Test func `Protection keys deny user pages by PKRU`() throws {
  func run(_ bytes: [UInt8], pkru: UInt32, wp: Bool = true) throws -> Fault? {
    let box = try Sandbox()
    box.installTables()
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    // Key 5.
    box.memory.store64(0x2000_0087 | 5 << 59, at: GPA(0x3000 + 0x100 * 8))
    var state = box.vp.privateState
    state.cr4 |= CR4.protectionKeys.rawValue
    if !wp { state.cr0 &= ~CR0.writeProtect.rawValue }
    box.vp.privateState = state
    box.vp[.rsp] = 0x8_0000
    box.vp[.rbx] = Sandbox.data
    box.vp[.rax] = UInt64(pkru)
    // xor ecx, ecx; xor edx, edx; wrpkru
    box.run([0x31, 0xC9, 0x31, 0xD2, 0x0F, 0x01, 0xEF] + bytes)
    return box.vp.exceptionCount == 0 ? nil : box.vp.lastException.fault
  }
  #expect(try run([0x8B, 0x03, 0x89, 0x03], pkru: 0) == nil)
  #expect(try run([0x8B, 0x03], pkru: 1 << 10) == .page(Sandbox.data, errorCode: 0x21))
  #expect(try run([0x8B, 0x03, 0x89, 0x03], pkru: 2 << 10) == .page(Sandbox.data, errorCode: 0x23))
  #expect(try run([0x8B, 0x03, 0x89, 0x03], pkru: 2 << 10, wp: false) == nil)
  #expect(try run([0x8B, 0x03, 0x89, 0x03], pkru: ~(3 << 10)) == nil)
  // rdpkru
  #expect(try run([0x0F, 0x01, 0xEE, 0x3D, 7, 0, 0, 0, 0x74, 2, 0x0F, 0x0B], pkru: 7) == nil)
}

@Test func `PCID needs long mode and a clear context, and INVPCID a valid descriptor`() throws {
  let box = try Sandbox()
  box.installTables()
  func fault(_ bytes: [UInt8]) -> Fault? {
    let before = box.vp.exceptionCount
    box.run(bytes)
    return box.vp.exceptionCount == before ? nil : box.vp.lastException.fault
  }
  box.vp[.rbx] = Sandbox.data
  box.memory.store64(1, at: GPA(Sandbox.data))
  // mov ecx, type; invpcid rcx, [rbx]
  func invalidate(_ type: UInt8) -> Fault? { fault([0xB9, type, 0, 0, 0, 0x66, 0x0F, 0x38, 0x82, 0x0B]) }
  #expect(invalidate(0) == .generalProtection())
  #expect(invalidate(1) == .generalProtection())
  #expect(invalidate(2) == nil)
  #expect(invalidate(4) == .generalProtection())
  // mov rax, cr4; bts rax, 17; mov cr4, rax
  let enable: [UInt8] = [0x0F, 0x20, 0xE0, 0x48, 0x0F, 0xBA, 0xE8, 17, 0x0F, 0x22, 0xE0]
  // mov rax, cr3; or rax, 1; mov cr3, rax
  #expect(fault([0x0F, 0x20, 0xD8, 0x48, 0x83, 0xC8, 1, 0x0F, 0x22, 0xD8] + enable) == .generalProtection())
  #expect(fault([0x0F, 0x20, 0xD8, 0x48, 0x83, 0xE0, 0xFE, 0x0F, 0x22, 0xD8] + enable) == nil)
  #expect(invalidate(0) == nil)
  // mov rax, cr3; bts rax, 63; mov cr3, rax; mov rax, cr3
  let keep: [UInt8] = [0x0F, 0x20, 0xD8, 0x48, 0x0F, 0xBA, 0xE8, 63, 0x0F, 0x22, 0xD8, 0x0F, 0x20, 0xD8]
  #expect(fault(keep) == nil)
  #expect(box.vp[.rax] == 0x1000)
}

@Test func `Features that are hidden are not there`() throws {
  let box = try Sandbox(features: [])
  box.installTables()
  for bytes: [UInt8] in [
    [0xF3, 0x0F, 0xB8, 0xC1], [0x0F, 0x38, 0xF0, 0x03], [0x0F, 0x01, 0xF9], [0x0F, 0x05],
    [0x66, 0x0F, 0x38, 0x82, 0x0B], [0x0F, 0x01, 0xCB], [0x0F, 0x01, 0xEE], [0xF3, 0x0F, 0xC7, 0xF8],
    [0xC4, 0xE2, 0x68, 0xF2, 0xC8], [0x66, 0x0F, 0x38, 0xF6, 0xCA], [0x48, 0x0F, 0xC7, 0x0B],
  ] {
    box.run(bytes)
    #expect(box.vp.lastException.fault == .invalidOpcode)
    #expect(box.vp.lastException.rip == Sandbox.code)
  }
  box.vp[.rdx] = 8
  box.run([0xF3, 0x0F, 0xBC, 0xC2, 0xF3, 0x0F, 0xBD, 0xCA])  // TZCNT is BSF, LZCNT is BSR
  #expect(box.vp[.rax] == 3)
  #expect(box.vp[.rcx] == 3)
  // mov eax, cr4 with SMAP; mov cr4
  box.run([0x0F, 0x20, 0xE0, 0x0F, 0xBA, 0xE8, 21, 0x0F, 0x22, 0xE0])
  #expect(box.vp.lastException.fault == .generalProtection())
}

/// 32-bit protected mode with paging of a kind; code, data and tables are mapped one to one by the caller.
private func paged(cr4: CR4, cr3: UInt64, efer: EFER = [], _ fill: (GuestMemory) -> Void) throws -> Sandbox {
  let box = try Sandbox()
  fill(box.memory)
  var state = PrivateState.protectedMode(rip: Sandbox.code, rsp: 0x8_0000)
  state.cr0 |= CR0.paging.rawValue | CR0.writeProtect.rawValue
  (state.cr3, state.cr4, state.efer) = (cr3, cr4.rawValue, efer.rawValue)
  state.idtr = TableRegister(base: 0x5000, limit: 2047)
  state.gdtr = TableRegister(base: 0x4000, limit: 0x17)
  box.memory.store64(0x00CF_9B00_0000_FFFF, at: GPA(0x4008))
  for vector in UInt64(0)..<32 {
    box.memory.store64(0x0000_8E00_0008_6000 | vector * 16, at: GPA(0x5000 + vector * 8))
    box.memory.write([0xF4], at: GPA(0x6000 + vector * 16))
  }
  box.vp.privateState = state
  return box
}

@Test func `32-bit paging has 4 KiB pages and, with PSE, 4 MiB pages`() throws {
  let box = try paged(cr4: .pageSizeExtensions, cr3: 0x9000) { memory in
    memory.store32(0x83, at: GPA(0x9000))
    memory.store32(0x2000_0083, at: GPA(0x9000 + 0x100 * 4))
    memory.store32(0xA003, at: GPA(0x9000 + 0x101 * 4))
    memory.store32(0x2000_1001, at: GPA(0xA000 + 4))
    memory.store32(0x2000_0083 | 1 << 21, at: GPA(0x9000 + 0x102 * 4))
  }
  box.memory.store32(7, at: GPA(0x2000_0010))
  box.memory.store32(8, at: GPA(0x2000_1010))
  // mov eax, [40000010h]; mov ecx, [40401010h]
  box.run([0xA1, 0x10, 0, 0, 0x40, 0x8B, 0x0D, 0x10, 0x10, 0x40, 0x40])
  #expect(box.vp[.rax] == 7)
  #expect(box.vp[.rcx] == 8)
  #expect(box.memory.load32(GPA(0x9000 + 0x100 * 4)) == 0x2000_00A3)
  #expect(box.memory.load32(GPA(0xA004)) == 0x2000_1021)
  box.run([0xA3, 0x10, 0x10, 0x40, 0x40])
  #expect(box.vp.lastException.fault == .page(0x4040_1010, errorCode: 3))
  box.run([0xA1, 0x10, 0, 0x80, 0x40])
  #expect(box.vp.lastException.fault == .page(0x4080_0010, errorCode: 9))
}

@Test func `PAE paging takes its four pointers when CR3 is loaded`() throws {
  let box = try paged(cr4: .physicalAddressExtension, cr3: 0x9020, efer: .noExecute) { memory in
    memory.store64(0xA001, at: GPA(0x9020))
    memory.store64(0xB001, at: GPA(0x9028))
    memory.store64(0x83, at: GPA(0xA000))
    memory.store64(0x2000_0083 | 1 << 63, at: GPA(0xB000))
    memory.store64(0x2000_0083 | 1 << 60, at: GPA(0xB008))
  }
  box.memory.store32(7, at: GPA(0x2000_0010))
  // mov eax, [40000010h]; mov dword [9028h], 0; mov ecx, [40000010h]
  box.run([0xA1, 0x10, 0, 0, 0x40, 0xC7, 0x05, 0x28, 0x90, 0, 0, 0, 0, 0, 0, 0x8B, 0x0D, 0x10, 0, 0, 0x40])
  #expect(box.vp[.rax] == 7)
  #expect(box.vp[.rcx] == 7)
  box.memory.store64(0xB001, at: GPA(0x9028))
  // mov eax, 40000000h; call eax: NX
  box.run([0xB8, 0, 0, 0, 0x40, 0xFF, 0xD0])
  #expect(box.vp.lastException.fault == .page(0x4000_0000, errorCode: 0x11))
  // mov eax, [40200010h]: bit 60 is reserved
  box.run([0xA1, 0x10, 0, 0x20, 0x40])
  #expect(box.vp.lastException.fault == .page(0x4020_0010, errorCode: 9))
  // A reserved bit in a pointer: #GP at MOV to CR3.
  box.memory.store64(0xB003, at: GPA(0x9028))
  box.run([0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8])
  #expect(box.vp.lastException.fault == .generalProtection())
  box.memory.store64(0, at: GPA(0x9028))
  box.run([0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8, 0xA1, 0x10, 0, 0, 0x40])
  #expect(box.vp.lastException.fault == .page(0x4000_0010, errorCode: 0))
}

@Test func `The processor's own stores heed read-only overlays and withheld pages`() throws {
  // The page table lies in a read-only overlay: setting its accessed bit is refused.
  let box = try Sandbox()
  box.installTables()
  let overlay = try box.memory.makeOverlay()
  var bytes = [UInt8](repeating: 0, count: 4096)
  bytes.replaceSubrange(0..<8, with: [0x83, 0, 0, 0x20, 0, 0, 0, 0])
  box.memory.write(bytes, to: overlay)
  box.memory.mapOverlay(overlay, at: 9, vtl: .vtl0, isWritable: false)
  box.memory.store64(0x9003, at: GPA(0x2000 + 5 * 8))
  box.vp[.rbx] = 5 << 30
  box.run([0x8B, 0x03])
  #expect(box.vp.lastException.fault == .generalProtection())

  // A stack that the VTL may not write: the event waits for the machine's word, and comes then.
  let stack = try Sandbox()
  stack.installTables()
  stack.memory.protect(Sandbox.stack >> 12, allowing: [.read, .executeSupervisor, .executeUser], by: .vtl1)
  stack.vp[.rsp] = Sandbox.stack + 0x800
  stack.load([0xCD, 0x30])
  stack.vp.rip = Sandbox.code
  let page = GPA(Sandbox.stack + 0x7F8)
  #expect(
    stack.interpreter.run(stack.vp, ticks: 10) == .memoryIntercept(page, GVA(page.rawValue), .write))
  #expect(!stack.vp.canTakeNMI)
  stack.memory.protect(Sandbox.stack >> 12, allowing: .all, by: .vtl1)
  #expect(stack.go() == .halted)
  #expect(stack.vp.rip == 0x6301)
  #expect(stack.memory.load64(GPA(stack.vp[.rsp])) == Sandbox.code + 2)
}

@Test func `A handler's stack on memory-mapped registers swallows the frame and shuts nothing down`() throws {
  let box = try Sandbox()
  box.installTables()
  box.memory.store64(0xFEE0_0083, at: GPA(0x3000 + 0x1FF * 8))
  box.vp[.rsp] = 0x3FF0_0000
  box.run([0x0F, 0x0B])
  #expect(!box.vp.isShutdown)
  #expect(box.vp.rip == 0x6061)
}
