import Architecture
import Interpreter
import Memory
import Testing

private let device: UInt64 = 0xFEE0_0000

/// A sandbox that maps the device page at 40000000h.
private func withDevice() throws -> Sandbox {
  let box = try Sandbox()
  box.memory.store64(0x8003, at: GPA(0x2008))
  box.memory.store64(0x9003, at: GPA(0x8000))
  box.memory.store64(device | 3, at: GPA(0x9000))
  box.vp[.rbx] = 0x4000_0000
  return box
}

@Test func `A memory-mapped read is asked for once, and the instruction ends with its value`() throws {
  let box = try withDevice()
  // add eax, [rbx + 0x20]
  box.load([0x03, 0x43, 0x20, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 10) == .mmioRead(GPA(device + 0x20), size: 4))
  #expect(box.vp.ticksUsed == 0)
  box.interpreter.completeRead(0x1_0000_0007, of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
  #expect(box.vp[.rax] == 7)
  #expect(box.vp.ticksUsed == 2)
  #expect(box.vp.instructions == 2)
}

@Test func `A memory-mapped write is posted: the instruction is done when the machine sees it`() throws {
  let box = try withDevice()
  // mov dword [rbx + 0xb0], 5; nop
  box.load([0xC7, 0x83, 0xB0, 0, 0, 0, 5, 0, 0, 0, 0x90, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 10) == .mmioWrite(GPA(device + 0xB0), size: 4, value: 5))
  #expect(box.vp.rip == Sandbox.code + 10)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
}

@Test func `A read-modify-write of a register is a read and then a write`() throws {
  let box = try withDevice()
  box.load([0xFF, 0x43, 0x10, 0xF4])  // inc dword [rbx + 16]
  #expect(box.interpreter.run(box.vp, ticks: 10) == .mmioRead(GPA(device + 0x10), size: 4))
  box.interpreter.completeRead(41, of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .mmioWrite(GPA(device + 0x10), size: 4, value: 42))
  #expect(box.vp.rip == Sandbox.code + 3)
}

@Test func `REP MOVS from a register to memory exits for each element`() throws {
  let box = try withDevice()
  box.vp[.rsi] = 0x4000_0000
  box.vp[.rdi] = Sandbox.data
  box.vp[.rcx] = 3
  box.load([0xF3, 0xA5, 0xF4])
  for i in UInt64(0)..<3 {
    #expect(box.interpreter.run(box.vp, ticks: 10) == .mmioRead(GPA(device + i * 4), size: 4))
    box.interpreter.completeRead(i + 100, of: box.vp)
  }
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
  #expect(box.memory.load32(GPA(Sandbox.data + 8)) == 102)
  #expect(box.vp[.rcx] == 0)
}

@Test func `IN leaves RIP until it is completed, OUT is retired`() throws {
  let box = try Sandbox()
  box.vp[.rax] = 0xFFFF_FFFF_FFFF_FFFF
  box.load([0xE4, 0x60, 0x66, 0xED, 0xEF, 0xF4])  // in al, 60h; in ax, dx; out dx, eax
  box.vp[.rdx] = 0x3FD
  #expect(box.interpreter.run(box.vp, ticks: 10) == .portIn(port: 0x60, size: 1))
  #expect(box.vp.rip == Sandbox.code)
  box.interpreter.completeRead(0x12, of: box.vp)
  #expect(box.vp[.rax] == 0xFFFF_FFFF_FFFF_FF12)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .portIn(port: 0x3FD, size: 2))
  box.interpreter.completeRead(0x3456, of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .portOut(port: 0x3FD, size: 4, value: 0xFFFF_3456))
  #expect(box.vp.rip == Sandbox.code + 5)
}

@Test func `REP OUTS and INS go element by element`() throws {
  let box = try Sandbox()
  box.memory.write([1, 2], at: GPA(Sandbox.data))
  box.vp[.rsi] = Sandbox.data
  box.vp[.rdi] = Sandbox.data + 16
  box.vp[.rdx] = 0x80
  box.vp[.rcx] = 2
  box.load([0xF3, 0x6E, 0xB1, 2, 0xF3, 0x6C, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 10) == .portOut(port: 0x80, size: 1, value: 1))
  #expect(box.vp.rip == Sandbox.code)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .portOut(port: 0x80, size: 1, value: 2))
  #expect(box.vp.rip == Sandbox.code + 2)
  for value: UInt64 in [7, 8] {
    #expect(box.interpreter.run(box.vp, ticks: 10) == .portIn(port: 0x80, size: 1))
    box.interpreter.completeRead(value, of: box.vp)
  }
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
  #expect(box.memory.load16(GPA(Sandbox.data + 16)) == 0x0807)
  #expect(box.vp.instructions == 4)
}

@Test func `MSRs that are CPU state stay inside, others go to the machine`() throws {
  let box = try Sandbox()
  box.installTables()
  box.vp[.rcx] = 0xC000_0102
  box.vp[.rax] = 0x1000
  box.vp[.rdx] = 0
  // wrmsr; mov ecx, 0x1b; rdmsr; wrmsr
  box.load([0x0F, 0x30, 0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32, 0x0F, 0x30, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 10) == .readMSR(0x1B))
  #expect(box.vp.privateState.kernelGSBase == 0x1000)
  box.interpreter.completeRead(0x5_FEE0_0900, of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .writeMSR(0x1B, value: 0x5_FEE0_0900))
  box.interpreter.fail(box.vp, with: .generalProtection())
  #expect(box.vp.lastException.rip == Sandbox.code + 9)
  #expect(box.vp.rip == 0x60D0)
}

@Test func `CPUID, CR8 and the hypercalls are answered by the machine`() throws {
  let box = try Sandbox()
  // cpuid; mov r9, cr8; mov cr8, r9; vmcall; vmmcall
  box.load([
    0x0F, 0xA2, 0x45, 0x0F, 0x20, 0xC1, 0x45, 0x0F, 0x22, 0xC1, 0x0F, 0x01, 0xC1, 0x0F, 0x01, 0xD9, 0xF4,
  ])
  box.vp[.rax] = 7
  box.vp[.rcx] = 1
  #expect(box.interpreter.run(box.vp, ticks: 10) == .cpuid(leaf: 7, subleaf: 1))
  box.interpreter.completeCPUID(eax: 1, ebx: 2, ecx: 3, edx: 4, of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .readTaskPriority)
  box.interpreter.completeRead(9, of: box.vp)
  #expect(box.vp[.r9] == 9)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .writeTaskPriority(9))
  box.interpreter.completeWrite(of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .hypercall(isVMMCALL: false))
  box.interpreter.completeWrite(of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .hypercall(isVMMCALL: true))
  box.interpreter.completeWrite(of: box.vp)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
  #expect(box.vp[.rbx] == 2)
  #expect(box.vp.instructions == 6)
}

@Test func `A page withheld from a VTL is intercepted, before anything happened`() throws {
  let box = try Sandbox()
  box.memory.protect(Sandbox.data >> 12, allowing: [.read, .executeSupervisor, .executeUser], by: .vtl1)
  box.vp[.rbx] = Sandbox.data
  box.load([0x8B, 0x03, 0x89, 0x03, 0xF4])
  let exit = Exit.memoryIntercept(GPA(Sandbox.data), GVA(Sandbox.data), .write)
  #expect(box.interpreter.run(box.vp, ticks: 10) == exit)
  #expect(box.vp.rip == Sandbox.code + 2)
  #expect(box.interpreter.run(box.vp, ticks: 10) == exit)
  box.memory.protect(Sandbox.data >> 12, allowing: .all, by: .vtl1)
  #expect(box.interpreter.run(box.vp, ticks: 10) == .halted)
}
