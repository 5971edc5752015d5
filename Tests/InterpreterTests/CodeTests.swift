import Architecture
import Interpreter
import Memory
import Testing

@Test func `A store into the instruction that follows is seen`() throws {
  let box = try Sandbox()
  // mov byte [rip + 1], 7 (the next instruction's immediate); mov al, 1
  #expect(box.run([0xC6, 0x05, 1, 0, 0, 0, 7, 0xB0, 1]) == .halted)
  #expect(box.vp[.rax] == 7)
}

@Test func `Code that was decoded and then rewritten by the machine runs as rewritten`() throws {
  let box = try Sandbox()
  box.run([0xB8, 1, 0, 0, 0])
  #expect(box.vp[.rax] == 1)
  box.memory.store8(9, at: GPA(Sandbox.code + 1))
  box.vp.rip = Sandbox.code
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 9)
}

@Test func `Code rewritten by another VP, which had the page writable before it became code, is seen`() throws {
  let box = try Sandbox()
  let other = Processor()
  other.enterLongMode(cr3: 0x1000, rip: 0x20000, rsp: 0x30000, rdi: 0)
  // mov byte [0x10001], 3; hlt: first as data
  box.load([0xC6, 0x04, 0x25, 1, 0, 1, 0, 3, 0xF4], at: 0x20000)
  #expect(box.interpreter.run(other, ticks: 100) == .halted)
  box.run([0xB8, 1, 0, 0, 0])
  #expect(box.vp[.rax] == 1)
  other.rip = 0x20000
  #expect(box.interpreter.run(other, ticks: 100) == .halted)
  box.vp.rip = Sandbox.code
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 3)
}

@Test func `An alias of the page is the same code`() throws {
  let box = try Sandbox()
  // 40000000h + n leads to n as well.
  box.memory.store64(0x3003, at: GPA(0x2008))
  box.load([0xC6, 0x04, 0x25, 8, 0, 1, 0x40, 7, 0xB0, 1, 0xF4])
  box.vp.rip = Sandbox.code
  // The store goes to 40010008h, the opcode of MOV AL: 07h is invalid in 64-bit mode.
  box.installTables()
  #expect(box.go() == .halted)
  #expect(box.vp.lastException.fault == .invalidOpcode)
  #expect(box.vp.lastException.rip == Sandbox.code + 8)
}

@Test func `An instruction may cross a page, and its second half may be rewritten`() throws {
  let box = try Sandbox()
  let start: UInt64 = 0x10FFD
  box.load([0xB8, 1, 2, 3, 4, 0xF4], at: start)
  box.vp.rip = start
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 0x0403_0201)
  box.memory.store8(0x7F, at: GPA(0x11001))
  box.vp.rip = start
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 0x7F03_0201)
}

@Test func `Two VTLs see different code at one address through an overlay`() throws {
  let box = try Sandbox()
  box.run([0xB8, 1, 0, 0, 0])
  let page = try box.memory.makeOverlay()
  box.memory.write([0xB8, 2, 0, 0, 0, 0xF4], to: page)
  box.memory.mapOverlay(page, at: 0x10, vtl: .vtl1)
  for (vtl, value): (VTL, UInt64) in [(.vtl1, 2), (.vtl0, 1), (.vtl1, 2)] {
    box.vp.vtl = vtl
    box.vp.rip = Sandbox.code
    #expect(box.go() == .halted)
    #expect(box.vp[.rax] == value)
  }
}

@Test func `LOCK is refused where it has no meaning`() throws {
  for bytes: [UInt8] in [[0xF0, 0x01, 0xC8], [0xF0, 0x90], [0xF0, 0x39, 0x08], [0xF0, 0x8B, 0x08]] {
    let box = try Sandbox()
    box.installTables()
    #expect(box.run(bytes) == .halted)
    #expect(box.vp.lastException.fault == .invalidOpcode)
  }
  let box = try Sandbox()
  box.vp[.rbx] = Sandbox.data
  #expect(box.run([0xF0, 0x01, 0x0B]) == .halted)
  #expect(box.vp.exceptionCount == 0)
}

@Test func `Sixteen bytes are too many for an instruction`() throws {
  let box = try Sandbox()
  box.installTables()
  #expect(box.run(Array(repeating: 0x66, count: 15) + [0x90]) == .halted)
  #expect(box.vp.lastException.fault == .generalProtection())
  #expect(box.run(Array(repeating: 0x66, count: 14) + [0x90]) == .halted)
  #expect(box.vp.exceptionCount == 1)
}
