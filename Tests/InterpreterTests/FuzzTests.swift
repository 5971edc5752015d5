import Architecture
import Interpreter
import Memory
import Testing

/// Runs whatever bytes come, answers every exit, and goes on after a shutdown.
///
/// Returns the instructions retired.
private func runNoise(seed: UInt64, rounds: Int, prepare: (Sandbox, inout Seeded) -> Void) throws -> UInt64 {
  let box = try Sandbox(size: 4 << 20)
  var random = Seeded(seed)
  for _ in 0..<rounds {
    prepare(box, &random)
    let page = (0..<512).map { _ in random.next() }
    page.withUnsafeBytes { _ = box.memory.write($0, at: GPA(0x10000)) }
    var exits = 0
    var left: UInt64 = 400
    while left > 0, exits < 40 {
      let exit = box.interpreter.run(box.vp, ticks: left)
      left -= min(left, box.vp.ticksUsed)
      exits += 1
      switch exit {
      case .budget, .shutdown: left = 0
      case .portIn, .readMSR, .mmioRead, .readTaskPriority: box.interpreter.completeRead(random.next(), of: box.vp)
      case .writeMSR: box.interpreter.fail(box.vp, with: .generalProtection())
      case .writeTaskPriority, .hypercall: box.interpreter.completeWrite(of: box.vp)
      case .cpuid: box.interpreter.completeCPUID(eax: 1, ebx: 2, ecx: 3, edx: 4, of: box.vp)
      case .halted, .exception, .pause, .interruptWindow, .portOut, .mmioWrite, .memoryIntercept: break
      }
    }
  }
  return box.vp.instructions
}

private func scatter(_ box: Sandbox, _ random: inout Seeded) {
  for register in GeneralRegister.allCases {
    box.vp[register] = random.next() >> (random.next() % 64)
    if random.next() % 2 == 0 { box.vp[register] = 0x20_0000 + random.next() % 0x10_0000 }
  }
}

@Test func `Random bytes in 64-bit mode do not harm the host`() throws {
  let retired = try runNoise(seed: 1, rounds: 1500) { box, random in
    box.vp.reset(.powerOn)
    for i in 0..<UInt64(512) { box.memory.store64(i << 21 | 0x87, at: GPA(0x3000 + i * 8)) }
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    scatter(box, &random)
    box.vp.enterLongMode(cr3: 0x1000, rip: 0x10000 + random.next() % 4096, rsp: 0x8_0000, rdi: 0)
    box.installTables()
  }
  #expect(retired > 10_000)
}

@Test func `Random bytes in real mode do not harm the host`() throws {
  let retired = try runNoise(seed: 2, rounds: 1500) { box, random in
    box.vp.reset(.powerOn)
    scatter(box, &random)
    box.vp.start(vector: VectorNumber(rawValue: 0x10))
    box.vp.rip = random.next() % 4096
  }
  #expect(retired > 10_000)
}

@Test func `Random bytes and random registers in 32-bit mode do not harm the host`() throws {
  let retired = try runNoise(seed: 3, rounds: 1500) { box, random in
    box.vp.reset(.powerOn)
    scatter(box, &random)
    var state = PrivateState.protectedMode(rip: 0x10000 + random.next() % 4096, rsp: 0x8_0000)
    state.gdtr = TableRegister(base: 0x4000, limit: 0xFFF)
    state.idtr = TableRegister(base: 0x4000 + random.next() % 64, limit: 0xFFF)
    if random.next() % 4 == 0 { state.cs.attributes = UInt16(truncatingIfNeeded: random.next()) }
    if random.next() % 4 == 0 { state.ss.attributes = UInt16(truncatingIfNeeded: random.next()) }
    if random.next() % 4 == 0 { state.ds.limit = UInt32(truncatingIfNeeded: random.next() >> 40) }
    box.vp.privateState = state
  }
  #expect(retired > 10_000)
}
