import Architecture
import Interpreter
import Memory
import Testing

/// A sandbox whose #DB handler writes down where it was called from and DR6, clears DR6, and returns.
private struct Debugged {
  let box: Sandbox
  static var log: UInt64 { 0x8000 }

  /// `resumes` sets RF in the frame, as a debugger does to get over an instruction breakpoint.
  init(resumes: Bool = false) throws {
    box = try Sandbox()
    box.installTables()
    box.vp[.r15] = Self.log
    // push rax; mov rax, [rsp+8]; mov [r15], rax; mov rax, dr6; mov [r15+8], rax; add r15, 16
    var handler: [UInt8] = [
      0x50, 0x48, 0x8B, 0x44, 0x24, 0x08, 0x49, 0x89, 0x07, 0x0F, 0x21, 0xF0, 0x49, 0x89, 0x47, 0x08, 0x49, 0x83, 0xC7,
      0x10,
    ]
    // xor eax, eax; mov dr6, rax
    handler += [0x31, 0xC0, 0x0F, 0x23, 0xF0]
    // or dword [rsp+24], 10000h
    if resumes { handler += [0x81, 0x4C, 0x24, 0x18, 0, 0, 1, 0] }
    handler += [0x58, 0x48, 0xCF]  // pop rax; iretq
    box.memory.write(handler, at: GPA(0x3_0000))
    box.setGate(1, offset: 0x3_0000)
  }

  /// (offset from the snippet's start, DR6 without the bits that are always 1) per call.
  var log: [[UInt64]] {
    stride(from: Self.log, to: box.vp[.r15], by: 16).map {
      let rip = box.memory.load64(GPA($0)) ?? 0
      let status = box.memory.load64(GPA($0 + 8)) ?? 0
      return [rip &- Sandbox.code, status & 0xE00F]
    }
  }

  func breakpoint(_ n: Int, at address: UInt64, condition: UInt64, length: UInt64) {
    box.vp.setDebugRegister(n, address)
    let control = box.vp.debugRegister(7) | 2 << UInt64(n * 2) | (condition | length << 2) << UInt64(16 + n * 4)
    box.vp.setDebugRegister(7, control)
  }
}

private let step: UInt64 = 1 << 14

// pushfq; or byte [rsp+1], 1; popfq
private let setTrap: [UInt8] = [0x9C, 0x80, 0x4C, 0x24, 0x01, 0x01, 0x9D]
// pushfq; and byte [rsp+1], 0xfe; popfq
private let clearTrap: [UInt8] = [0x9C, 0x80, 0x64, 0x24, 0x01, 0xFE, 0x9D]

@Test func `A single step comes after each instruction that began with TF, POPF itself not`() throws {
  let d = try Debugged()
  d.box.run(setTrap + [0x90] + clearTrap)
  #expect(d.log == [[8, step], [9, step], [14, step], [15, step]])
}

@Test func `A single step over what the machine completes comes right after it`() throws {
  let d = try Debugged()
  let interpreter = d.box.interpreter
  d.box.load(setTrap + [0x0F, 0xA2, 0xE4, 0x60, 0xE6, 0x80] + clearTrap + [0xF4])  // cpuid; in al, 60h; out 80h, al
  d.box.vp.rip = Sandbox.code
  var exits: [Exit] = []
  while true {
    let exit = interpreter.run(d.box.vp, ticks: 100)
    switch exit {
    case .cpuid: interpreter.completeCPUID(eax: 0, ebx: 0, ecx: 0, edx: 0, of: d.box.vp)
    case .portIn: interpreter.completeRead(0, of: d.box.vp)
    default: break
    }
    if exit == .halted { break }
    if exit != .exception { exits.append(exit) }
  }
  #expect(d.log.map { $0[0] } == [9, 11, 13, 14, 19, 20])
  #expect(exits.count == 3)
}

@Test func `INT n takes TF with it, and its handler runs unstepped`() throws {
  let d = try Debugged()
  d.box.memory.write([0x90, 0x48, 0xCF], at: GPA(0x6000 + 0x30 * 16))
  d.box.run(setTrap + [0xCD, 0x30, 0x90] + clearTrap)
  #expect(d.log.map { $0[0] } == [10, 11, 16, 17])
}

@Test func `INT1 is a debug exception without a reason, at any privilege of its gate`() throws {
  let d = try Debugged()
  d.box.run([0xF1, 0x90])
  #expect(d.log == [[1, 0]])
}

@Test func `An instruction breakpoint is a fault before its instruction, once with RF`() throws {
  let d = try Debugged(resumes: true)
  d.breakpoint(2, at: Sandbox.code + 1, condition: 0, length: 0)
  d.box.run([0x90, 0xFF, 0xC1, 0x90])
  #expect(d.log == [[1, 4]])
  // Also in code that has run before, and where a jump leads to.
  let again = try Debugged(resumes: true)
  again.box.vp[.rcx] = 3
  // mov ecx, 3; dec ecx; jnz -4
  let code: [UInt8] = [0xB9, 3, 0, 0, 0, 0xFF, 0xC9, 0x75, 0xFC]
  again.box.run(code)
  #expect(again.log == [])
  again.breakpoint(0, at: Sandbox.code + 5, condition: 0, length: 0)
  again.box.run(code)
  #expect(again.log == [[5, 1], [5, 1], [5, 1]])
}

@Test func `A data breakpoint traps after the access it waits for`() throws {
  let d = try Debugged()
  d.box.vp[.rbx] = Sandbox.data
  d.breakpoint(1, at: Sandbox.data + 4, condition: 1, length: 3)
  // mov eax, [rbx+4]; mov [rbx], eax; mov [rbx+6], al; mov [rbx+1], eax; mov [rbx+8], eax
  d.box.run([0x8B, 0x43, 4, 0x89, 0x03, 0x88, 0x43, 6, 0x89, 0x43, 1, 0x89, 0x43, 8])
  #expect(d.log == [[8, 2], [11, 2]])
  let reads = try Debugged()
  reads.box.vp[.rbx] = Sandbox.data
  reads.breakpoint(3, at: Sandbox.data, condition: 3, length: 2)
  // mov al, [rbx+7]; mov al, [rbx+8]; inc dword [rbx]
  reads.box.run([0x8A, 0x43, 7, 0x8A, 0x43, 8, 0xFF, 0x03])
  #expect(reads.log == [[3, 8], [8, 8]])
}

@Test func `A repeated string instruction traps after the iteration that hits`() throws {
  let d = try Debugged()
  d.box.vp[.rdi] = Sandbox.data
  d.box.vp[.rcx] = 4
  d.breakpoint(0, at: Sandbox.data + 2, condition: 1, length: 0)
  d.box.run([0xF3, 0xAA, 0x90])
  #expect(d.log == [[0, 1]])
  #expect(d.box.vp[.rcx] == 0)
}

@Test func `A port breakpoint needs CR4.DE`() throws {
  for isOn in [false, true] {
    let d = try Debugged()
    var state = d.box.vp.privateState
    if isOn { state.cr4 |= CR4.debuggingExtensions.rawValue }
    d.box.vp.privateState = state
    d.breakpoint(0, at: 0x80, condition: 2, length: 1)
    d.box.load([0xE6, 0x81, 0x90, 0xF4])
    d.box.vp.rip = Sandbox.code
    while d.box.interpreter.run(d.box.vp, ticks: 100) != .halted {}
    #expect(d.log == (isOn ? [[2, 1]] : []))
  }
}

@Test func `DR7.GD guards the debug registers, and the handler may use them`() throws {
  let d = try Debugged()
  d.box.vp.setDebugRegister(7, 0x2400)
  d.box.run([0x0F, 0x21, 0xC0, 0x90])  // mov rax, dr0
  #expect(d.log == [[0, 1 << 13]])
  #expect(d.box.vp.debugRegister(7) == 0x400)
}

@Test func `MOV SS loses a single step, and holds a breakpoint until the next instruction is done`() throws {
  let d = try Debugged()
  d.box.vp[.rbx] = Sandbox.data
  d.box.memory.store64(0x10, at: GPA(Sandbox.data))
  d.breakpoint(1, at: Sandbox.data, condition: 3, length: 3)
  d.box.run([0x8E, 0x13, 0x90, 0x90])  // mov ss, [rbx]; nop; nop
  #expect(d.log == [[3, 2]])

  let stepped = try Debugged()
  stepped.box.vp[.rax] = 0x10
  stepped.box.run(setTrap + [0x8E, 0xD0, 0x90] + clearTrap)
  #expect(stepped.log.map { $0[0] } == [10, 11, 16, 17])

  // INT1 right after it takes the breakpoint along.
  let merged = try Debugged()
  merged.box.vp[.rbx] = Sandbox.data
  merged.box.memory.store64(0x10, at: GPA(Sandbox.data))
  merged.breakpoint(1, at: Sandbox.data, condition: 3, length: 3)
  merged.box.run([0x8E, 0x13, 0xF1, 0x90])
  #expect(merged.log == [[3, 2]])
}

@Test func `STI holds back no single step`() throws {
  let d = try Debugged()
  d.box.run(setTrap + [0xFB, 0x90] + clearTrap)
  #expect(d.log.map { $0[0] } == [8, 9, 10, 15, 16])
}

@Test func `SYSCALL that clears TF is not stepped, SYSRET that sets it is at once`() throws {
  let d = try Debugged()
  d.box.memory.store64(0x2007, at: GPA(0x1000))
  d.box.memory.store64(0x3007, at: GPA(0x2000))
  d.box.memory.store64(0x87, at: GPA(0x3000))
  d.box.memory.store64(0xB000, at: GPA(0x7004))
  _ = try d.box.vp.writeMSR(ProcessorMSR.efer, 0xD01)
  _ = try d.box.vp.writeMSR(ProcessorMSR.star, 0x0018_0008_0000_0000)
  _ = try d.box.vp.writeMSR(ProcessorMSR.lstar, Sandbox.code + 0x40)
  _ = try d.box.vp.writeMSR(ProcessorMSR.sfmask, 0x100)
  d.box.load([0x90, 0x90, 0xF4], at: Sandbox.code + 0x40)
  d.box.load([0x0F, 0x05], at: Sandbox.code + 0x80)
  // mov ecx, user; mov r11d, 102h; sysretq
  #expect(d.box.run([0xB9, 0x80, 0, 1, 0, 0x41, 0xBB, 2, 1, 0, 0, 0x48, 0x0F, 0x07]) == .halted)
  #expect(d.log == [[0x80, step]])
  #expect(d.box.vp.rip == Sandbox.code + 0x43)
}

@Test func `No interrupt comes before a debug trap`() throws {
  let d = try Debugged()
  d.box.load([0xFB, 0x90, 0xF4])
  d.box.vp.rip = Sandbox.code
  d.box.vp.rflags = 0x102
  d.box.vp.interruptWindowRequested = true
  #expect(d.box.interpreter.run(d.box.vp, ticks: 1) == .exception)
  #expect(d.box.vp.rip == 0x3_0000)
  #expect(!d.box.vp.canTakeInterrupt)
}
