import Architecture
import Interpreter
import Memory
import Testing

/// Fills and sums an array, calls, repeats strings and rewrites its own code: a bit of everything with a loop around.
private let busy: [UInt8] = [
  0xBB, 0, 0, 0, 0x20,  // mov ebx, data
  0x31, 0xF6,  // xor esi, esi
  0x89, 0x34, 0xB3,  // fill: mov [rbx + rsi * 4], esi
  0x03, 0x04, 0xB3,  // add eax, [rbx + rsi * 4]
  0xFF, 0xC6,  // inc esi
  0x83, 0xFE, 0x20,  // cmp esi, 32
  0x75, 0xF3,  // jne fill
  0xE8, 0x16, 0, 0, 0,  // call sub
  0xB9, 100, 0, 0, 0,  // mov ecx, 100
  0x48, 0x8D, 0xBB, 0, 1, 0, 0,  // lea rdi, [rbx + 256]
  0x48, 0x89, 0xDE,  // mov rsi, rbx
  0xF3, 0xA4,  // rep movsb
  0x0F, 0x31,  // rdtsc
  0xF4,  // hlt
  0x90, 0x90,
  0xFE, 0x05, 0x01, 0, 0, 0,  // sub: inc byte [rip + 1], the immediate below
  0xB2, 5,  // mov dl, 5
  0x83, 0xC0, 0x07,  // add eax, 7
  0x9C, 0x5F,  // pushfq; pop rdi
  0xC3,  // ret
]

private func finalState(slice: UInt64) throws -> ([UInt64], UInt64, UInt64, [UInt8]) {
  let box = try Sandbox()
  box.load(busy)
  var used: UInt64 = 0
  for _ in 0..<5000 {
    box.vp.tscBase = used
    let exit = box.interpreter.run(box.vp, ticks: slice)
    used += box.vp.ticksUsed
    if exit == .halted { break }
    try #require(exit == .budget)
    #expect(box.vp.ticksUsed >= slice && box.vp.ticksUsed <= slice + 24)
  }
  let registers = GeneralRegister.allCases.map { box.vp[$0] } + [box.vp.rip, box.vp.rflags]
  return (registers, used, box.vp.instructions, box.memory.read(GPA(Sandbox.data), count: 512) ?? [])
}

@Test func `The final state and the ticks do not depend on how the time is sliced`() throws {
  let whole = try finalState(slice: 100_000)
  #expect(whole.0[0] != 0)
  for slice: UInt64 in [1, 2, 3, 7, 50, 1000] {
    let cut = try finalState(slice: slice)
    #expect(cut.0 == whole.0)
    #expect(cut.1 == whole.1)
    #expect(cut.2 == whole.2)
    #expect(cut.3 == whole.3)
  }
}

@Test func `A slice ends at the first boundary where its ticks are used`() throws {
  let box = try Sandbox()
  box.load([0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 4) == .budget)
  #expect(box.vp.rip == Sandbox.code + 4)
  #expect(box.vp.ticksUsed == 4)
  #expect(box.interpreter.run(box.vp, ticks: 0) == .budget)
  #expect(box.vp.ticksUsed == 0)
}

@Test func `RDTSC costs 25 ticks and PAUSE 140, and the TSC reads the ticks used so far`() throws {
  let box = try Sandbox()
  box.vp.tscBase = 1000
  // nop; rdtsc; mov ecx, eax; rdtsc; pause
  box.load([0x90, 0x0F, 0x31, 0x89, 0xC1, 0x0F, 0x31, 0xF3, 0x90, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 1000) == .pause)
  #expect(box.vp[.rcx] == 1001)
  #expect(box.vp[.rax] == 1027)
  #expect(box.vp.ticksUsed == 1 + 25 + 1 + 25 + 140)
  #expect(box.vp.instructions == 5)
}

@Test func `A repeated string costs a tick per element and can stop between any two`() throws {
  let box = try Sandbox()
  box.vp[.rcx] = 1000
  box.vp[.rdi] = Sandbox.data + 4090
  box.vp[.rax] = 0xAB
  box.load([0xF3, 0xAA, 0xF4])
  #expect(box.interpreter.run(box.vp, ticks: 300) == .budget)
  #expect(box.vp[.rcx] == 700)
  #expect(box.vp.rip == Sandbox.code)
  #expect(box.vp.instructions == 0)
  #expect(box.interpreter.run(box.vp, ticks: 10_000) == .halted)
  #expect(box.vp.ticksUsed == 701)
  #expect(box.vp.instructions == 2)
  #expect(box.memory.load8(GPA(Sandbox.data + 5089)) == 0xAB)
  #expect(box.memory.load8(GPA(Sandbox.data + 5090)) == 0)
}
