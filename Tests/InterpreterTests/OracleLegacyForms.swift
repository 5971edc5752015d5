#if arch(x86_64)
  /// BMI1, BMI2, ADX, CRC32, LZCNT and TZCNT.
  var bitManipulation: [Form] {
    let bmi = forms(
      """
      andn | c4 e2 68 f2 c8 | ap
      andn 64 | c4 e2 e8 f2 c8 | ap
      andn m | c4 e2 68 f2 4b 08 | ap
      bextr | c4 e2 68 f7 c8 | aps
      bextr 64 | c4 e2 e8 f7 c8 | aps
      bextr low | 66 81 e2 1f 1f c4 e2 e8 f7 c8 | aps
      blsr | c4 e2 68 f3 c9 | ap
      blsr 64 | c4 e2 e8 f3 c9 | ap
      blsmsk | c4 e2 68 f3 d1 | ap
      blsmsk 64 | c4 e2 e8 f3 d1 | ap
      blsi | c4 e2 68 f3 d9 | ap
      blsi m 64 | c4 e2 e8 f3 5b 08 | ap
      bzhi | c4 e2 68 f5 c8 | ap
      bzhi 64 | c4 e2 e8 f5 c8 | ap
      pext | c4 e2 6a f5 c8
      pext 64 | c4 e2 ea f5 c8
      pdep | c4 e2 6b f5 c8
      pdep 64 | c4 e2 eb f5 c8
      pdep m | c4 e2 eb f5 4b 08
      mulx | c4 e2 63 f6 c8
      mulx 64 | c4 e2 f3 f6 f0
      mulx same | c4 e2 f3 f6 c8
      rorx | c4 e3 7b f0 c8 05
      rorx 64 | c4 e3 fb f0 c8 25
      rorx 0 | c4 e3 7b f0 c8 20
      shlx | c4 e2 69 f7 c8
      shlx 64 | c4 e2 e9 f7 c8
      sarx | c4 e2 6a f7 c8
      sarx 64 | c4 e2 ea f7 c8
      shrx | c4 e2 6b f7 c8
      shrx m | c4 e2 eb f7 4b 08
      shrx r8 | c4 42 3b f7 c8
      """)
    let others = forms(
      """
      adcx | 66 0f 38 f6 ca
      adcx 64 | 66 48 0f 38 f6 ca
      adox | f3 0f 38 f6 ca
      adox 64 | f3 48 0f 38 f6 4b 08
      crc32 8 | f2 0f 38 f0 ca
      crc32 high | f2 0f 38 f0 cc
      crc32 16 | 66 f2 0f 38 f1 ca
      crc32 32 | f2 0f 38 f1 ca
      crc32 64 | f2 48 0f 38 f1 ca
      crc32 64 8 | f2 48 0f 38 f0 4b 08
      lzcnt | f3 0f bd ca | osap
      lzcnt 64 | f3 48 0f bd ca | osap
      lzcnt 16 | 66 f3 0f bd 4b 08 | osap
      tzcnt | f3 0f bc ca | osap
      tzcnt 64 | f3 48 0f bc ca | osap
      tzcnt 16 | 66 f3 0f bc ca | osap
      """)
    return bmi + others
  }

  /// What only 32-bit code has, and what it does otherwise.
  var legacy: [Form] {
    let addresses = (0..<8).flatMap { rm in
      forms(
        """
        lea16 \(rm) | 67 8d \(hex(0x48 + rm)) 85
        lea16 far \(rm) | 67 8d \(hex(0x88 + rm)) 12 91
        lea16 32 \(rm) | 67 66 8d \(hex(0x48 + rm)) 05
        """)
    }
    let code = forms(
      """
      daa | 27 | o
      das | 2f | o
      add daa | 00 c8 27 | o
      sub das | 28 c8 2f | o
      aaa | 37 | oszp
      aas | 3f | oszp
      aam | d4 0a | oca
      aam 7 | d4 07 | oca
      aam 0 | d4 00 | oca
      aad | d5 0a | oca
      aad 16 | d5 10 | oca
      salc | d6
      inc short | 41
      dec short | 49
      inc short 16 | 66 42
      dec short 16 | 66 4a
      pusha popa | 60 89 ca 61
      pusha 16 | 66 60 66 61
      pusha peek | 60 58 59 5a 83 c4 14
      bound | 62 4b 08
      bound 16 | 66 62 4b 08
      arpl | 63 ca | 
      arpl m | 63 4b 08
      into | ce
      add into | 00 c8 ce
      enter leave | c8 20 00 00 89 e1 c9
      enter nested | 89 e5 c8 20 00 03 89 e1 c9
      call ret | e8 2 0 0 0 eb 3 b1 7 c3
      call ret n | 50 e8 2 0 0 0 eb 5 b1 7 c2 4 0
      loop 16 | 66 b9 5 0 ff c2 67 e2 fb
      jcxz | 67 e3 2 b2 1
      jecxz | e3 2 b2 1
      xlat | d7
      mov moffs | a1 08 08 00 20
      mov moffs st | a3 08 08 00 20
      push pop | 51 5a
      push pop 16 | 66 51 66 5a
      push i8 | 6a 85 5a
      push m pop m | ff 73 08 8f 43 10
      pop esp | 54 5c
      pop [esp] | 51 52 8f 04 24 5a
      pushf | 9c 59 81 e1 d5 8 0 0 | a
      popf | 0f b6 c9 51 9d
      cmpxchg8b | 0f c7 4b 08
      imul m | f7 6b 08 | szap
      div | f7 f1 | oszapc
      sib | 8b 4c 33 08
      sib ebp | 8d 4c 6d 08
      disp32 | 8b 0d 08 08 00 20
      movs | a5
      rep movsb | 0f b6 c9 c1 e9 2 39 c9 f3 a4
      rep movsd | 0f b6 c9 c1 e9 4 39 c9 f3 a5
      rep stosw | 0f b6 c9 c1 e9 2 39 c9 66 f3 ab
      repe cmpsb | 0f b6 c9 c1 e9 2 39 c9 f3 a6
      repne scasb | 0f b6 c9 c1 e9 2 39 c9 f2 ae
      rep down | 0f b6 c9 c1 e9 2 39 c9 fd f3 a4 fc
      setc 82 | 82 c1 7f
      andn | c4 e2 68 f2 c8 | ap
      bextr | c4 e2 68 f7 c8 | aps
      pext | c4 e2 6a f5 c8
      rorx | c4 e3 7b f0 c8 05
      vex vvvv 8 | c4 e2 28 f2 c8 | ap
      """)
    return (code + addresses).map {
      var form = $0
      form.bits = 32
      return form
    }
  }
#endif
