#if arch(x86_64)
  import Architecture
  import HostOracle
  import Interpreter
  import Memory
  import Testing

  private var arithmetic: [Form] {
    (0..<8).flatMap { kind -> [Form] in
      let undefined = [1, 4, 6].contains(kind) ? "a" : ""
      let base = hex(kind * 8 + 1)
      let from = hex(kind * 8 + 3)
      let ext = hex(kind * 8 + 0xC2)
      let mem = hex(kind * 8 + 0x43)
      return forms(
        """
        alu \(kind) r,r * | \(base) . ca | \(undefined)
        alu \(kind) r,r * | \(base) . d1 | \(undefined)
        alu \(kind) r,r * | \(base) . ec | \(undefined)
        alu \(kind) m,r * | \(base) . 4b 08 | \(undefined)
        alu \(kind) r,m * | \(from) . 4b 08 | \(undefined)
        alu \(kind) r,i8 + | 83 . \(ext) f1 | \(undefined)
        alu \(kind) m,i8 + | 83 . \(mem) 08 7f | \(undefined)
        alu \(kind) b,i | 80 \(ext) f1 | \(undefined)
        alu \(kind) mb,i | 80 \(mem) 08 85 | \(undefined)
        alu \(kind) al,i | \(hex(kind * 8 + 4)) 80 | \(undefined)
        alu \(kind) eax,i | \(hex(kind * 8 + 5)) 1 2 3 84 | \(undefined)
        alu \(kind) rax,i | 48 \(hex(kind * 8 + 5)) 1 2 3 84 | \(undefined)
        """)
    }
  }

  private let unary = """
    inc * | ff . c1
    dec * | ff . c9
    inc m * | ff . 43 08
    dec m * | ff . 4b 08
    neg * | f7 . d9
    not * | f7 . d1
    neg m * | f7 . 5b 08
    not m * | f7 . 53 08
    test r,r * | 85 . d1 | a
    test m,r * | 85 . 4b 08 | a
    test al,i | a8 91 | a
    test r,i | f7 c1 1 0 0 80 | a
    mul * | f7 . e1 | szap
    imul * | f7 . e9 | szap
    mul m * | f7 . 63 08 | szap
    imul r,r + | 0f af . d1 | szap
    imul r,m + | 0f af . 4b 08 | szap
    imul r,r,i8 + | 6b . d1 9c | szap
    imul r,r,i32 | 69 d1 1 2 3 84 | szap
    imul r,m,i32 | 48 69 4b 08 1 2 3 84 | szap
    div * | f7 . f1 | oszapc
    idiv * | f7 . f9 | oszapc
    div m * | f7 . 73 08 | oszapc
    idiv m * | f7 . 7b 08 | oszapc
    """

  private var shifts: [Form] {
    (0..<8).flatMap { kind -> [Form] in
      let rm = hex(0xC2 + kind * 8)
      let some = kind < 4 ? "o" : "oa"
      // The last bit out is undefined where the count passes the width.
      let narrow = kind < 4 ? "o" : "oac"
      return forms(
        """
        shift \(kind) r,1 * | d1 . \(rm) | \(kind < 4 ? "" : "a")
        shift \(kind) r,cl * | d3 . \(rm) | \(narrow)
        shift \(kind) r32,cl | d3 \(rm) | \(some)
        shift \(kind) r64,cl | 48 d3 \(rm) | \(some)
        shift \(kind) r,5 * | c1 . \(rm) 05 | \(some)
        shift \(kind) m,3 * | c1 . \(hex(0x43 + kind * 8)) 08 03 | \(some)
        shift \(kind) r,0 | c1 \(rm) 40
        """)
    }
  }

  private let bits = """
    shld 7 + | 0f a4 . ca 07 | oa
    shrd 7 + | 0f ac . ca 07 | oa
    shld 1 + | 0f a4 . ca 01 | a
    shrd m 1 + | 0f ac . 4b 08 01 | a
    shld cl | 0f a5 fa | oa
    shrd cl | 48 0f ad fa | oa
    bt r,r + | 0f a3 . ca | osap
    bts r,r + | 0f ab . ca | osap
    btr r,r + | 0f b3 . ca | osap
    btc r,r + | 0f bb . ca | osap
    bts string | 0f b6 c9 48 0f ab 4b 08 | osap
    btr string back | 0f be c9 0f b3 4b 08 | osap
    bt r,i + | 0f ba . e2 4d | osap
    bts r,i + | 0f ba . ea 4d | osap
    btr m,i + | 0f ba . 73 08 35 | osap
    btc m,i + | 0f ba . 7b 08 35 | osap
    bsf | 83 c9 40 0f bc d1 | oscap
    bsr | 83 c9 02 0f bd d1 | oscap
    bsf 64 | 48 83 c9 40 48 0f bc d1 | oscap
    bsr 16 | 83 c9 02 66 0f bd d1 | oscap
    bsf zero | 31 c9 66 0f bc d1 | oscap
    bswap | 0f c9
    bswap 64 | 48 0f ca
    popcnt | f3 0f b8 ca
    popcnt 64 | f3 48 0f b8 ca
    popcnt m | 66 f3 0f b8 4b 08
    """

  private var conditions: [Form] {
    (0..<16).flatMap { code in
      forms(
        """
        set \(code) | 0f \(hex(0x90 + code)) c1
        set m \(code) | 0f \(hex(0x90 + code)) 43 08
        cmov \(code) + | 0f \(hex(0x40 + code)) . ca
        cmov m \(code) + | 0f \(hex(0x40 + code)) . 4b 08
        jcc \(code) | \(hex(0x70 + code)) 03 b1 01 90
        cmp jcc \(code) | 39 d1 \(hex(0x70 + code)) 03 b1 01 90
        cmp jcc 64 \(code) | 48 39 d1 \(hex(0x70 + code)) 03 b1 01 90
        cmp i jcc \(code) | 83 f9 ff \(hex(0x70 + code)) 03 b1 01 90
        cmp i jcc 64 \(code) | 48 83 f9 7f 0f \(hex(0x80 + code)) 03 00 00 00 b1 01 90
        cmp m jcc \(code) | 3b 4b 08 \(hex(0x70 + code)) 03 b1 01 90
        cmp b jcc \(code) | 38 d1 \(hex(0x70 + code)) 03 b1 01 90
        test jcc \(code) | 85 d1 \(hex(0x70 + code)) 03 b1 01 90 | a
        test jcc 64 \(code) | 48 85 d1 \(hex(0x70 + code)) 03 b1 01 90 | a
        test jcc m \(code) | f6 43 08 11 \(hex(0x70 + code)) 03 b1 01 90 | a
        dec jcc \(code) | ff c9 \(hex(0x70 + code)) 03 b1 01 90
        add jcc \(code) | 48 01 d1 \(hex(0x70 + code)) 03 b1 01 90
        sub set \(code) | 66 29 d1 0f \(hex(0x90 + code)) c0
        dec set \(code) | fe c9 0f \(hex(0x90 + code)) c0
        adc set \(code) | 11 d1 0f \(hex(0x90 + code)) c0
        sbb set \(code) | 48 19 d1 0f \(hex(0x90 + code)) c0
        """)
    }
  }

  private let moves = """
    mov r,r * | 89 . ca
    mov r,r high * | 89 . ec
    mov m,r * | 89 . 4b 08
    mov r,m * | 8b . 4b 08
    mov sib | 48 8b 4c b3 08
    mov a,i | b8 1 2 3 84
    mov r,i64 | 48 b9 1 2 3 84 5 6 7 88
    mov m,i | c7 43 08 1 2 3 84
    mov m,i64 | 48 c7 43 08 1 2 3 84
    mov m,i16 | 66 c7 43 08 1 82
    mov m,i8 | c6 43 08 81
    mov r,i32 | 48 c7 c1 1 2 3 84
    movzx 8 + | 0f b6 . cc
    movzx 16 + | 0f b7 . ca
    movsx 8 + | 0f be . cc
    movsx 16 + | 0f bf . ca
    movsx m + | 0f be . 4b 08
    movzx m + | 0f b7 . 4b 08
    movsx m16 + | 0f bf . 4b 08
    movzx m8 + | 0f b6 . 4b 08
    movsxd + | 63 . ca
    movsxd m | 48 63 4b 08
    cbw + | 98 .
    cwd + | 99 .
    lea + | 8d . 54 8b 13
    lea disp + | 8d . 14 4d 1 2 3 4
    lea a32 | 67 8d 54 8b 13
    xchg r,r * | 87 . ca
    xchg m * | 87 . 4b 08
    xchg a + | 92 .
    xadd r * | 0f c1 . ca
    xadd same | 0f c1 c9
    xadd m * | 0f c1 . 4b 08
    cmpxchg m * | 0f b1 . 4b 08
    cmpxchg equal | 8b 43 08 0f b1 4b 08
    cmpxchg8b | 0f c7 4b 08
    cmpxchg16b | 48 0f c7 4b 10
    cmpxchg16b equal | 48 8b 43 10 48 8b 53 18 48 0f c7 4b 10
    xlat | d7
    lahf | 9f
    sahf | 9e
    cmc | f5
    clc | f8
    stc | f9
    movbe + | 0f 38 f0 . 4b 08
    movbe m + | 0f 38 f1 . 4b 08
    moffs | a1 8 8 0 20 0 0 0 0
    moffs st | 48 a3 8 8 0 20 0 0 0 0
    """

  private let stack = """
    push pop | 51 5a
    push pop 16 | 66 51 66 5a
    push i8 | 6a 85 5a
    push i32 | 68 1 2 3 84 5a
    push m pop m | ff 73 08 8f 43 10
    pop rsp | 54 5c
    pop [rsp] | 51 52 8f 04 24 5a
    push16 i | 66 68 1 82 66 5a
    enter leave | c8 20 0 0 48 89 e9 c9
    enter nested | 48 89 e5 c8 20 0 3 48 89 e1 c9
    pushf | 9c 59 81 e1 d5 8 0 0 | a
    popf | 0f b6 c9 51 9d
    call ret | e8 2 0 0 0 eb 3 b1 7 c3
    call ret n | 50 e8 2 0 0 0 eb 5 b1 7 c2 8 0
    call indirect | 48 8d 0d 4 0 0 0 ff d1 eb 3 b1 7 c3 31 c9
    jmp indirect | 48 8d 0d 4 0 0 0 ff e1 b2 7 90 31 c9
    """

  private var strings: [Form] {
    let single = forms(
      """
      movs * | a5 .
      cmps * | a7 .
      stos * | ab .
      lods * | ad .
      scas * | af .
      loop | b9 5 0 0 0 ff c2 e2 fc
      loope | b9 5 0 0 0 ff c2 e1 fc
      loopne | b9 5 0 0 0 ff c2 e0 fc
      jrcxz | e3 2 b2 1
      jecxz | 67 e3 2 b2 1
      """)
    let opcodes = [0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAE, 0xAF]
    return single
      + opcodes.flatMap { opcode in
        // movzx ecx, cl; shr ecx, 2; cmp ecx, ecx
        forms(
          """
          rep \(opcode) | 0f b6 c9 c1 e9 2 39 c9 f3 \(hex(opcode))
          repne \(opcode) | 0f b6 c9 c1 e9 2 39 c9 f2 \(hex(opcode))
          rep 64 \(opcode) | 0f b6 c9 c1 e9 2 39 c9 f3 48 \(hex(opcode))
          rep 16 \(opcode) | 0f b6 c9 c1 e9 2 39 c9 66 f3 \(hex(opcode))
          rep down \(opcode) | 0f b6 c9 c1 e9 2 39 c9 fd f3 \(hex(opcode)) fc
          rep near \(opcode) | 0f b6 c9 c1 e9 2 48 8d 7e 05 39 c9 f3 \(hex(opcode))
          """)
      }
  }

  extension Form {
    fileprivate func agrees(_ own: (UInt64, UInt64), _ host: (UInt64, UInt64)) -> Bool {
      if own == host { return true }
      guard leavesNaNOpen else { return false }
      return [(own.0, host.0), (own.0 >> 32, host.0 >> 32), (own.1, host.1), (own.1 >> 32, host.1 >> 32)].allSatisfy {
        let (one, other) = (UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $1))
        return one == other || Float(bitPattern: one).isNaN && Float(bitPattern: other).isNaN
      }
    }
  }

  /// The same code with the same registers on both processors, with values from corners and from a fixed seed.
  @Suite(.serialized) struct OracleTests {
    static let families: [[Form]] = [
      arithmetic, forms(unary), shifts, forms(bits), conditions, forms(moves), forms(stack), strings, vectors,
      oracle_supports(ORACLE_BMI) != 0 ? bitManipulation : [], legacy, vectorFloats, stackFloats,
      oracle_supports(ORACLE_SSE42) != 0 ? stringCompares : [], oracle_supports(ORACLE_AVX2) != 0 ? wideVectors : [],
      oracle_supports(ORACLE_AVX) != 0 ? wideFloats : [],
    ]

    @Test(arguments: families.indices)
    func `The host's processor and the interpreter agree`(family: Int) throws {
      let box = try Sandbox()
      box.installTables()
      box.enableVectors()
      var random = Seeded(UInt64(family) + 1)
      let noise = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      for form in Self.families[family] {
        for round in 0..<400 {
          let input = Input(round: round, noise, &random)
          // The first difference of a form tells enough.
          if let difference = Self.compare(box, form, input) {
            Issue.record("\(form.name): \(difference)")
            break
          }
        }
      }
    }

    struct Input {
      var state = oracle_state()
      var data: [UInt8]

      private static let corners: [UInt64] = [
        0, 1, .max, 1 << 63, 1 << 31, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x80, 0x7F, 0xFF, 0x8000, 0x7FFF, 0xFFFF,
      ]
      /// Ones, infinities, NaNs, the smallest and largest numbers, denormals: in double and in single precision.
      private static let numbers: [UInt64] = [
        0x3FF0_0000_0000_0000, 0xBFF0_0000_0000_0000, 0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000,
        0x7FF8_0000_0000_1234, 0x7FF0_0000_0000_0001, 0x0010_0000_0000_0000, 0x000F_FFFF_FFFF_FFFF,
        0x7FEF_FFFF_FFFF_FFFF, 0x0000_0000_0000_0001, 0x43E0_0000_0000_0000, 0x41DF_FFFF_FFC0_0000,
        0x3F80_0000_BF80_0000, 0x7F80_0000_FF80_0000, 0x7FC0_1234_7F80_0001, 0x0080_0000_007F_FFFF,
        0x7F7F_FFFF_0000_0001, 0x4F00_0000_CF00_0000, 0x3FE0_0000_3F00_0000, 0x4004_0000_4020_0000,
      ]

      private static func value(_ random: inout Seeded) -> UInt64 {
        let wild = random.next()
        switch wild % 6 {
        case 0: return corners[Int(wild >> 32) % corners.count]
        case 1: return numbers[Int(wild >> 32) % numbers.count]
        // Numbers of about the same size.
        case 2: return random.next() & 0x800F_FFFF_FFFF_FFFF | 0x3FE0_0000_0000_0000 &+ (wild >> 40 & 0x30) << 48
        case 3: return random.next() & 0x807F_FFFF_807F_FFFF | 0x3F00_0000_3F80_0000
        case 4: return wild
        default: return wild >> (wild % 61)
        }
      }

      init(round: Int, _ noise: [UInt8], _ random: inout Seeded) {
        data = noise
        for i in stride(from: 0x808, to: 0x880, by: 8) { put(Self.value(&random), at: i) }
        if round % 3 == 0 { for i in 0x808..<0x830 { data[i] = round % 2 == 0 ? 0 : 0xFF } }
        // Two numbers of 80 bits, mostly of a usual size.
        for i in [0x810, 0x820, 0x860] where round % 2 == 1 {
          let wild = random.next()
          put(wild % 8 == 0 ? wild : random.next() | 1 << 63, at: i)
          let exponent = wild % 4 == 0 ? wild >> 8 : 0x3FF8 &+ (wild >> 8) % 20
          put(exponent & 0x7FFF | wild >> 40 & 0x8000 | UInt64(data[i + 10]) << 16, at: i + 8)
        }
        withUnsafeMutableBytes(of: &state) { bytes in
          let words = bytes.bindMemory(to: UInt64.self)
          for i in 0..<81 { words[i] = Self.value(&random) }
          words[3] = Sandbox.data + 0x800
          words[4] = Sandbox.stack
          words[6] = Sandbox.data + 0x400 + words[6] % 8
          words[7] = Sandbox.data + 0xC00 + words[7] % 8
          words[16] = words[16] & 0x8D5 | 0x202
        }
      }

      private mutating func put(_ value: UInt64, at offset: Int) {
        for i in 0..<8 { data[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(i * 8)) }
      }
    }

    static func compare(_ box: Sandbox, _ form: Form, _ input: Input) -> String? {
      var host = input.state
      var hostData = input.data
      let signal = form.bytes.withUnsafeBufferPointer { code in
        hostData.withUnsafeMutableBufferPointer {
          oracle_run(Int32(form.bits), code.baseAddress, UInt32(form.bytes.count), &host, $0.baseAddress)
        }
      }
      withUnsafeBytes(of: input.state) { bytes in
        let words = bytes.bindMemory(to: UInt64.self)
        for register in GeneralRegister.allCases { box.vp[register] = words[Int(register.rawValue)] }
        for i in 0..<16 {
          box.vp.setVector(i, low: words[17 + i * 2], high: words[18 + i * 2])
          box.vp.setUpperVector(i, low: words[49 + i * 2], high: words[50 + i * 2])
        }
        box.vp.rflags = words[16] & ~0x200
      }
      box.setCode(bits: form.bits)
      box.memory.write(input.data, at: GPA(Sandbox.data))
      let exit = box.run(form.bytes)
      guard exit == .halted else { return "exit \(exit)" }
      // A handler's HLT tells the vector.
      let vector = box.vp.rip < 0x7000 ? (box.vp.rip - 0x6000) / 16 : nil
      if signal != 0 || vector != nil {
        let isSame =
          (signal == 8 && (vector == 0 || vector == 16 || vector == 19)) || (signal == 4 && vector == 6)
          || (signal == 11 && vector != nil)
        return isSame ? nil : "signal \(signal), vector \(vector.map(String.init) ?? "none")"
      }
      return withUnsafeBytes(of: host) { bytes -> String? in
        let words = bytes.bindMemory(to: UInt64.self)
        // 32-bit code leaves the upper halves, and the upper eight, in any state.
        let mask: UInt64 = form.bits == 32 ? 0xFFFF_FFFF : .max
        for register in GeneralRegister.allCases where form.bits == 64 || register.rawValue < 8 {
          let (own, other) = (box.vp[register] & mask, words[Int(register.rawValue)] & mask)
          if own != other { return "\(register) is \(String(own, radix: 16)), not \(String(other, radix: 16))" }
        }
        let flags = (box.vp.rflags ^ words[16]) & 0x8D5 & ~form.undefined
        if flags != 0 { return "flags differ by \(String(flags, radix: 16)), host \(String(words[16], radix: 16))" }
        for i in 0..<16 {
          if !form.agrees(box.vp.vector(i), (words[17 + i * 2], words[18 + i * 2])) { return "xmm\(i) differs" }
          guard oracle_supports(ORACLE_AVX) != 0 else { continue }
          let upper = (words[49 + i * 2], words[50 + i * 2])
          if !form.agrees(box.vp.upperVector(i), upper) { return "upper half of ymm\(i) differs" }
        }
        let data = box.memory.read(GPA(Sandbox.data), count: 4096) ?? []
        if data == hostData { return nil }
        guard let at = data.indices.first(where: { data[$0] != hostData[$0] }) else { return nil }
        let (own, other) = (data[at..<min(at + 16, 4096)], hostData[at..<min(at + 16, 4096)])
        return "memory differs at \(hex(at)): \(own.map { hex(Int($0)) }), not \(other.map { hex(Int($0)) })"
      }
    }
  }
#endif
