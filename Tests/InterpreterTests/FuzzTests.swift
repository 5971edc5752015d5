import Architecture
import Foundation
import Interpreter
import Memory
import Testing

/// How many instructions each of these tests retires; `VTLSCOPE_FUZZ_INSTRUCTIONS` asks for more.
private let wantedInstructions =
  ProcessInfo.processInfo.environment["VTLSCOPE_FUZZ_INSTRUCTIONS"].flatMap(UInt64.init) ?? 30_000

/// Runs whatever bytes come, answers every exit, and goes on after a shutdown. A handler's HLT goes on at `entry`, plus
/// an offset in the page.
private func runNoise(
  seed: UInt64, entry: UInt64 = 0x10000, page: (inout Seeded) -> [UInt8] = noise,
  prepare: (Sandbox, inout Seeded) -> Void
) throws {
  let box = try Sandbox(size: 4 << 20)
  var random = Seeded(seed)
  var retired: UInt64 = 0
  while retired < wantedInstructions {
    prepare(box, &random)
    box.memory.write(page(&random), at: GPA(0x10000))
    let before = box.vp.instructions
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
      case .halted: box.vp.rip = entry + random.next() % 4096
      case .exception, .pause, .interruptWindow, .portOut, .mmioWrite, .memoryIntercept, .registerIntercept,
        .msrIntercept, .portIntercept:
        break
      }
    }
    // A round in which nothing retires counts too, so that the test ends.
    retired += max(1, box.vp.instructions &- before)
  }
}

private func noise(_ random: inout Seeded) -> [UInt8] {
  (0..<512).flatMap { _ in
    let word = random.next()
    return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
  }
}

/// Noise in which every few bytes an x87, MMX, SSE or AVX instruction begins.
private func vectorNoise(_ random: inout Seeded) -> [UInt8] {
  let starts: [[UInt8]] = [
    [0x0F], [0x66, 0x0F], [0xF2, 0x0F], [0xF3, 0x0F], [0x66, 0x0F, 0x38], [0x66, 0x0F, 0x3A], [0xC5], [0xC4, 0xE1],
    [0xC4, 0xE2], [0xC4, 0xE3], [0xC4, 0xC2], [0x66, 0x48, 0x0F], [0x0F, 0xAE], [0x0F, 0xC7],
  ]
  var bytes: [UInt8] = []
  while bytes.count < 4096 {
    let wild = random.next()
    if wild % 4 == 0 {
      bytes.append(0xD8 + UInt8(truncatingIfNeeded: wild >> 8) % 8)
    } else {
      bytes += starts[Int(wild >> 8) % starts.count]
    }
    for i in 0..<3 + (wild >> 16) % 3 { bytes.append(UInt8(truncatingIfNeeded: wild >> (24 + i * 8))) }
  }
  return Array(bytes.prefix(4096))
}

private func scatter(_ box: Sandbox, _ random: inout Seeded) {
  for register in GeneralRegister.allCases {
    box.vp[register] = random.next() >> (random.next() % 64)
    if random.next() % 2 == 0 { box.vp[register] = 0x20_0000 + random.next() % 0x10_0000 }
  }
}

@Test func `Random bytes in 64-bit mode do not harm the host`() throws {
  try runNoise(seed: 1) { box, random in
    box.vp.reset(.powerOn)
    for i in 0..<UInt64(512) { box.memory.store64(i << 21 | 0x87, at: GPA(0x3000 + i * 8)) }
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    scatter(box, &random)
    box.vp.enterLongMode(cr3: 0x1000, rip: 0x10000 + random.next() % 4096, rsp: 0x8_0000, rdi: 0)
    box.installTables()
  }
}

@Test func `Random bytes in real mode do not harm the host`() throws {
  try runNoise(seed: 2, entry: 0) { box, random in
    box.vp.reset(.powerOn)
    scatter(box, &random)
    box.vp.start(vector: VectorNumber(rawValue: 0x10))
    box.vp.rip = random.next() % 4096
  }
}

@Test func `Random bytes and random registers in 32-bit mode do not harm the host`() throws {
  try runNoise(seed: 3) { box, random in
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
}

@Test func `Random x87, MMX, SSE and AVX instructions with random control words do not harm the host`() throws {
  try runNoise(seed: 4, page: vectorNoise) { box, random in
    box.vp.reset(.powerOn)
    for i in 0..<UInt64(512) { box.memory.store64(i << 21 | 0x87, at: GPA(0x3000 + i * 8)) }
    box.memory.store64(0x2007, at: GPA(0x1000))
    box.memory.store64(0x3007, at: GPA(0x2000))
    scatter(box, &random)
    box.vp.enterLongMode(cr3: 0x1000, rip: 0x10000, rsp: 0x8_0000, rdi: 0)
    box.installTables()
    box.enableVectors()
    for i in 0..<16 {
      box.vp.setVector(i, low: random.next(), high: random.next())
      box.vp.setUpperVector(i, low: random.next(), high: random.next())
    }
  }
}
