import Architecture
import Interpreter
import Memory
import Testing

/// The words on the stack, from RSP up.
private func words(_ box: Sandbox, _ count: Int) -> [UInt64] {
  (0..<UInt64(count)).compactMap { box.memory.load64(GPA(box.vp[.rsp] + $0 * 8)) }
}

@Test func `An exception pushes SS, RSP, RFLAGS, CS, RIP and its error code, on an aligned stack`() throws {
  let box = try Sandbox()
  box.installTables()
  box.vp[.rsp] = Sandbox.stack - 4
  box.vp[.rbx] = 0x7000_0000_0000
  #expect(box.run([0x8B, 0x03]) == .halted)
  #expect(words(box, 6) == [0, Sandbox.code, 8, 0x10002, Sandbox.stack - 4, 0x10])
  #expect(box.vp[.rsp] == (Sandbox.stack - 4) & ~15 - 48)
  #expect(box.vp.rip == 0x60E1)
}

@Test func `INT 3 returns behind itself, and IRETQ goes back`() throws {
  let box = try Sandbox()
  box.installTables()
  // The handler: inc ecx; iretq
  box.memory.write([0xFF, 0xC1, 0x48, 0xCF], at: GPA(0x6000 + 3 * 16))
  box.vp[.rcx] = 1
  #expect(box.run([0xCC, 0xCC, 0xFF, 0xC1]) == .halted)
  #expect(box.vp[.rcx] == 4)
  #expect(box.vp[.rsp] == Sandbox.stack)
}

@Test func `An IST entry gives the handler its own stack`() throws {
  let box = try Sandbox()
  box.installTables()
  box.setGate(6, offset: 0x6060, stackTable: 2)
  box.memory.store64(0xC000, at: GPA(0x7000 + 0x2C))
  #expect(box.run([0x0F, 0x0B]) == .halted)
  #expect(box.vp[.rsp] == 0xC000 - 40)
  #expect(words(box, 4) == [Sandbox.code, 8, 0x10002, Sandbox.stack])
}

@Test func `A fault while a contributory fault is delivered is a double fault, one more a shutdown`() throws {
  let box = try Sandbox()
  box.installTables()
  // #GP's gate is not present: #NP after #GP is #DF.
  box.memory.store64(0, at: GPA(0x5000 + 13 * 16))
  #expect(box.run([0xCD, 0x0D]) == .halted)
  #expect(box.vp.rip == 0x6081)
  #expect(box.vp.lastException.fault == .doubleFault)
  box.memory.store64(0, at: GPA(0x5000 + 8 * 16))
  box.vp.rip = Sandbox.code
  #expect(box.go() == .shutdown)
  #expect(box.vp.isShutdown)
  #expect(box.go() == .shutdown)
  box.vp.reset(.powerOn)
  #expect(!box.vp.isShutdown)
}

@Test func `An external interrupt is taken and masks others through an interrupt gate`() throws {
  let box = try Sandbox()
  box.installTables()
  box.load([0xFB, 0x90, 0x90, 0xF4])
  box.vp.interruptWindowRequested = true
  // STI holds the window shut for one instruction.
  #expect(box.interpreter.run(box.vp, ticks: 10) == .interruptWindow)
  #expect(box.vp.rip == Sandbox.code + 2)
  #expect(box.vp.canTakeInterrupt)
  box.interpreter.deliver(VectorNumber(rawValue: 0x31), to: box.vp)
  #expect(box.vp.rip == 0x6310)
  #expect(!box.vp.canTakeInterrupt)
  #expect(box.vp.exceptionCount == 0)
  box.memory.write([0x48, 0xCF], at: GPA(0x6310))
  box.vp.interruptWindowRequested = false
  #expect(box.go() == .halted)
  #expect(box.vp.rip == Sandbox.code + 4)
}

@Test func `An NMI blocks the next until IRET`() throws {
  let box = try Sandbox()
  box.installTables()
  box.memory.write([0x48, 0xCF], at: GPA(0x6020))
  box.load([0x90, 0xF4])
  box.interpreter.deliverNMI(to: box.vp)
  #expect(!box.vp.canTakeNMI)
  #expect(box.go() == .halted)
  #expect(box.vp.canTakeNMI)
}

@Test func `The trap flag interrupts after each instruction`() throws {
  let box = try Sandbox()
  box.installTables()
  // The handler counts in ECX; TF comes back with IRETQ.
  box.memory.write([0xFF, 0xC1, 0x48, 0xCF], at: GPA(0x6010))
  box.vp.rflags = 0x102
  // nop; nop; pushfq; and byte [rsp + 1], 0xfe; popfq; nop
  #expect(box.run([0x90, 0x90, 0x9C, 0x80, 0x64, 0x24, 0x01, 0xFE, 0x9D, 0x90]) == .halted)
  #expect(box.vp[.rcx] == 5)
  #expect(box.vp.debugRegister(6) & 0x4000 != 0)
}

@Test func `SYSCALL and SYSRET change level and back`() throws {
  let box = try Sandbox()
  box.installTables()
  box.memory.store64(0x2007, at: GPA(0x1000))
  box.memory.store64(0x3007, at: GPA(0x2000))
  box.memory.store64(0x87, at: GPA(0x3000))
  _ = try box.vp.writeMSR(ProcessorMSR.efer, 0xD01)
  _ = try box.vp.writeMSR(ProcessorMSR.star, 0x0018_0008_0000_0000)
  _ = try box.vp.writeMSR(ProcessorMSR.lstar, 0x30000)
  _ = try box.vp.writeMSR(ProcessorMSR.sfmask, 0x200)
  // Kernel: mov ecx, user; mov r11d, 202h; sysretq. User: syscall. Entry: hlt.
  box.load([0x0F, 0x05], at: 0x20000)
  box.load([0xF4], at: 0x30000)
  #expect(box.run([0xB9, 0, 0, 2, 0, 0x41, 0xBB, 2, 2, 0, 0, 0x48, 0x0F, 0x07]) == .halted)
  #expect(box.vp.rip == 0x30001)
  #expect(box.vp[.rcx] == 0x20002)
  #expect(box.vp[.r11] == 0x202)
  #expect(box.vp.rflags & 0x200 == 0)
  #expect(box.vp.cpl == 0)
}

@Test func `Privileged instructions are #GP at CPL 3`() throws {
  for bytes: [UInt8] in [[0xF4], [0xFA], [0x0F, 0x22, 0xD8], [0x0F, 0x32], [0x0F, 0x01, 0x3B], [0xEC]] {
    let box = try Sandbox()
    box.installTables()
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    box.memory.store64(0x87, at: GPA(0x3000))
    box.memory.store64(0xB000, at: GPA(0x7004))
    var state = box.vp.privateState
    state.cs = SegmentRegister(selector: 0x2B, limit: 0xFFFF_FFFF, attributes: 0xA0FB)
    state.ss = SegmentRegister(selector: 0x23, limit: 0xFFFF_FFFF, attributes: 0xC0F3)
    box.vp.privateState = state
    #expect(box.run(bytes) == .halted)
    #expect(box.vp.lastException.fault == .generalProtection())
    #expect(box.vp.lastException.rip == Sandbox.code)
  }
}
