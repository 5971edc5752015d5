/// What the peers run too: 64-bit code that does its work a given number of times and then ends the machine.
struct PeerProgram {
  var name: String
  /// Done once.
  var preparation: [UInt8] = []
  /// Done each time. R15 counts, and is not for it.
  var work: [UInt8]
  /// Data, or more code, at `blockAddress`.
  var block: [UInt8] = []
  /// How often, so that a run is about a second.
  var times: UInt32

  private static var blockAddress: UInt64 { 0x12000 }
  private static var blockBytes: Int { 0x8000 }

  static let all: [PeerProgram] = [integers, memory, calls, footprint]

  /// To be loaded at `BootDisk.codeAddress`.
  func code(times: UInt32) -> [UInt8] {
    let count = (0..<4).map { UInt8(truncatingIfNeeded: times >> ($0 * 8)) }
    let back = UInt32(bitPattern: -Int32(work.count + 9))
    var code = preparation + [0x41, 0xBF] + count  // mov r15d, times
    code += work + [0x41, 0xFF, 0xCF, 0x0F, 0x85]  // dec r15d; jnz work
    code += (0..<4).map { UInt8(truncatingIfNeeded: back >> ($0 * 8)) } + Self.end
    guard !block.isEmpty else { return code }
    return code + [UInt8](repeating: 0, count: Int(Self.blockAddress - BootDisk.codeAddress) - code.count) + block
  }

  /// QEMU and vtlscope end at port F4h, Bochs at the word `Shutdown` on its port 8900h.
  private static let end: [UInt8] =
    [
      0x31, 0xC0, 0x66, 0xBA, 0xF4, 0x00, 0xEF,  // xor eax, eax; mov dx, 0xF4; out dx, eax
      0x48, 0x8D, 0x35, 0x0D, 0x00, 0x00, 0x00,  // lea rsi, [rip + 13]
      0x66, 0xBA, 0x00, 0x89, 0xB9, 0x08, 0x00, 0x00, 0x00,  // mov dx, 0x8900; mov ecx, 8
      0xF3, 0x6E, 0xFA, 0xF4,  // rep outsb; cli; hlt
    ] + Array("Shutdown".utf8)

  /// 100,000 turns of eight instructions on registers.
  private static var integers: PeerProgram {
    PeerProgram(
      name: "integer loop", work: [0xB9, 0xA0, 0x86, 0x01, 0x00] + InterpreterBench.program("arithmetic").dropLast(),
      times: 300)
  }

  /// One sieve of 1 MiB, without the jump back to its start.
  private static var memory: PeerProgram {
    PeerProgram(name: "memory-bound loop", work: InterpreterBench.program("sieve").dropLast(2), times: 20)
  }

  /// fib(24).
  private static var calls: PeerProgram {
    let function = Array(InterpreterBench.program("fib").dropFirst(11))
    return PeerProgram(
      name: "call-heavy code",
      // mov edi, 24; call function; jmp over it
      work: [0xBF, 24, 0, 0, 0, 0xE8, 2, 0, 0, 0, 0xEB, UInt8(function.count)] + function, times: 150)
  }

  /// 2 MiB of code without a loop: 64 copies of 32 KiB of short blocks, one after the other at 400000h.
  private static var footprint: PeerProgram {
    PeerProgram(
      name: "code larger than the caches",
      preparation: [
        0xBF, 0x00, 0x00, 0x40, 0x00, 0xBA, 64, 0, 0, 0,  // mov edi, 0x400000; mov edx, 64
        0xBE, 0x00, 0x20, 0x01, 0x00, 0xB9, 0x00, 0x10, 0, 0,  // copy: mov esi, block; mov ecx, 0x1000
        0xF3, 0x48, 0xA5,  // rep movsq
        0xFF, 0xCA, 0x75, 0xEF,  // dec edx; jnz copy
        0xC6, 0x07, 0xC3,  // mov byte [rdi], ret
        0xBB, 0x00, 0x00, 0x20, 0x00,  // mov ebx, 0x200000
      ],
      work: [0xB8, 0x00, 0x00, 0x40, 0x00, 0xFF, 0xD0],  // mov eax, 0x400000; call rax
      block: shortBlocks, times: 30)
  }

  /// Arithmetic, loads and stores by RBX, and jumps over an instruction that are taken or not.
  private static var shortBlocks: [UInt8] {
    var state: UInt64 = 1
    func random(_ bound: UInt64) -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: (state >> 33) % bound)
    }
    // RAX, RCX, RDX, RBP, RSI, RDI.
    let registers: [UInt8] = [0, 1, 2, 5, 6, 7]
    func pair(_ a: UInt8 = registers[Int(random(6))]) -> UInt8 { 0xC0 | registers[Int(random(6))] << 3 | a }
    var code: [UInt8] = []
    while code.count < blockBytes - 16 {
      switch random(8) {
      case 0, 1: code += [0x48, [0x01, 0x29, 0x31, 0x21, 0x89][Int(random(5))], pair()]
      case 2: code += [0x83, 0xC0 | registers[Int(random(6))], random(128)]  // add r32, imm8
      case 3: code += [0x48, 0xC1, 0xC0 | registers[Int(random(6))], 1 + random(30)]  // rol
      case 4: code += [0x48, 0x8B, 0x83 | registers[Int(random(6))] << 3, random(32) << 3, random(256), 0, 0]
      case 5: code += [0x48, 0x89, 0x83 | registers[Int(random(6))] << 3, random(32) << 3, random(256), 0, 0]
      default:
        code += [0x39, pair(), 0x70 | random(16), 3]  // cmp; jcc over
        code += [0x48, 0x31, pair()]
      }
    }
    return code + [UInt8](repeating: 0x90, count: blockBytes - code.count)
  }
}
