import Architecture
import Interpreter
import Memory
import Testing

/// Instructions that leave before they do anything, because somebody above wants to know.
@Suite struct InterceptTests {
  private func box(_ control: CRInterceptControl, cr0: UInt64 = .max, cr4: UInt64 = .max) throws -> Sandbox {
    let box = try Sandbox()
    box.installTables()
    var intercepts = RegisterIntercepts()
    intercepts.control = control
    (intercepts.cr0Mask, intercepts.cr4Mask) = (cr0, cr4)
    box.vp.registerIntercepts = intercepts
    return box
  }

  @Test(
    arguments: [
      ([0x0F, 0x22, 0xC0], .cr0Write, .registerIntercept(.cr0, 0x8001_0011, 0)),  // mov cr0, rax
      ([0x0F, 0x22, 0xE0], .cr4Write, .registerIntercept(.cr4, 0x8001_0011, 0)),  // mov cr4, rax: reserved bits set
      ([0x0F, 0x01, 0xF0], .cr0Write, .registerIntercept(.cr0, 0x8001_0031, 0)),  // lmsw ax
      ([0x0F, 0x01, 0x13], .gdtrWrite, .registerIntercept(.gdtr, 0x1234_0000_0000_0000, 0xFFFF_8000_0000_1000)),
      ([0x0F, 0x01, 0x1B], .idtrWrite, .registerIntercept(.idtr, 0x1234_0000_0000_0000, 0xFFFF_8000_0000_1000)),
      ([0x0F, 0x00, 0xD1], .ldtrWrite, .registerIntercept(.ldtr, 0, 0)),  // lldt cx
      ([0x0F, 0x00, 0xDA], .trWrite, .registerIntercept(.tr, 0x7000, 0x008B_0030_0000_0067)),  // ltr dx
    ] as [([UInt8], CRInterceptControl, Exit)])
  func `a write that is intercepted leaves, and changes nothing`(
    code: [UInt8], control: CRInterceptControl, exit: Exit
  ) throws {
    let box = try box(control)
    box.vp[.rax] = 0x8001_0011
    box.vp[.rbx] = Sandbox.data
    box.vp[.rdx] = 0x30
    box.memory.store64(0x0000_1000_1234, at: GPA(Sandbox.data))
    box.memory.store64(0xFFFF_8000, at: GPA(Sandbox.data + 6))
    box.memory.store64(0xFFFF_8000_0000_1000, at: GPA(Sandbox.data + 2))
    let before = box.vp.privateState
    let instructions = box.vp.instructions
    box.load(code + [0xF4])
    for _ in 0..<2 {
      #expect(box.interpreter.run(box.vp, ticks: 10) == exit)
      #expect(box.vp.privateState == before)
      #expect(box.vp.exitLength == 3)
      #expect(box.vp.instructions == instructions)
      box.interpreter.retry(box.vp)
    }
    // The available TSS has not become a busy one.
    #expect(box.memory.load64(GPA(0x4030)) == 0x0000_8900_7000_0067)
  }

  @Test func `a change outside the mask does not leave`() throws {
    let box = try box(.cr0Write, cr0: CR0.writeProtect.rawValue)
    box.vp[.rax] = box.vp.privateState.cr0 ^ CR0.numericError.rawValue
    #expect(box.run([0x0F, 0x22, 0xC0]) == .halted)
    #expect(box.vp.privateState.cr0 == box.vp[.rax])
  }

  @Test func `CLTS is a write of CR0`() throws {
    let box = try box(.cr0Write, cr0: CR0.taskSwitched.rawValue)
    var state = box.vp.privateState
    state.cr0 |= CR0.taskSwitched.rawValue
    box.vp.privateState = state
    #expect(box.run([0x0F, 0x06]) == .registerIntercept(.cr0, state.cr0 & ~8, 0))
    #expect(box.vp.exitLength == 2)
  }

  @Test func `XSETBV leaves with a value that XCR0 could hold, and faults with another`() throws {
    let box = try box(.xcr0Write)
    box.enableVectors()
    box.vp[.rcx] = 0
    box.vp[.rdx] = 0
    box.vp[.rax] = 3
    #expect(box.run([0x0F, 0x01, 0xD1]) == .registerIntercept(.xcr0, 3, 0))
    box.interpreter.retry(box.vp)
    box.vp[.rax] = 2
    _ = box.run([0x0F, 0x01, 0xD1])
    #expect(box.vp.lastException.fault == .generalProtection())
  }

  @Test func `RDMSR and WRMSR leave, for the registers that are watched`() throws {
    let box = try box([.lstarRead, .lstarWrite, .eferWrite])
    box.vp[.rcx] = 0xC000_0082
    box.vp[.rdx] = 1
    box.vp[.rax] = 2
    #expect(box.run([0x0F, 0x30]) == .msrIntercept(0xC000_0082, value: 0x1_0000_0002))
    #expect(box.vp.exitLength == 2)
    box.interpreter.retry(box.vp)
    #expect(box.vp.privateState.lstar == 0)
    #expect(box.run([0x0F, 0x32]) == .msrIntercept(0xC000_0082, value: nil))
    box.interpreter.retry(box.vp)
    // EFER with reserved bits would be #GP.
    box.vp[.rcx] = 0xC000_0080
    box.vp[.rax] = 0xFFFF_FFFF
    #expect(box.run([0x0F, 0x30]) == .msrIntercept(0xC000_0080, value: 0x1_FFFF_FFFF))
    box.interpreter.retry(box.vp)
    // To read it is nobody's business.
    #expect(box.run([0x0F, 0x32]) == .halted)
  }

  @Test func `an instruction in the shadow of STI stays in it`() throws {
    let box = try box([.lstarWrite])
    (box.vp[.rcx], box.vp[.rdx], box.vp[.rax]) = (0xC000_0082, 0, 0)
    #expect(box.run([0xFB, 0x0F, 0x30]) == .msrIntercept(0xC000_0082, value: 0))
    box.interpreter.retry(box.vp)
    #expect(box.vp.privateState.interruptShadow)
  }

  @Test func `IA32_MISC_ENABLE leaves where a bit of the mask changes`() throws {
    let box = try box([.miscellaneousEnableWrite])
    box.vp.registerIntercepts.miscellaneousEnableMask = 1
    box.vp.miscellaneousEnables = 1
    (box.vp[.rcx], box.vp[.rdx], box.vp[.rax]) = (0x1A0, 0, 0)
    #expect(box.run([0x0F, 0x30]) == .msrIntercept(0x1A0, value: 0))
    box.interpreter.retry(box.vp)
    box.vp[.rax] = 3
    #expect(box.run([0x0F, 0x30]) == .writeMSR(0x1A0, value: 3))
  }

  @Test func `a fault for the privilege level comes first`() throws {
    let box = try box(CRInterceptControl(rawValue: 0x1FFF_FFFF))
    var state = box.vp.privateState
    state.cs = SegmentRegister(selector: 0x2B, base: 0, limit: .max, attributes: 0xA0FB)
    state.ss = SegmentRegister(selector: 0x23, base: 0, limit: .max, attributes: 0xC0F3)
    box.vp.privateState = state
    // The first GiB is for supervisors: what faults is known before the fetch of a second page.
    for i in 0..<UInt64(512) { box.memory.store64(i << 21 | 0x87, at: GPA(0x3000 + i * 8)) }
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    // There is no IDT: #GP ends in a double fault and shutdown, an intercept would end in nothing of the kind.
    #expect(box.run([0x0F, 0x22, 0xC0]) == .shutdown)
    #expect(box.vp.lastException.fault.vector == 8)
  }
}
