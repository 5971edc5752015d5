import Architecture
import Interpreter
import Memory

/// Guest programs of a few instructions, to see what the interpreter does in a second.
enum InterpreterBench {
  struct Program {
    var name: String
    var code: [UInt8]
  }

  static var programs: [Program] {
    [
      // 1: imul rax, rax, 31; add rax, rcx; xor rax, rdx; shr rdx, 1; lea rdx, [rdx + rax * 2]; and eax, 0xffffff
      //    dec rcx; jnz 1
      Program(
        name: "arithmetic",
        code: [
          0x48, 0x6B, 0xC0, 0x1F, 0x48, 0x01, 0xC8, 0x48, 0x31, 0xD0, 0x48, 0xD1, 0xEA, 0x48, 0x8D, 0x14, 0x42,
          0x25, 0xFF, 0xFF, 0xFF, 0x00, 0x48, 0xFF, 0xC9, 0x75, 0xE5, 0xF4,
        ]),
      Program(name: "sieve", code: sieve),
      // mov edi, 32; call fib; hlt; fib: cmp edi, 2; jb out; push rdi; dec edi; call fib; pop rdi; push rax
      // sub edi, 2; call fib; pop rdx; add eax, edx; ret; out: mov eax, edi; ret
      Program(
        name: "fib",
        code: [
          0xBF, 0x20, 0, 0, 0, 0xE8, 1, 0, 0, 0, 0xF4, 0x83, 0xFF, 0x02, 0x72, 0x17, 0x57, 0xFF, 0xCF, 0xE8, 0xF3,
          0xFF, 0xFF, 0xFF, 0x5F, 0x50, 0x83, 0xEF, 0x02, 0xE8, 0xE9, 0xFF, 0xFF, 0xFF, 0x5A, 0x01, 0xD0, 0xC3, 0x89,
          0xF8, 0xC3,
        ]),
    ]
  }

  /// The code of one of them.
  static func program(_ name: String) -> [UInt8] {
    guard let program = programs.first(where: { $0.name == name }) else { preconditionFailure("no program \(name)") }
    return program.code
  }

  /// Marks multiples in an array of 1 MiB, a byte each, again and again.
  private static var sieve: [UInt8] {
    [
      0xBB, 0, 0, 0x20, 0,  // mov ebx, 0x200000
      0xBE, 2, 0, 0, 0,  // again: mov esi, 2
      0x89, 0xF1,  // next: mov ecx, esi
      0x01, 0xF1,  // add ecx, esi
      0x80, 0x3C, 0x33, 0x00,  // cmp byte [rbx + rsi], 0
      0x75, 0x0E,  // jne skip
      0xC6, 0x04, 0x0B, 0x01,  // mark: mov byte [rbx + rcx], 1
      0x01, 0xF1,  // add ecx, esi
      0x81, 0xF9, 0, 0, 0x10, 0,  // cmp ecx, 0x100000
      0x72, 0xF2,  // jb mark
      0xFF, 0xC6,  // skip: inc esi
      0x81, 0xFE, 0, 0x02, 0, 0,  // cmp esi, 0x200
      0x72, 0xDE,  // jb next
      0x8A, 0x03,  // mov al, [rbx]
      0x31, 0xC0,  // xor eax, eax
      0x48, 0x89, 0xDF,  // mov rdi, rbx
      0xB9, 0, 0, 0x02, 0,  // mov ecx, 0x20000
      0xF3, 0x48, 0xAB,  // rep stosq
      0xEB, 0xC3,  // jmp again
    ]
  }

  /// Runs `program` for `ticks`, in slices of `slice`, and returns the instructions retired.
  static func run(_ program: Program, ticks: UInt64, slice: UInt64) throws -> UInt64 {
    let memory = try GuestMemory(size: 16 << 20)
    let interpreter = Interpreter(memory: memory)
    let vp = Processor()
    memory.store64(0x2003, at: GPA(0x1000))
    memory.store64(0x83, at: GPA(0x2000))
    for i in 0..<UInt64(8) { memory.store64(i << 30 | 0x83, at: GPA(0x2000 + i * 8)) }
    memory.write(program.code, at: GPA(0x10000))
    vp.enterLongMode(cr3: 0x1000, rip: 0x10000, rsp: 0x80000, rdi: 0)
    vp[.rcx] = ticks
    vp[.rdx] = 0x1234_5678_9ABC
    var used: UInt64 = 0
    while used < ticks {
      guard interpreter.run(vp, ticks: min(slice, ticks - used)) == .budget else { break }
      used += vp.ticksUsed
    }
    return vp.instructions
  }

  /// A row per program, a column per length of the slices that VPs take turns in.
  static func report(ticks: UInt64 = 200_000_000) throws {
    let slices: [UInt64] = [1_000, 10_000, 1_000_000]
    print("\ninterpreter, million guest instructions per second of processor time, in slices of")
    row("", slices.map(String.init) + ["host instr."])
    for program in programs {
      let figures = try slices.map { slice in
        let start = processorNanoseconds()
        let retired = try run(program, ticks: ticks, slice: slice)
        return tenths(Double(retired) * 1_000 / Double(processorNanoseconds() - start))
      }
      row(program.name, figures + [hostInstructions(program).map(tenths) ?? "no valgrind"])
    }
  }

  /// Of the host, per guest instruction.
  private static func hostInstructions(_ program: Program) -> Double? {
    InstructionCounter.count(each: ["interpreter", program.name], from: 500_000, to: 1_000_000)
  }

  /// `Bench --work interpreter PROGRAM TICKS`.
  static func work(_ arguments: [String]) throws {
    guard arguments.count == 2, let program = programs.first(where: { $0.name == arguments[0] }),
      let ticks = UInt64(arguments[1])
    else { return }
    _ = try run(program, ticks: ticks, slice: 10_000)
  }
}
