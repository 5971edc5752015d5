#if arch(x86_64)
  /// SSE arithmetic under every rounding and mask: MXCSR comes from memory and goes back there.
  var vectorFloats: [Form] {
    let arithmetic = [0x51, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F]
    // and dword [rbx+30h], 0ffffh; or what keeps exceptions masked in most rounds; ldmxcsr [rbx+30h]
    let masked = "81 4b 30 80 1f 00 00 81 63 30 ff ff 00 00 0f ae 53 30"
    let wild = "81 63 30 ff ff 00 00 0f ae 53 30"
    let store = "0f ae 5b 34"
    var all: [Form] = []
    for start in [masked, wild] {
      for opcode in arithmetic {
        for prefix in ["", "66", "f3", "f2"] {
          all += forms(
            "float \(prefix) \(hex(opcode)) | \(start) \(prefix) 0f \(hex(opcode)) ca \(store)\n"
              + "float m \(prefix) \(hex(opcode)) | \(start) \(prefix) 0f \(hex(opcode)) 4b 10 \(store)")
        }
      }
      for predicate in 0..<8 {
        for prefix in ["", "66", "f3", "f2"] {
          all += forms("cmp \(predicate) \(prefix) | \(start) \(prefix) 0f c2 ca 0\(predicate) \(store)")
        }
      }
      all += forms(conversions.replacing("START", with: start).replacing("STORE", with: store))
    }
    return all
  }

  private let conversions = """
    comiss | START 0f 2f ca STORE
    comisd | START 66 0f 2f ca STORE
    ucomiss | START 0f 2e ca STORE
    ucomisd m | START 66 0f 2e 4b 10 STORE
    haddps | START f2 0f 7c ca STORE
    haddpd | START 66 0f 7c ca STORE
    hsubps | START f2 0f 7d ca STORE
    hsubpd | START 66 0f 7d ca STORE
    addsubps | START f2 0f d0 ca STORE
    addsubpd | START 66 0f d0 ca STORE
    dpps | START 66 0f 3a 40 ca f3 STORE | n
    dppd m | START 66 0f 3a 41 4b 10 31 STORE
    roundps | START 66 0f 3a 08 ca 04 STORE
    roundps up | START 66 0f 3a 08 ca 02 STORE
    roundpd quiet | START 66 0f 3a 09 ca 08 STORE
    roundss | START 66 0f 3a 0a ca 01 STORE
    roundsd | START 66 0f 3a 0b 4b 10 03 STORE
    cvtsi2ss | START f3 0f 2a ca STORE
    cvtsi2sd | START f2 0f 2a ca STORE
    cvtsi2ss 64 | START f3 48 0f 2a ca STORE
    cvtsi2sd 64 | START f2 48 0f 2a 4b 10 STORE
    cvtss2si | START f3 0f 2d ca STORE
    cvtsd2si 64 | START f2 48 0f 2d ca STORE
    cvttss2si 64 | START f3 48 0f 2c ca STORE
    cvttsd2si | START f2 0f 2c 4b 10 STORE
    cvtss2sd | START f3 0f 5a ca STORE
    cvtsd2ss | START f2 0f 5a ca STORE
    cvtps2pd | START 0f 5a ca STORE
    cvtpd2ps | START 66 0f 5a ca STORE
    cvtdq2ps | START 0f 5b ca STORE
    cvtps2dq | START 66 0f 5b ca STORE
    cvttps2dq | START f3 0f 5b ca STORE
    cvtdq2pd | START f3 0f e6 ca STORE
    cvtpd2dq | START f2 0f e6 ca STORE
    cvttpd2dq | START 66 0f e6 ca STORE
    """

  /// The same with VEX, where AVX has it.
  var wideFloats: [Form] {
    let start = "81 4b 30 80 1f 00 00 81 63 30 ff ff 00 00 0f ae 53 30"
    let store = "c5 f8 ae 5b 34"
    var all: [Form] = []
    for opcode in [0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F] {
      for second in ["e4", "e5", "e2", "e3"] {
        all += forms("vex float \(second) \(hex(opcode)) | \(start) c5 \(second) \(hex(opcode)) ca \(store)")
      }
    }
    for predicate in 0..<32 {
      all += forms("vcmp \(predicate) | \(start) c5 e5 c2 ca \(hex(predicate)) \(store)")
    }
    return all
      + forms(
        """
        vsqrtpd | START c5 fd 51 ca STORE
        vsqrtss | START c5 e2 51 ca STORE
        vcvtps2pd | START c5 fc 5a ca STORE
        vcvtpd2ps | START c5 fd 5a ca STORE
        vcvtdq2pd | START c5 fe e6 ca STORE
        vcvtpd2dq | START c5 ff e6 ca STORE
        vcvtps2dq | START c5 fd 5b ca STORE
        vcvtsi2sd | START c5 e3 2a ca STORE
        vcvtss2sd | START c5 e2 5a ca STORE
        vroundps | START c4 e3 7d 08 ca 04 STORE
        vhaddps | START c5 e7 7c ca STORE
        vdpps | START c4 e3 65 40 ca f3 STORE | n
        vcomisd | START c5 f9 2f ca STORE
        """.replacing("START", with: start).replacing("STORE", with: store))
  }

  /// x87: operands are made of random bytes of all formats, the control word too; what the unit says is stored behind.
  var stackFloats: [Form] {
    // fninit; fld tbyte [rbx+10h]; fld tbyte [rbx+20h]; and word [rbx+3ch], 0f3fh; or 3fh; fldcw [rbx+3ch]
    let load = "db e3 db 6b 10 db 6b 20 66 81 63 3c 3f 0f 66 83 4b 3c 3f d9 6b 3c"
    let wild = "db e3 db 6b 10 db 6b 20 66 81 63 3c 3f 0f d9 6b 3c"
    // fnstsw [rbx+40h]; fnclex; fninit keeps the registers; fldcw is 37fh; fstp tbyte [rbx+44h] and [rbx+50h]
    let store = "dd 7b 40 db e2 d9 7b 42 d9 7b 3e db 7b 44 db 7b 50 dd 7b 5c db e3"
    let registers = [
      "d8 c1", "d8 c9", "d8 e1", "d8 e9", "d8 f1", "d8 f9", "dc c1", "dc c9", "dc e1", "dc e9", "dc f1", "dc f9",
      "de c1", "de c9", "de e1", "de e9", "de f1", "de f9", "d9 e0", "d9 e1", "d9 e5", "d9 fa", "d9 fc", "d9 fd",
      "d9 c9", "d9 c1", "dd d1", "dd d9",
      "da c1", "db c1", "da d1", "db d9", "d9 e8", "d9 e9", "d9 ea", "d9 eb", "d9 ec", "d9 ed", "d9 ee", "d9 f6",
      "d9 f7",
      "dd c0", "d9 d0", "d9 f4",
    ]
    // The code lies elsewhere, and processors differ in when they keep pointers and selectors.
    let noPointers = "c7 43 6c 00 00 00 00 c7 43 70 00 00 00 00 c7 43 74 00 00 00 00 c7 43 78 00 00 00 00"
    // With an exception that is not masked AMD sets condition codes where the SDM has them stay.
    let comparisons = [
      "d8 d1", "d8 d9", "de d9", "dd e1", "dd e9", "da e9", "db f1", "db e9", "df f1", "df e9", "d9 e4", "d8 53 60",
      "dc 5b 60",
    ]
    let memory = [
      "d8 43 60", "d8 4b 60", "d8 63 60", "d8 73 60", "d8 7b 60", "dc 43 60", "dc 4b 60", "dc 6b 60",
      "dc 73 60", "da 43 60", "da 4b 60", "da 73 60", "de 43 60", "de 7b 60", "de 63 60", "d9 43 60",
      "dd 43 60", "db 43 60", "df 43 60", "df 6b 60", "db 6b 60", "d9 53 60", "d9 5b 60", "dd 53 60", "dd 5b 60",
      "db 7b 60", "db 53 60", "db 5b 60", "df 53 60", "df 5b 60", "df 7b 60", "db 4b 60", "dd 4b 60", "df 4b 60",
      "df 73 60",
    ]
    return [load, wild].flatMap { start in
      (registers + memory).flatMap { forms("x87 \($0) | \(start) \($0) \(store)") }
    }
      + comparisons.flatMap { forms("x87 \($0) | \(load) \($0) \(store)") }
      + forms(
        """
        fbld | db e3 c7 43 60 12 34 56 78 c7 43 64 90 12 34 56 66 c7 43 68 78 80 df 63 60 df 73 70 db e3
        fnsave | \(load) dd 73 60 \(noPointers) db e3
        fprem near | db e3 c7 43 60 07 00 00 00 db 43 60 db 43 10 d9 f8 dd 7b 40 db 7b 44 db e3
        fprem1 near | db e3 c7 43 60 07 00 00 00 db 43 60 db 43 10 d9 f5 dd 7b 40 db 7b 44 db e3
        empty | db e3 d8 c1 dd 7b 40 db 7b 44 db e3
        full | db e3 d9 e8 d9 e8 d9 e8 d9 e8 d9 e8 d9 e8 d9 e8 d9 e8 d9 e8 dd 7b 40 db 7b 44 db e3
        """)
  }
#endif
