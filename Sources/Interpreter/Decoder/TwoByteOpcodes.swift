import Architecture

/// The two- and three-byte opcode maps (SDM Vol. 2D, tables ).
extension Decoder {
  mutating func decodeTwoByte(_ opcode: UInt8) {
    switch opcode {
    case 0x00, 0x01, 0x02, 0x03: decodeSystemGroup(opcode)
    case 0x05: if features.contains(.syscall) { system(.systemCall) } else { setInvalid() }
    case 0x06: system(.clearTaskSwitched)
    case 0x07:
      guard features.contains(.syscall) else { return setInvalid() }
      op.width = hasREXW ? 8 : 4
      system(.systemReturn)
    case 0x08, 0x09: system(.invalidateCache)
    case 0x0D, 0x18...0x1F: decodeHint()
    case 0x20...0x23: decodeControlMove(opcode)
    case 0x30: system(.writeMSR)
    case 0x31: system(.readTSC)
    case 0x32: system(.readMSR)
    case 0x33: system(.readPMC)
    case 0x34: system(.sysenter)
    case 0x35:
      op.width = hasREXW ? 8 : 4
      system(.sysexit)
    case 0x38: decodeThreeByte(next8())
    case 0x40...0x4F: decodeMoveIf(opcode)
    case 0x80...0x8F: decodeJumpIf(opcode, isShort: false)
    case 0x90...0x9F: decodeSetIf(opcode)
    case 0xA0, 0xA8: pushSegment(opcode == 0xA0 ? 4 : 5)
    case 0xA1, 0xA9: popSegment(opcode == 0xA1 ? 4 : 5)
    case 0xA2: system(.cpuid)
    case 0xA3, 0xAB, 0xB3, 0xBB: decodeBitTest(opcode)
    case 0xA4, 0xA5, 0xAC, 0xAD: decodeDoubleShift(opcode)
    case 0xAE: decodeGroup15()
    case 0xAF: decodeMultiplySigned(opcode)
    case 0xB0, 0xB1: decodeCompareExchange(opcode)
    case 0xB2, 0xB4, 0xB5: decodeFarPointer(opcode == 0xB2 ? 2 : opcode &- 0xB0)
    case 0xB6, 0xB7: decodeExtend(opcode == 0xB6 ? 1 : 2, signed: false)
    case 0xB8, 0xBC, 0xBD: decodeBitScan(opcode)
    case 0xBA: decodeBitTestImmediate()
    case 0xBE, 0xBF: decodeExtend(opcode == 0xBE ? 1 : 2, signed: true)
    case 0xC0, 0xC1: decodeExchangeAdd(opcode)
    case 0xC3: decodeNonTemporal()
    case 0xC7: decodeGroup9()
    case 0xC8...0xCF: decodeSwapBytes(opcode)
    case 0x3A: decodeVectorMap(3, next8())
    default: decodeVectorMap(1, opcode)
    }
  }

  private mutating func decodeThreeByte(_ opcode: UInt8) {
    switch opcode {
    case 0x82: decodeInvalidateContext()
    case 0xF0, 0xF1:
      if repeatPrefix == 0xF2 { decodeChecksum(opcode) } else { decodeMoveSwapped(opcode) }
    case 0xF6: decodeAddCarry()
    default: decodeVectorMap(2, opcode)
    }
  }

  /// PREFETCH, NOP with an operand, ENDBR64 and the rest of the reserved hints.
  private mutating func decodeHint() {
    readModRM()
    set(.nop)
  }

  /// 0F C3: MOVNTI.
  private mutating func decodeNonTemporal() {
    operandsToRM(hasREXW ? 8 : 4)
    guard isMemory, vectorPrefix == 0, features.contains(.sse2) else { return setInvalid() }
    set(op.width == 8 ? .store64 : .store32)
  }

  /// 0F AE: fences, CLFLUSH, FXSAVE, MXCSR and the FS and GS bases.
  private mutating func decodeGroup15() {
    readModRM()
    guard isMemory else { return decodeFence() }
    let flushes = vectorPrefix == 1 && features.contains(.clflushopt) && reg == 7
    guard vectorPrefix == 0 || flushes else { return setInvalid() }
    // The forms with REX.W keep 64-bit pointers of the x87 unit.
    op.width = hasREXW ? 8 : 4
    switch reg {
    case 0 where features.contains(.fxsr): set(.vectorState, detail: VectorState.save)
    case 1 where features.contains(.fxsr): set(.vectorState, detail: VectorState.restore)
    case 2, 3: decodeControlWord()
    case 4 where features.contains(.xsave): set(.vectorState, detail: VectorState.extendedSave)
    case 5 where features.contains(.xsave): set(.vectorState, detail: VectorState.extendedRestore)
    case 6 where features.contains(.xsaveopt): set(.vectorState, detail: VectorState.extendedSave)
    case 7:
      op.width = 1
      set(.flushLine)
    default: setInvalid()
    }
  }

  /// LDMXCSR and STMXCSR.
  private mutating func decodeControlWord() {
    guard features.contains(.sse) else { return setInvalid() }
    op.width = 4
    op.form = hasVEX ? Form.vex : 0
    set(.vectorState, detail: reg == 2 ? VectorState.loadControl : VectorState.storeControl)
  }

  /// VLDMXCSR and VSTMXCSR.
  mutating func decodeVEXControl() {
    readModRM()
    guard isMemory, reg == 2 || reg == 3, has(.avx), !vexIsLong, namesNoThird, vectorPrefix == 0 else {
      return setInvalid()
    }
    decodeControlWord()
  }

  private mutating func decodeFence() {
    if repeatPrefix == 0xF3, is64, reg < 4 {
      op.width = hasREXW ? 8 : 4
      op.a = extendedRM &* 8
      let kinds: [SystemKind] = [.readFSBase, .readGSBase, .writeFSBase, .writeGSBase]
      return system(kinds[Int(reg)])
    }
    if vectorPrefix == 0, reg >= 5, features.contains(.sse2) { set(.nop) } else { setInvalid() }
  }
}
