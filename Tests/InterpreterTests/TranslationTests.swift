import Architecture
import Interpreter
import Memory
import Testing

/// When a translation that has been used is forgotten, and other things that only show from one instruction to the next.
@Suite struct TranslationTests {
  /// The 2 MiB page at 20200000h shows 1111h at 20201000h; the one at 20400000h would show 2222h.
  private func pages() throws -> Sandbox {
    let sandbox = try Sandbox()
    sandbox.memory.store64(0x1111, at: GPA(0x2020_1000))
    sandbox.memory.store64(0x2222, at: GPA(0x2040_1000))
    return sandbox
  }

  /// mov rsi, [20201000h]
  private static let load: [UInt8] = [0x48, 0x8B, 0x34, 0x25, 0x00, 0x10, 0x20, 0x20]
  /// mov rdx, [20201000h]
  private static let loadAgain: [UInt8] = [0x48, 0x8B, 0x14, 0x25, 0x00, 0x10, 0x20, 0x20]
  /// mov rbx, 20400083h; mov [3808h], rbx: the page's entry now points to the other page.
  private static let remap: [UInt8] = [
    0x48, 0xC7, 0xC3, 0x83, 0x00, 0x40, 0x20, 0x48, 0x89, 0x1C, 0x25, 0x08, 0x38, 0x00, 0x00,
  ]

  @Test func `INVLPG of a large page forgets all of it (SDM Vol. 3A, 4.10.4.1)`() throws {
    let sandbox = try pages()
    // invlpg [20200000h]
    sandbox.run(Self.load + Self.remap + [0x0F, 0x01, 0x3C, 0x25, 0x00, 0x00, 0x20, 0x20] + Self.loadAgain)
    #expect(sandbox.vp[.rsi] == 0x1111)
    #expect(sandbox.vp[.rdx] == 0x2222)
  }

  /// What HvCallFlushVirtualAddressSpace does to a VP that is not the caller.
  @Test func `a flush from outside is of one VTL`() throws {
    let sandbox = try pages()
    sandbox.run(Self.load)
    sandbox.memory.store64(0x2040_0083, at: GPA(0x3808))
    for (vtl, expected) in [(nil, 0x1111), (VTL.vtl1, 0x1111), (.vtl0, 0x2222)] as [(VTL?, UInt64)] {
      if let vtl { sandbox.interpreter.flushTranslations(of: sandbox.vp, vtl: vtl) }
      sandbox.run(Self.load)
      #expect(sandbox.vp[.rsi] == expected)
    }
  }

  @Test func `toggling CR4.PGE empties the TLB for every privilege and for both values of AC`() throws {
    let sandbox = try pages()
    var code: [UInt8] = [0x0F, 0x20, 0xE0]  // mov rax, cr4
    code += [0x48, 0x0F, 0xBA, 0xE8, 0x15, 0x48, 0x0F, 0xBA, 0xE8, 0x07]  // bts rax, 21 (SMAP); bts rax, 7 (PGE)
    code += [0x0F, 0x22, 0xE0, 0x0F, 0x01, 0xCB] + Self.load  // mov cr4, rax; stac
    code += [0x0F, 0x01, 0xCA] + Self.remap  // clac
    code += [0x48, 0x89, 0xC1, 0x48, 0x0F, 0xBA, 0xF1, 0x07]  // mov rcx, rax; btr rcx, 7
    code += [0x0F, 0x22, 0xE1, 0x0F, 0x22, 0xE0]  // mov cr4, rcx; mov cr4, rax
    sandbox.run(code + [0x0F, 0x01, 0xCB] + Self.loadAgain)  // stac
    #expect(sandbox.vp[.rsi] == 0x1111)
    #expect(sandbox.vp[.rdx] == 0x2222)
  }

  @Test func `the TSC does not run ahead in the shadow of STI`() throws {
    let sandbox = try Sandbox()
    // cli; sti; rdtsc; mov rsi, rax; cli; rdtsc
    sandbox.run([0xFA, 0xFB, 0x0F, 0x31, 0x48, 0x89, 0xC6, 0xFA, 0x0F, 0x31])
    #expect(sandbox.vp[.rsi] < sandbox.vp[.rax])
    #expect(sandbox.vp[.rax] < 200)
  }

  @Test func `a fault on the way of INT n points at the INT (SDM Vol. 3A, 6.5)`() throws {
    let sandbox = try Sandbox()
    sandbox.installTables()
    sandbox.memory.store64(0, at: GPA(0x5000 + 0x40 * 16))
    sandbox.run([0x90, 0xCD, 0x40])
    // Error code, then RIP, on the stack of the #GP handler.
    let top = sandbox.vp[.rsp]
    #expect(sandbox.memory.load64(GPA(top)) == 0x40 << 3 | 2)
    #expect(sandbox.memory.load64(GPA(top + 8)) == Sandbox.code + 1)
  }
}
