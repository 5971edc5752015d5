import Architecture
import Interpreter
import Testing

@Test func `MOV, ADD and SUB leave the sum and the difference`() throws {
  let box = try Sandbox()
  // mov eax, 5; mov ecx, 7; add eax, ecx; sub rcx, 9
  #expect(box.run([0xB8, 5, 0, 0, 0, 0xB9, 7, 0, 0, 0, 0x01, 0xC8, 0x48, 0x83, 0xE9, 9]) == .halted)
  #expect(box.vp[.rax] == 12)
  #expect(box.vp[.rcx] == 0xFFFF_FFFF_FFFF_FFFE)
  #expect(box.vp.rflags & 0x8D5 == 0x91)
  #expect(box.vp.ticksUsed == 5)
  #expect(box.vp.instructions == 5)
}

@Test func `A loop counts down and leaves after its budget`() throws {
  let box = try Sandbox()
  // mov ecx, 100; loop: dec ecx; jnz loop
  #expect(box.run([0xB9, 100, 0, 0, 0, 0xFF, 0xC9, 0x75, 0xFC]) == .halted)
  #expect(box.vp[.rcx] == 0)
  #expect(box.vp.ticksUsed == 202)
}

@Test func `CALL and RET balance the stack`() throws {
  let box = try Sandbox()
  // call +1; hlt; mov eax, 9; ret
  #expect(box.run([0xE8, 1, 0, 0, 0, 0xF4, 0xB8, 9, 0, 0, 0, 0xC3]) == .halted)
  #expect(box.vp[.rax] == 9)
  #expect(box.vp[.rsp] == Sandbox.stack)
  #expect(box.vp.rip == Sandbox.code + 6)
}
