import Architecture
import Interpreter
import Memory
import Testing

/// What a start-up IPI leads to: from 16-bit real mode through 32-bit protected mode into 64-bit mode.
@Test func `An application processor climbs from real mode to 64-bit mode`() throws {
  let box = try Sandbox()
  let gdt: [UInt64] = [0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_9B00_0000_FFFF]
  for (i, value) in gdt.enumerated() { box.memory.store64(value, at: GPA(0x4000 + UInt64(i) * 8)) }
  box.memory.write([31, 0, 0x00, 0x40, 0, 0], at: GPA(0x8018))
  // At 8000h, 16-bit: mov eax, cr0; or al, 1; mov cr0, eax; o32 lgdt cs:[18h]; ljmpl 18h:9000h
  box.load(
    [0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, 0x2E, 0x66, 0x0F, 0x01, 0x16, 0x18, 0x00]
      + [0x66, 0xEA, 0x00, 0x90, 0, 0], at: 0x8000)
  box.memory.write([31, 0, 0x00, 0x40, 0, 0], at: GPA(0x8030))
  box.load([0x16, 0x30, 0x00, 0x66, 0xEA, 0x00, 0x90, 0, 0, 0x18, 0x00], at: 0x800C)
  // At 9000h, 32-bit: mov ax, 10h; mov ds, ss; mov esp; lock xadd; mov eax, 20h; mov cr4, eax; mov eax, 1000h
  // mov cr3; mov ecx, efer; rdmsr; bts eax, 8; wrmsr; mov eax, cr0; bts eax, 31; mov cr0; push 8; push a000h; lret
  box.load(
    [
      0x66, 0xB8, 0x10, 0, 0x8E, 0xD8, 0x8E, 0xD0, 0xBC, 0, 0, 0x08, 0, 0xB9, 5, 0, 0, 0,
      0xF0, 0x0F, 0xC1, 0x0D, 0, 0xB0, 0, 0, 0xB8, 0x20, 0, 0, 0, 0x0F, 0x22, 0xE0, 0xB8, 0, 0x10, 0, 0,
      0x0F, 0x22, 0xD8, 0xB9, 0x80, 0, 0, 0xC0, 0x0F, 0x32, 0x0F, 0xBA, 0xE8, 0x08, 0x0F, 0x30,
      0x0F, 0x20, 0xC0, 0x0F, 0xBA, 0xE8, 0x1F, 0x0F, 0x22, 0xC0, 0x6A, 0x08, 0x68, 0, 0xA0, 0, 0, 0xCB,
    ], at: 0x9000)
  // At a000h, 64-bit: mov rbx, 1122334455667788h; hlt
  box.load([0x48, 0xBB, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xF4], at: 0xA000)
  box.memory.store32(7, at: GPA(0xB000))
  box.vp.reset(.initSignal)
  box.vp.start(vector: VectorNumber(rawValue: 0x08))
  #expect(box.vp.privateState.cs.base == 0x8000)
  #expect(box.go() == .halted)
  #expect(box.vp.exceptionCount == 0)
  #expect(box.vp[.rbx] == 0x1122_3344_5566_7788)
  #expect(box.memory.load32(GPA(0xB000)) == 12)
  #expect(box.vp.privateState.efer == 0x500)
  #expect(box.vp.privateState.cs.selector == 8)
  #expect(box.vp.privateState.cr0 == 0xE000_0011)
}

@Test func `Real mode has segments of 64 KiB, 16-bit offsets and an interrupt vector table`() throws {
  let box = try Sandbox()
  box.vp.reset(.powerOn)
  box.vp.start(vector: VectorNumber(rawValue: 0x10))
  box.memory.store32(0x1000_0020, at: GPA(0x21 * 4))
  // mov sp, 8000h; mov ax, 2000h; mov ds, ax; mov bx, fff0h; mov word [bx + 20h], 1234h; int 21h; hlt
  box.load([
    0xBC, 0x00, 0x80, 0xB8, 0x00, 0x20, 0x8E, 0xD8, 0xBB, 0xF0, 0xFF, 0xC7, 0x47, 0x20, 0x34, 0x12, 0xCD, 0x21, 0xF4,
  ])
  // 1000:0020: mov cx, [bp + si]; push cs; pop es; iret
  box.load([0x8C, 0xC9, 0x0E, 0x07, 0xCF], at: 0x10020)
  #expect(box.go() == .halted)
  #expect(box.memory.load16(GPA(0x20010)) == 0x1234)
  #expect(box.vp[.rcx] == 0x1000)
  #expect(box.vp[.rsp] == 0x8000)
  #expect(box.vp.rip == 19)
  #expect(box.vp.privateState.es.base == 0x10000)
}

@Test func `INIT keeps the vector registers and power-on clears them`() {
  let vp = Processor()
  vp.setVector(3, low: 1, high: 2)
  vp[.rax] = 5
  vp.reset(.initSignal)
  #expect(vp.vector(3) == (1, 2))
  #expect(vp[.rax] == 0)
  #expect(vp.rip == 0xFFF0)
  vp.reset(.powerOn)
  #expect(vp.vector(3) == (0, 0))
}

@Test func `The private state goes out as it came in`() {
  let vp = Processor()
  var state = PrivateState.longMode(cr3: 0x1234000, rip: 1, rsp: 2)
  state.fs.base = 0x7777
  state.kernelGSBase = 0x8888
  state.rflags = 0x246
  state.interruptShadow = true
  state.tscAux = 9
  vp.privateState = state
  #expect(vp.privateState == state)
  #expect(!vp.canTakeInterrupt)
}

@Test func `Code at the same offset of two real-mode segments is told apart`() throws {
  let box = try Sandbox()
  for (vector, value) in [(UInt8(0x10), UInt8(1)), (0x20, 2), (0x10, 1)] {
    box.load([0xB0, value, 0xF4], at: UInt64(vector) << 12)
    box.vp.reset(.initSignal)
    box.vp.start(vector: VectorNumber(rawValue: vector))
    #expect(box.go() == .halted)
    #expect(box.vp[.rax] == UInt64(value))
  }
}

@Test func `A far jump to the same offset of another real-mode segment is told apart`() throws {
  let box = try Sandbox()
  // 1000:0000 inc al; jmp 2000:0000, and there: add al, 16; cmp al, 51; jae out; jmp 1000:0000; out: hlt
  box.load([0xFE, 0xC0, 0xEA, 0, 0, 0, 0x20], at: 0x10000)
  box.load([0x04, 0x10, 0x3C, 0x33, 0x73, 0x05, 0xEA, 0, 0, 0, 0x10, 0xF4], at: 0x20000)
  box.vp.reset(.powerOn)
  box.vp.start(vector: VectorNumber(rawValue: 0x10))
  #expect(box.go() == .halted)
  #expect(box.vp[.rax] == 0x33)
}
