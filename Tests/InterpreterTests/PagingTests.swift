import Architecture
import Interpreter
import Memory
import Testing

/// A sandbox with one 4 KiB page at 40000000h, whose entry the test chooses; the tables above it are permissive.
private func withPage(_ entry: UInt64, cr4: CR4 = [], cr0: CR0 = []) throws -> Sandbox {
  let box = try Sandbox()
  box.installTables()
  box.memory.store64(0x8007, at: GPA(0x2008))
  box.memory.store64(0x2007, at: GPA(0x1000))
  box.memory.store64(0x9007, at: GPA(0x8000))
  box.memory.store64(entry, at: GPA(0x9000))
  var state = box.vp.privateState
  state.cr4 |= cr4.rawValue
  state.cr0 |= cr0.rawValue
  box.vp.privateState = state
  box.vp[.rbx] = 0x4000_0000
  return box
}

private let load: [UInt8] = [0x8B, 0x03], store: [UInt8] = [0x89, 0x03], call: [UInt8] = [0xFF, 0xD3]

/// The same with CPL 3, on code at 20000h that user mode may run.
private func asUser(_ box: Sandbox, _ bytes: [UInt8]) -> Exit {
  box.memory.store64(0x3007, at: GPA(0x2000))
  box.memory.store64(0x87, at: GPA(0x3000))
  var state = box.vp.privateState
  state.cs = SegmentRegister(selector: 0x2B, limit: 0xFFFF_FFFF, attributes: 0xA0FB)
  state.ss = SegmentRegister(selector: 0x23, limit: 0xFFFF_FFFF, attributes: 0xC0F3)
  state.rip = 0x20000
  box.vp.privateState = state
  box.memory.store64(0xB000, at: GPA(0x7004))
  box.load(bytes, at: 0x20000)
  return box.go()
}

private func faultCode(_ box: Sandbox) -> UInt32? {
  box.vp.lastException.fault.vector == 14 ? box.vp.lastException.fault.errorCode : nil
}

@Test func `A load sets the accessed bit, a store the dirty bit as well`() throws {
  let box = try withPage(0xA003)
  #expect(box.run(load) == .halted)
  #expect(box.memory.load64(GPA(0x9000)) == 0xA023)
  #expect(box.memory.load64(GPA(0x8000)) == 0x9027)
  #expect(box.run(store) == .halted)
  #expect(box.memory.load64(GPA(0x9000)) == 0xA063)
}

@Test func `Page faults tell what was tried`() throws {
  let absent = try withPage(0)
  #expect(absent.run(load) == .halted)
  #expect(faultCode(absent) == 0)
  #expect(absent.vp.cr2 == 0x4000_0000)
  #expect(absent.vp.lastException.rip == Sandbox.code)

  let readOnly = try withPage(0xA001)
  #expect(readOnly.run(store) == .halted)
  #expect(faultCode(readOnly) == 3)
  #expect(readOnly.run([0x01, 0x03]) == .halted)
  #expect(faultCode(readOnly) == 3)

  let reserved = try withPage(0xA003 | 1 << 45)
  #expect(reserved.run(load) == .halted)
  #expect(faultCode(reserved) == 9)

  let noExecute = try withPage(0xA003 | 1 << 63)
  #expect(noExecute.run(call) == .halted)
  #expect(faultCode(noExecute) == 0x11)
  #expect(noExecute.vp.lastException.rip == 0x4000_0000)
}

@Test func `Without WP the supervisor writes to read-only pages`() throws {
  let box = try withPage(0xA001)
  var state = box.vp.privateState
  state.cr0 &= ~CR0.writeProtect.rawValue
  box.vp.privateState = state
  #expect(box.run(store) == .halted)
  #expect(box.vp.exceptionCount == 0)
}

@Test func `User mode reaches user pages only`() throws {
  let allowed = try withPage(0xA007)
  #expect(asUser(allowed, load + store + [0xF4]) == .halted)
  #expect(allowed.vp.lastException.fault == .generalProtection())
  #expect(allowed.vp.lastException.rip == 0x20004)

  let supervisor = try withPage(0xA003)
  #expect(asUser(supervisor, load) == .halted)
  #expect(faultCode(supervisor) == 5)
  #expect(supervisor.vp[.rsp] == 0xB000 - 48)
  #expect(supervisor.vp.cpl == 0)
}

@Test func `SMAP keeps the supervisor off user pages unless AC is set`() throws {
  let box = try withPage(0xA007, cr4: .supervisorAccessPrevention)
  box.memory.store64(0xA0_0003, at: GPA(0x3000 + 8 * 5))
  #expect(box.run(load) == .halted)
  #expect(faultCode(box) == 1)
  #expect(box.run([0x0F, 0x01, 0xCB] + load + [0x0F, 0x01, 0xCA] + load) == .halted)
  #expect(box.vp.exceptionCount == 2)
  #expect(box.vp.lastException.rip == Sandbox.code + 8)
}

@Test func `A page fault tells of the protection key whatever other right is missing`() throws {
  // Read-only, for the user, key 1; xor ecx, ecx; xor edx, edx; mov eax, rights; wrpkru; mov [rbx], eax
  func store(rights: UInt8) throws -> UInt32? {
    let box = try withPage(0xA005 | 1 << 59, cr4: .protectionKeys)
    _ = asUser(box, [0x31, 0xC9, 0x31, 0xD2, 0xB8, rights, 0, 0, 0, 0x0F, 0x01, 0xEF, 0x89, 0x03])
    return faultCode(box)
  }
  #expect(try store(rights: 0) == 7)
  #expect(try store(rights: 1 << 2) == 0x27)
  #expect(try store(rights: 2 << 2) == 0x27)
  // The rights of another key do not count.
  #expect(try store(rights: 3 << 4) == 7)
}

@Test func `CLAC and STAC need CPL 0 and nothing else`() throws {
  let box = try withPage(0xA007)
  #expect(box.run([0x0F, 0x01, 0xCB]) == .halted)  // stac
  #expect(box.vp.exceptionCount == 0)
  #expect(box.vp.rflags & RFlags.alignmentCheck.rawValue != 0)
  #expect(box.run([0x0F, 0x01, 0xCA]) == .halted)  // clac
  #expect(box.vp.exceptionCount == 0)
  #expect(box.vp.rflags & RFlags.alignmentCheck.rawValue == 0)
  #expect(asUser(box, [0x0F, 0x01, 0xCB]) == .halted)
  #expect(box.vp.lastException.fault == .invalidOpcode)
}

@Test func `SMEP keeps the supervisor from running user pages`() throws {
  let box = try withPage(0xA007, cr4: .supervisorExecutionPrevention)
  box.load([0xF4], at: 0xA000)
  #expect(box.run(call) == .halted)
  #expect(faultCode(box) == 0x11)
}

@Test func `INVLPG and MOV to CR3 make a changed entry seen`() throws {
  let box = try withPage(0xA003)
  box.memory.store32(1, at: GPA(0xA000))
  box.memory.store32(2, at: GPA(0xC000))
  box.memory.store32(3, at: GPA(0xD000))
  // mov eax, [rbx]; mov dword [0x9000], 0xc003; invlpg [rbx]; mov ecx, [rbx]
  // mov dword [0x9000], 0xd003; mov rdx, cr3; mov cr3, rdx; mov edx, [rbx]
  #expect(
    box.run([
      0x8B, 0x03, 0xC7, 0x04, 0x25, 0, 0x90, 0, 0, 0x03, 0xC0, 0, 0, 0x0F, 0x01, 0x3B, 0x8B, 0x0B, 0xC7, 0x04, 0x25, 0,
      0x90, 0, 0, 0x03, 0xD0, 0, 0, 0x0F, 0x20, 0xDA, 0x0F, 0x22, 0xDA, 0x8B, 0x13,
    ]) == .halted)
  #expect(box.vp[.rax] == 1)
  #expect(box.vp[.rcx] == 2)
  #expect(box.vp[.rdx] == 3)
}

@Test func `An address that is not canonical is #GP, and #SS through the stack`() throws {
  let box = try withPage(0xA003)
  box.vp[.rbx] = 0x8000_0000_0000
  #expect(box.run(load) == .halted)
  #expect(box.vp.lastException.fault == .generalProtection())
  box.vp[.rbp] = 0x8000_0000_0000
  #expect(box.run([0x8B, 0x45, 0]) == .halted)
  #expect(box.vp.lastException.fault == .stackSegment())
}

@Test func `A store that crosses into an absent page writes nothing`() throws {
  let box = try withPage(0xA003)
  box.vp[.rbx] = 0x4000_0FFE
  box.vp[.rax] = .max
  #expect(box.run(store) == .halted)
  #expect(faultCode(box) == 2)
  #expect(box.vp.cr2 == 0x4000_1000)
  #expect(box.memory.load16(GPA(0xAFFE)) == 0)
}

@Test func `Translation for those who look on sets no bits`() throws {
  let box = try withPage(0xA003)
  #expect(box.interpreter.translate(GVA(0x4000_0123), of: box.vp) == GPA(0xA123))
  #expect(box.interpreter.translate(GVA(0x4000_1000), of: box.vp) == nil)
  #expect(box.memory.load64(GPA(0x9000)) == 0xA003)
}
