#if arch(x86_64)
  private func each(_ opcodes: [Int], _ prefix: String, _ tail: String = "") -> [Form] {
    opcodes.flatMap {
      forms(
        "\(prefix) \(hex($0)) r | \(prefix) \(hex($0)) ca \(tail)\n\(prefix) \(hex($0)) m | \(prefix) \(hex($0)) 4b 10 \(tail)"
      )
    }
  }

  /// The moves, the bitwise and integer operations of MMX and SSE to SSE4.2.
  var vectors: [Form] {
    let integers = [
      0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x74, 0x75, 0x76, 0xD1, 0xD2, 0xD3, 0xD4,
      0xD5, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE8, 0xE9, 0xEA, 0xEB,
      0xEC, 0xED, 0xEE, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE,
    ]
    let supplemental = Array(0x00...0x0B) + [0x1C, 0x1D, 0x1E]
    let newer = [0x28, 0x29, 0x2B, 0x37] + Array(0x38...0x41)
    let shifts = ["71 d2", "71 e2", "71 f2", "72 d2", "72 e2", "72 f2", "73 d2", "73 f2"]
    let bytes = ["73 da", "73 fa"]
    var all = forms(vectorMoves) + forms(vectorElements)
    all += each(integers + [0x6C, 0x6D], "66 0f") + each(supplemental, "66 0f 38") + each(newer, "66 0f 38")
    all += each([0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35], "66 0f 38")
    all += each([0x10, 0x14, 0x15], "66 0f 38") + each([0x0E, 0x0F, 0x42], "66 0f 3a", "5b")
    all += each([0x0C, 0x0D], "66 0f 3a", "06") + each([0x0F], "66 0f 3a", "13") + each([0x0F], "66 0f 3a", "40")
    all += (shifts + bytes).flatMap { shift in
      ["03", "09", "28"].flatMap { forms("shift \(shift) \($0) | 66 0f \(shift) \($0)") }
    }
    return all + mmx(integers, supplemental, shifts)
  }

  /// On MMX registers: two are filled first and stored afterwards, so that the results are seen.
  private func mmx(_ integers: [Int], _ supplemental: [Int], _ shifts: [String]) -> [Form] {
    let load = "0f 6f 4b 10 0f 6f 53 18"
    let store = "0f 7f 4b 20 0f 7f 53 28 0f 77"
    var all: [Form] = integers.flatMap {
      forms(
        "mmx \(hex($0)) | \(load) 0f \(hex($0)) ca \(store)\nmmx m \(hex($0)) | \(load) 0f \(hex($0)) 4b 30 \(store)")
    }
    all += supplemental.flatMap { forms("mmx 38 \(hex($0)) | \(load) 0f 38 \(hex($0)) ca \(store)") }
    all += shifts.flatMap {
      forms("mmx shift \($0) | \(load) 0f \($0) 05 \(store)\nmmx shift out \($0) | \(load) 0f \($0) 48 \(store)")
    }
    return all
      + forms(
        """
        pshufw | \(load) 0f 70 ca 1b \(store)
        palignr mmx | \(load) 0f 3a 0f ca 03 \(store)
        palignr mmx far | \(load) 0f 3a 0f ca 0b \(store)
        movd mmx | 0f 6e c9 0f 7e ca \(store)
        movq mmx | 48 0f 6e c9 48 0f 7e ca \(store)
        pmovmskb mmx | \(load) 0f d7 ca \(store)
        pinsrw mmx | \(load) 0f c4 ca 02 \(store)
        pextrw mmx | \(load) 0f c5 ca 03 \(store)
        movntq | \(load) 0f e7 4b 08 \(store)
        movq2dq | \(load) f3 0f d6 ca \(store)
        movdq2q | \(load) f2 0f d6 ca \(store)
        maskmovq | \(load) 0f f7 ca \(store)
        cvtpi2ps | \(load) 0f 2a ca \(store)
        cvtpi2pd | \(load) 66 0f 2a ca \(store)
        """)
  }

  private let vectorMoves = """
    movaps | 0f 28 ca
    movups m | 0f 10 4b 09
    movups st | 0f 11 53 09
    movdqa | 66 0f 6f 4b 10
    movdqa st | 66 44 0f 7f 53 10
    movdqa odd | 66 0f 6f 4b 11
    movdqu | f3 0f 6f 4b 03
    movss m | f3 0f 10 4b 08
    movss r | f3 0f 10 ca
    movsd m | f2 0f 10 4b 08
    movsd r | f2 0f 10 ca
    movsd st | f2 0f 11 4b 08
    movss st | f3 0f 11 4b 08
    movss back | f3 0f 11 ca
    movd | 66 0f 6e ca
    movq r | 66 48 0f 6e ca
    movd out | 66 0f 7e ca
    movq out | 66 48 0f 7e ca
    movd m | 66 0f 7e 4b 08
    movq xmm | f3 0f 7e ca
    movq m | f3 0f 7e 4b 08
    movq st | 66 0f d6 4b 08
    movq back | 66 0f d6 ca
    movlps | 0f 12 4b 08
    movhps | 0f 16 4b 08
    movhps st | 0f 17 4b 08
    movlps st | 0f 13 4b 08
    movlpd | 66 0f 12 4b 08
    movhpd st | 66 0f 17 4b 08
    movhlps | 0f 12 ca
    movlhps | 0f 16 ca
    movddup | f2 0f 12 ca
    movddup m | f2 0f 12 4b 09
    movsldup | f3 0f 12 ca
    movshdup | f3 0f 16 4b 10
    movnti | 48 0f c3 4b 08
    movntdq | 66 0f e7 4b 10
    movntps | 0f 2b 4b 10
    movntdqa | 66 0f 38 2a 4b 10
    lddqu | f2 0f f0 4b 13
    movmskps | 0f 50 ca
    movmskpd | 66 0f 50 ca
    pmovmskb | 66 0f d7 ca
    maskmovdqu | 66 0f f7 ca
    pshufd | 66 0f 70 ca 4e
    pshufd m | 66 0f 70 4b 10 c6
    pshuflw | f2 0f 70 ca 1b
    pshufhw | f3 0f 70 ca 93
    shufps | 0f c6 ca 39
    shufpd | 66 0f c6 ca 01
    unpcklps | 0f 14 ca
    unpckhps | 0f 15 ca
    unpcklpd | 66 0f 14 ca
    unpckhpd | 66 0f 15 4b 10
    andps | 0f 54 ca
    andnps | 0f 55 ca
    orpd | 66 0f 56 ca
    xorps | 0f 57 ca
    """

  private let vectorElements = """
    pinsrb | 66 0f 3a 20 ca 05
    pinsrw | 66 0f c4 ca 05
    pinsrw m | 66 0f c4 4b 09 0b
    pinsrd | 66 0f 3a 22 ca 02
    pinsrq | 66 48 0f 3a 22 ca 01
    pinsrq m | 66 48 0f 3a 22 4b 09 01
    pextrb | 66 0f 3a 14 ca 05
    pextrb m | 66 0f 3a 14 4b 09 05
    pextrw | 66 0f c5 ca 05
    pextrw st | 66 0f 3a 15 4b 09 05
    pextrd | 66 0f 3a 16 ca 02
    pextrq | 66 48 0f 3a 16 ca 01
    extractps | 66 0f 3a 17 ca 03
    insertps | 66 0f 3a 21 ca 95
    insertps m | 66 0f 3a 21 4b 09 95
    ptest | 66 0f 38 17 ca
    ptest same | 66 0f 38 17 d2
    ptest m | 66 0f 38 17 4b 10
    """

  /// PCMPESTRI and its kin: lengths from small registers, all modes.
  var stringCompares: [Form] {
    stride(from: 0, to: 0x80, by: 5).flatMap { mode in
      forms(
        """
        pcmpestri \(mode) | 83 e0 1f 83 e8 0c 83 e2 1f 83 ea 0c 66 0f 3a 61 ca \(hex(mode)) |
        pcmpestrm \(mode) | 83 e0 1f 83 e8 0c 83 e2 1f 83 ea 0c 66 0f 3a 60 ca \(hex(mode)) |
        pcmpistri \(mode) | 66 0f 3a 63 ca \(hex(mode)) |
        pcmpistrm \(mode) | 66 0f 3a 62 4b 13 \(hex(mode)) |
        pcmpistri like \(mode) | 66 0f 6f ca f3 0f 10 4b 10 66 0f 3a 63 ca \(hex(mode)) |
        """)
    }
  }

  /// AVX and AVX2: three operands, 128 and 256 bits.
  var wideVectors: [Form] {
    let integers = [
      0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x74, 0x75, 0x76, 0xD1, 0xD2,
      0xD3, 0xD4, 0xD5, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE8, 0xE9,
      0xEA, 0xEB, 0xEC, 0xED, 0xEE, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE,
    ]
    var all: [Form] = integers.flatMap {
      forms(
        """
        vex \(hex($0)) | c5 e1 \(hex($0)) ca
        vex 256 \(hex($0)) | c5 e5 \(hex($0)) ca
        vex m \(hex($0)) | c5 e5 \(hex($0)) 4b 11
        """)
    }
    all += (Array(0x00...0x0D) + [0x28, 0x29, 0x2B, 0x37] + Array(0x38...0x40) + [0x45, 0x46, 0x47]).flatMap {
      forms("vex 38 \(hex($0)) | c4 e2 61 \(hex($0)) ca\nvex 38 256 \(hex($0)) | c4 e2 65 \(hex($0)) 4b 11")
    }
    all += (Array(0x20...0x25) + Array(0x30...0x35) + [0x1C, 0x1D, 0x1E, 0x58, 0x59, 0x78, 0x79, 0x18]).flatMap {
      forms("vex 38 \(hex($0)) | c4 e2 79 \(hex($0)) ca\nvex 38 256 \(hex($0)) | c4 e2 7d \(hex($0)) 4b 11")
    }
    all += [0x02, 0x0C, 0x0D, 0x0E, 0x0F, 0x42, 0x4A, 0x4B, 0x4C, 0x06, 0x46, 0x38, 0x18].flatMap {
      forms("vex 3a \(hex($0)) | c4 e3 65 \(hex($0)) ca 35\nvex 3a m \(hex($0)) | c4 e3 65 \(hex($0)) 4b 11 1a")
    }
    return all + forms(wideOnly) + extendedState
  }

  /// XSAVE or XSAVEOPT of SSE and AVX at rbx + 100h, a change, XRSTOR, and one more instruction.
  ///
  /// The header is cleared before, and after it also what processors are free to choose: XSTATE_BV and MXCSR_MASK.
  private var extendedState: [Form] {
    let header = [0, 8, 0x10].map { "48 c7 83 \(hex($0)) 03 00 00 00 00 00 00" }.joined(separator: " ")
    let change = "c5 f5 fe ca"
    let restore = "0f ae ab 00 01 00 00 b1 07"
    let clear = "48 c7 83 00 03 00 00 00 00 00 00 c7 83 1c 01 00 00 00 00 00 00"
    let components = "b8 06 00 00 00 ba 00 00 00 00"
    return ["a3", "b3"].flatMap { save in
      forms("xsave \(save) | \(header) \(components) 0f ae \(save) 00 01 00 00 \(change) \(restore) \(clear)")
    }
  }

  private let wideOnly = """
    vmovdqu | c5 fe 6f 4b 11
    vmovdqu st | c5 fe 7f 53 11
    vmovdqa | c5 fd 6f 4b 20
    vmovdqa odd | c5 fd 6f 4b 10
    vmovdqa 128 | c5 f9 6f ca
    vmovaps 256 | c5 fc 28 ca
    vmovntdq | c5 fd e7 53 20
    vmovntdqa | c4 e2 7d 2a 4b 20
    vmovss | c5 ea 10 cb
    vmovss m | c5 fa 10 4b 11
    vmovsd | c5 eb 10 cb
    vmovlps | c5 e8 12 4b 11
    vmovhlps | c5 e8 12 cb
    vmovlhps | c5 e8 16 cb
    vmovq | c5 fa 7e ca
    vmovd | c5 f9 6e ca
    vmovmskps | c5 fc 50 ca
    vmovmskpd | c5 fd 50 ca
    vpmovmskb | c5 fd d7 ca
    vmovddup | c5 ff 12 4b 11
    vmovsldup | c5 fe 12 ca
    vpshufd | c5 fd 70 ca 1b
    vpshuflw | c5 ff 70 ca 1b
    vshufps | c5 ec c6 cb 39
    vshufpd | c5 ed c6 cb 0a
    vunpcklpd | c5 ed 14 cb
    vandps | c5 ec 54 cb
    vpsllw i | c5 f5 71 f2 03
    vpsrad i | c5 f5 72 e2 05
    vpsrlq i | c5 f1 73 d2 21
    vpslldq | c5 f5 73 fa 05
    vpsrldq | c5 f5 73 da 0b
    vpermilps | c4 e3 7d 04 ca 1b
    vpermilpd | c4 e3 7d 05 ca 06
    vpermq | c4 e3 fd 00 ca 4e
    vpermpd m | c4 e3 fd 01 4b 11 93
    vpermd | c4 e2 6d 36 cb
    vpermps | c4 e2 6d 16 4b 11
    vbroadcastsd | c4 e2 7d 19 4b 11
    vbroadcastf128 | c4 e2 7d 1a 4b 11
    vbroadcasti128 | c4 e2 7d 5a 4b 11
    vextractf128 | c4 e3 7d 19 d1 01
    vextracti128 m | c4 e3 7d 39 53 11 01
    vpsrlvq | c4 e2 ed 45 cb
    vpsllvq | c4 e2 ed 47 4b 11
    vmaskmovps | c4 e2 6d 2c 4b 11
    vmaskmovpd st | c4 e2 6d 2f 4b 11
    vpmaskmovd | c4 e2 6d 8c 4b 11
    vpmaskmovq st | c4 e2 ed 8e 4b 11
    vtestps | c4 e2 7d 0e ca
    vtestpd | c4 e2 79 0f ca
    vptest | c4 e2 7d 17 ca
    vpinsrb | c4 e3 69 20 ca 05
    vpinsrw | c5 e9 c4 ca 03
    vpextrw | c5 f9 c5 ca 03
    vinsertps | c4 e3 69 21 cb 95
    vphminposuw | c4 e2 79 41 ca
    vzeroupper | c5 f8 77
    vzeroall | c5 fc 77
    legacy keeps | 66 0f fe ca
    vpgatherdd | c5 f5 db c9 c5 f5 72 d2 1b c5 dd 76 e4 c4 e2 5d 90 14 8b
    vpgatherdq | c5 f5 72 d2 1b c5 dd 76 e4 c4 e2 dd 90 1c 8b
    vpgatherqd | c5 f5 73 d2 3b c5 d9 76 e4 c4 e2 5d 91 1c 8b
    vgatherqpd | c5 f5 73 d2 3b c4 e2 ed 93 1c cb
    """
#endif
