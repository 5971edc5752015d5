import Architecture

/// The rows of system instructions, ports and segment registers.
extension Decoder {
  mutating func system(_ kind: SystemKind) { end(.system, detail: kind.rawValue) }

  mutating func decodeSystem(_ opcode: UInt8) {
    op.width = operandWidth
    switch opcode {
    case 0xCC: system(.breakpoint)
    case 0xCD:
      op.immediate = UInt64(next8())
      system(.interrupt)
    case 0xCE: if is64 { setInvalid() } else { system(.interruptOverflow) }
    case 0xCF: system(.interruptReturn)
    case 0xE4...0xE7, 0xEC...0xEF: decodePort(opcode)
    case 0xF1: system(.debugTrap)
    case 0xF4: system(.halt)
    case 0xF5: set(.changeFlag, detail: FlagChange.complementCarry)
    case 0xF8: set(.changeFlag, detail: FlagChange.clearCarry)
    case 0xF9: set(.changeFlag, detail: FlagChange.setCarry)
    case 0xFA: system(.clearInterrupts)
    case 0xFB: system(.setInterrupts)
    case 0xFC: set(.changeFlag, detail: FlagChange.clearDirection)
    case 0xFD: set(.changeFlag, detail: FlagChange.setDirection)
    default: setInvalid()
    }
  }

  private mutating func decodePort(_ opcode: UInt8) {
    op.width = opcode & 1 == 0 ? 1 : min(operandWidth, 4)
    op.a = 0
    if opcode < 0xE8 {
      op.immediate = UInt64(next8())
      op.detail |= Detail.immediate
    }
    system(opcode & 2 == 0 ? .portIn : .portOut)
  }

  /// Groups 6 and 7, LAR and LSL.
  mutating func decodeSystemGroup(_ opcode: UInt8) {
    switch opcode {
    case 0x00:
      operandRM(operandWidth)
      let kinds: [SystemKind] = [.storeLocalTable, .storeTask, .loadLocalTable, .loadTask, .verifyRead, .verifyWrite]
      if reg < 6 { system(kinds[Int(reg)]) } else { setInvalid() }
    case 0x01: decodeGroup7()
    default:
      operandsFromRM(operandWidth, sourceWidth: 2)
      system(opcode == 0x02 ? .loadRights : .loadLimit)
    }
  }

  private mutating func decodeGroup7() {
    operandRM(operandWidth)
    guard isMemory else { return decodeGroup7Register() }
    switch reg {
    case 0: system(.storeGlobalTable)
    case 1: system(.storeInterruptTable)
    case 2: system(.loadGlobalTable)
    case 3: system(.loadInterruptTable)
    case 4: system(.storeMachineStatus)
    case 6: system(.loadMachineStatus)
    case 7: system(.invalidatePage)
    default: setInvalid()
    }
  }

  private mutating func decodeGroup7Register() {
    // All but SMSW and LMSW are opcodes without a prefix.
    if modRM & 0xE0 != 0xE0 || modRM >= 0xF8, vectorPrefix != 0 { return setInvalid() }
    switch modRM {
    case 0xC1: system(.vmcall)
    case 0xD9: system(.vmmcall)
    case 0xCA where features.contains(.smap): system(.clearAccess)
    case 0xCB where features.contains(.smap): system(.setAccess)
    case 0xD0 where features.contains(.xsave): system(.readExtendedControl)
    case 0xD1 where features.contains(.xsave): system(.writeExtendedControl)
    case 0xEE where features.contains(.protectionKeys): system(.readKeyRights)
    case 0xEF where features.contains(.protectionKeys): system(.writeKeyRights)
    case 0xF8 where is64: system(.swapGS)
    case 0xF9 where features.contains(.rdtscp): system(.readTSCP)
    case 0xE0...0xE7: system(.storeMachineStatus)
    case 0xF0...0xF7: system(.loadMachineStatus)
    default: setInvalid()
    }
  }

  /// Group 9, 0F C7: CMPXCHG8B, CMPXCHG16B and RDPID.
  mutating func decodeGroup9() {
    operandRM(hasREXW ? 8 : 4)
    switch (reg, isMemory) {
    case (1, true) where !hasREXW || features.contains(.cmpxchg16b):
      set(.compareExchangePair, detail: Detail.lockable)
    case (7, false) where repeatPrefix == 0xF3 && features.contains(.rdpid):
      op.width = is64 ? 8 : 4
      system(.readProcessorID)
    default: setInvalid()
    }
  }

  /// 66 0F 38 82: INVPCID.
  mutating func decodeInvalidateContext() {
    guard features.contains(.invpcid), vectorPrefix == 1 else { return setInvalid() }
    operandsFromRM(is64 ? 8 : 4)
    guard isMemory else { return setInvalid() }
    system(.invalidateContext)
  }

  /// 0F 20...23. ModRM.mod is taken as 3; CR8 is REX.R with 0.
  mutating func decodeControlMove(_ opcode: UInt8) {
    modRM = next8()
    op.a = extendedRM &* 8
    let number = extendedReg
    op.immediate = UInt64(number)
    if opcode & 1 == 0 {
      guard [0, 2, 3, 4, 8].contains(number), number != 8 || is64 else { return setInvalid() }
      system(opcode == 0x20 ? .moveFromControl : .moveToControl)
    } else {
      guard number < 8 else { return setInvalid() }
      system(opcode == 0x21 ? .moveFromDebug : .moveToDebug)
    }
  }

  // MARK: Segment registers

  mutating func pushSegment(_ number: UInt8) {
    guard !is64 || number >= 4 else { return setInvalid() }
    op.width = stackWidth
    set(.pushSegment, detail: UInt16(number))
  }

  mutating func popSegment(_ number: UInt8) {
    guard !is64 || number >= 4 else { return setInvalid() }
    op.width = stackWidth
    op.immediate = UInt64(number)
    system(.popSegment)
  }

  /// 8C.
  mutating func decodeFromSegment() {
    operandRM(operandWidth)
    guard reg < 6 else { return setInvalid() }
    op.immediate = UInt64(reg)
    system(.moveFromSegment)
  }

  /// 8E. CS cannot be loaded so.
  mutating func decodeToSegment() {
    operandRM(2)
    guard reg < 6, reg != 1 else { return setInvalid() }
    op.immediate = UInt64(reg)
    system(.moveToSegment)
  }

  /// LES, LDS, LSS, LFS and LGS.
  mutating func decodeFarPointer(_ number: UInt8) {
    operandsFromRM(operandWidth)
    guard isMemory else { return setInvalid() }
    op.immediate = UInt64(number)
    system(.loadFarPointer)
  }
}
