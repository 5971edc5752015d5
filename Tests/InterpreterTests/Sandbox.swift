import Architecture
import Interpreter
import Memory

/// A VP in 64-bit mode with memory mapped one to one, for snippets of machine code.
final class Sandbox {
  let memory: GuestMemory
  let interpreter: Interpreter
  let vp = Processor()
  private var loaded: [UInt8] = []
  static var code: UInt64 { 0x10000 }
  static var stack: UInt64 { 0x2001_0000 }
  static var data: UInt64 { 0x2000_0000 }
  static var tables: UInt64 { 0x1000 }

  /// The first GiB in 2 MiB pages, supervisor and writable.
  init(size: UInt64 = 0x2100_0000, features: CPUFeatures = .all) throws {
    memory = try GuestMemory(size: size)
    interpreter = Interpreter(memory: memory, features: features)
    memory.store64(0x2003, at: GPA(0x1000))
    memory.store64(0x3003, at: GPA(0x2000))
    for i in 0..<UInt64(512) { memory.store64(i << 21 | 0x83, at: GPA(0x3000 + i * 8)) }
    vp.enterLongMode(cr3: 0x1000, rip: Self.code, rsp: Self.stack, rdi: 0)
  }

  /// All of the vector state is on, as under an operating system.
  func enableVectors() {
    var state = vp.privateState
    state.cr4 |= CR4.osxsave.rawValue
    vp.privateState = state
    vp.xcr0 = 7
  }

  func load(_ bytes: [UInt8], at address: UInt64 = Sandbox.code) { memory.write(bytes, at: GPA(address)) }

  /// Runs the bytes, to which HLT is added, and returns how it ended.
  @discardableResult
  func run(_ bytes: [UInt8], ticks: UInt64 = 100_000) -> Exit {
    if bytes != loaded {
      load(bytes + [0xF4])
      loaded = bytes
    }
    vp.rip = Self.code
    return go(ticks: ticks)
  }

  /// Goes on; exceptions are what their handlers make of them.
  func go(ticks: UInt64 = 100_000) -> Exit {
    while true {
      let exit = interpreter.run(vp, ticks: ticks)
      if exit != .exception { return exit }
    }
  }

  /// 64-bit code, or 32-bit code in compatibility mode, at privilege level 0.
  func setCode(bits: Int) {
    var state = vp.privateState
    state.cs = bits == 64 ? .code64(8) : .code32(0x38)
    vp.privateState = state
  }

  /// An IDT at 5000h whose every gate leads to a HLT of its own at 6000h + vector x 16, on the GDT at 4000h.
  func installTables() {
    let descriptors: [UInt64] = [
      0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0, 0x00CF_F300_0000_FFFF,
      0x00AF_FB00_0000_FFFF, 0x0000_8900_7000_0067, 0,
    ]
    for (i, value) in descriptors.enumerated() { memory.store64(value, at: GPA(0x4000 + UInt64(i) * 8)) }
    for vector in UInt64(0)..<256 {
      setGate(vector, offset: 0x6000 + vector * 16)
      memory.write([0xF4, 0x48, 0xCF], at: GPA(0x6000 + vector * 16))
    }
    var state = vp.privateState
    state.gdtr = TableRegister(base: 0x4000, limit: 63)
    state.idtr = TableRegister(base: 0x5000, limit: 4095)
    state.tr = SegmentRegister(selector: 0x30, base: 0x7000, limit: 0x67, attributes: 0x8B)
    vp.privateState = state
  }

  func setGate(_ vector: UInt64, offset: UInt64, stackTable: UInt64 = 0, type: UInt64 = 0xE, level: UInt64 = 0) {
    let attributes = (0x80 | level << 5 | type) << 40
    let low = offset & 0xFFFF | 8 << 16 | stackTable << 32 | attributes | (offset >> 16 & 0xFFFF) << 48
    memory.store64(low, at: GPA(0x5000 + vector * 16))
    memory.store64(offset >> 32, at: GPA(0x5008 + vector * 16))
  }
}

/// A small generator, so that a failure can be run again (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
