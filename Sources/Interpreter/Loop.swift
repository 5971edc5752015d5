import Architecture

/// Why the loop came back. RIP is up to date.
enum Leave: UInt8 {
  /// The block at RIP has to be looked up.
  case lookup
  /// The next block is longer than the rest of the slice.
  case partial
  case fault
  case single
  case exit
  /// Something that may matter has changed: privilege, mode, interrupts.
  case boundary
}

/// The interpreter's loop: one operation after the other, one block after the other.
extension Interpreter {
  /// Runs from the start of a block until something needs attention. Ticks are paid for by the block, on entry.
  func execute(_ c: CPU, from first: BlockPointer) -> Leave {
    var block = first
    var op = first.ops
    guard enter(c, first) else { return .partial }
    do throws(Stop) {
      while true {
        let next: BlockPointer?
        dispatch: do {
          switch op.pointee.operation {
          case .move: try move(c, op)
          case .move64rr: c.setA64(op, c.b64(op))
          case .move32rr: c.setA32(op, c.b32(op))
          case .move64ri: c.setA64(op, op.i64)
          case .load8: try c.setR8(op.pointee.a, load8(c, op))
          case .load16: try c.setR16(op.pointee.a, load16(c, op))
          case .load32: try c.setA32(op, load32(c, op))
          case .load64: try c.setA64(op, load64(c, op))
          case .store8: try store8(c, writeAddress(c, op), c.b8(op), op.pointee.segment)
          case .store16: try store16(c, writeAddress(c, op), c.r16(op.pointee.b), op.pointee.segment)
          case .store32: try store32(c, writeAddress(c, op), c.b32(op), op.pointee.segment)
          case .store64: try store64(c, writeAddress(c, op), c.b64(op), op.pointee.segment)
          case .store8i: try store8(c, writeAddress(c, op), op.i8, op.pointee.segment)
          case .store16i: try store16(c, writeAddress(c, op), op.i16, op.pointee.segment)
          case .store32i: try store32(c, writeAddress(c, op), op.i32, op.pointee.segment)
          case .store64i: try store64(c, writeAddress(c, op), op.i64, op.pointee.segment)
          case .extend: try extend(c, op)
          case .zeroExtend8r: c.setA32(op, UInt32(c.b8(op)))
          case .zeroExtend8m: try c.setA32(op, UInt32(load8(c, op)))
          case .zeroExtend16r: c.setA32(op, UInt32(c.r16(op.pointee.b)))
          case .zeroExtend16m: try c.setA32(op, UInt32(load16(c, op)))
          case .signExtend8to32r: c.setA32(op, UInt32(bitPattern: Int32(Int8(bitPattern: c.b8(op)))))
          case .signExtend8to32m: try c.setA32(op, UInt32(bitPattern: Int32(Int8(bitPattern: load8(c, op)))))
          case .signExtend8to64r: c.setA64(op, UInt64(bitPattern: Int64(Int8(bitPattern: c.b8(op)))))
          case .signExtend8to64m: try c.setA64(op, UInt64(bitPattern: Int64(Int8(bitPattern: load8(c, op)))))
          case .signExtend16to32r: c.setA32(op, UInt32(bitPattern: Int32(Int16(bitPattern: c.r16(op.pointee.b)))))
          case .signExtend16to32m: try c.setA32(op, UInt32(bitPattern: Int32(Int16(bitPattern: load16(c, op)))))
          case .signExtend16to64r: c.setA64(op, UInt64(bitPattern: Int64(Int16(bitPattern: c.r16(op.pointee.b)))))
          case .signExtend16to64m: try c.setA64(op, UInt64(bitPattern: Int64(Int16(bitPattern: load16(c, op)))))
          case .signExtend32to64r: c.setA64(op, UInt64(bitPattern: Int64(Int32(bitPattern: c.b32(op)))))
          case .signExtend32to64m: try c.setA64(op, UInt64(bitPattern: Int64(Int32(bitPattern: load32(c, op)))))
          case .loadEffective: loadEffective(c, op)
          case .loadEffective64: c.setA64(op, effective(c, op))
          case .loadEffective32: c.setA32(op, UInt32(truncatingIfNeeded: effective(c, op)))
          case .moveIf: try moveIf(c, op)
          case .setIf: try setIf(c, op)
          case .moveSwapped: try moveSwapped(c, op)
          case .translateByte: try translateByte(c, op)
          case .swapBytes: swapBytes(c, op)
          case .extendAccumulator: extendAccumulator(c, op)
          case .extendIntoData: extendIntoData(c, op)
          case .arithmetic: try arithmetic(c, op)
          case .add64rr: c.setA64(op, c.add64(c.a64(op), c.b64(op)))
          case .add64ri: c.setA64(op, c.add64(c.a64(op), op.i64))
          case .add64rm: try c.setA64(op, c.add64(c.a64(op), load64(c, op)))
          case .add64mr: try modify64(c, op) { c.add64($0, c.b64(op)) }
          case .add64mi: try modify64(c, op) { c.add64($0, op.i64) }
          case .sub64rr: c.setA64(op, c.sub64(c.a64(op), c.b64(op)))
          case .sub64ri: c.setA64(op, c.sub64(c.a64(op), op.i64))
          case .sub64rm: try c.setA64(op, c.sub64(c.a64(op), load64(c, op)))
          case .sub64mr: try modify64(c, op) { c.sub64($0, c.b64(op)) }
          case .sub64mi: try modify64(c, op) { c.sub64($0, op.i64) }
          case .and64rr: c.setA64(op, c.logic64(c.a64(op) & c.b64(op)))
          case .and64ri: c.setA64(op, c.logic64(c.a64(op) & op.i64))
          case .and64rm: try c.setA64(op, c.logic64(c.a64(op) & load64(c, op)))
          case .and64mr: try modify64(c, op) { c.logic64($0 & c.b64(op)) }
          case .and64mi: try modify64(c, op) { c.logic64($0 & op.i64) }
          case .or64rr: c.setA64(op, c.logic64(c.a64(op) | c.b64(op)))
          case .or64ri: c.setA64(op, c.logic64(c.a64(op) | op.i64))
          case .or64rm: try c.setA64(op, c.logic64(c.a64(op) | load64(c, op)))
          case .or64mr: try modify64(c, op) { c.logic64($0 | c.b64(op)) }
          case .or64mi: try modify64(c, op) { c.logic64($0 | op.i64) }
          case .xor64rr: c.setA64(op, c.logic64(c.a64(op) ^ c.b64(op)))
          case .xor64ri: c.setA64(op, c.logic64(c.a64(op) ^ op.i64))
          case .xor64rm: try c.setA64(op, c.logic64(c.a64(op) ^ load64(c, op)))
          case .xor64mr: try modify64(c, op) { c.logic64($0 ^ c.b64(op)) }
          case .xor64mi: try modify64(c, op) { c.logic64($0 ^ op.i64) }
          case .compare64rr: _ = c.sub64(c.a64(op), c.b64(op))
          case .compare64ri: _ = c.sub64(c.a64(op), op.i64)
          case .compare64rm: _ = try c.sub64(c.a64(op), load64(c, op))
          case .compare64mr: _ = try c.sub64(load64(c, op), c.b64(op))
          case .compare64mi: _ = try c.sub64(load64(c, op), op.i64)
          case .test64rr: _ = c.logic64(c.a64(op) & c.b64(op))
          case .test64ri: _ = c.logic64(c.a64(op) & op.i64)
          case .test64rm: _ = try c.logic64(c.a64(op) & load64(c, op))
          case .test64mr: _ = try c.logic64(load64(c, op) & c.b64(op))
          case .test64mi: _ = try c.logic64(load64(c, op) & op.i64)
          case .add32rr: c.setA32(op, c.add32(c.a32(op), c.b32(op)))
          case .add32ri: c.setA32(op, c.add32(c.a32(op), op.i32))
          case .add32rm: try c.setA32(op, c.add32(c.a32(op), load32(c, op)))
          case .add32mr: try modify32(c, op) { c.add32($0, c.b32(op)) }
          case .add32mi: try modify32(c, op) { c.add32($0, op.i32) }
          case .sub32rr: c.setA32(op, c.sub32(c.a32(op), c.b32(op)))
          case .sub32ri: c.setA32(op, c.sub32(c.a32(op), op.i32))
          case .sub32rm: try c.setA32(op, c.sub32(c.a32(op), load32(c, op)))
          case .sub32mr: try modify32(c, op) { c.sub32($0, c.b32(op)) }
          case .sub32mi: try modify32(c, op) { c.sub32($0, op.i32) }
          case .and32rr: c.setA32(op, c.logic32(c.a32(op) & c.b32(op)))
          case .and32ri: c.setA32(op, c.logic32(c.a32(op) & op.i32))
          case .and32rm: try c.setA32(op, c.logic32(c.a32(op) & load32(c, op)))
          case .and32mr: try modify32(c, op) { c.logic32($0 & c.b32(op)) }
          case .and32mi: try modify32(c, op) { c.logic32($0 & op.i32) }
          case .or32rr: c.setA32(op, c.logic32(c.a32(op) | c.b32(op)))
          case .or32ri: c.setA32(op, c.logic32(c.a32(op) | op.i32))
          case .or32rm: try c.setA32(op, c.logic32(c.a32(op) | load32(c, op)))
          case .or32mr: try modify32(c, op) { c.logic32($0 | c.b32(op)) }
          case .or32mi: try modify32(c, op) { c.logic32($0 | op.i32) }
          case .xor32rr: c.setA32(op, c.logic32(c.a32(op) ^ c.b32(op)))
          case .xor32ri: c.setA32(op, c.logic32(c.a32(op) ^ op.i32))
          case .xor32rm: try c.setA32(op, c.logic32(c.a32(op) ^ load32(c, op)))
          case .xor32mr: try modify32(c, op) { c.logic32($0 ^ c.b32(op)) }
          case .xor32mi: try modify32(c, op) { c.logic32($0 ^ op.i32) }
          case .compare32rr: _ = c.sub32(c.a32(op), c.b32(op))
          case .compare32ri: _ = c.sub32(c.a32(op), op.i32)
          case .compare32rm: _ = try c.sub32(c.a32(op), load32(c, op))
          case .compare32mr: _ = try c.sub32(load32(c, op), c.b32(op))
          case .compare32mi: _ = try c.sub32(load32(c, op), op.i32)
          case .test32rr: _ = c.logic32(c.a32(op) & c.b32(op))
          case .test32ri: _ = c.logic32(c.a32(op) & op.i32)
          case .test32rm: _ = try c.logic32(c.a32(op) & load32(c, op))
          case .test32mr: _ = try c.logic32(load32(c, op) & c.b32(op))
          case .test32mi: _ = try c.logic32(load32(c, op) & op.i32)
          case .compare8rr: c.compare8(c.a8(op), c.b8(op))
          case .compare8ri: c.compare8(c.a8(op), op.i8)
          case .compare8rm: try c.compare8(c.a8(op), load8(c, op))
          case .compare8mr: try c.compare8(load8(c, op), c.b8(op))
          case .compare8mi: try c.compare8(load8(c, op), op.i8)
          case .test8rr: c.setLogicFlags(extended(c.a8(op) & c.b8(op)))
          case .test8ri: c.setLogicFlags(extended(c.a8(op) & op.i8))
          case .test8rm: try c.setLogicFlags(extended(c.a8(op) & load8(c, op)))
          case .test8mr: try c.setLogicFlags(extended(load8(c, op) & c.b8(op)))
          case .test8mi: try c.setLogicFlags(extended(load8(c, op) & op.i8))
          case .increment64: c.setA64(op, c.increment64(c.a64(op)))
          case .decrement64: c.setA64(op, c.decrement64(c.a64(op)))
          case .increment32: c.setA32(op, c.increment32(c.a32(op)))
          case .decrement32: c.setA32(op, c.decrement32(c.a32(op)))
          case .multiply: try multiply(c, op)
          case .multiplySigned: try multiplySigned(c, op)
          case .divide: try divide(c, op)
          case .multiply64rr: product64(c, op, c.a64(op), c.b64(op))
          case .multiply64rri: product64(c, op, c.b64(op), op.i64)
          case .multiply32rr: product32(c, op, c.a32(op), c.b32(op))
          case .multiply32rri: product32(c, op, c.b32(op), op.i32)
          case .shift: try shift(c, op)
          case .doubleShift: try doubleShift(c, op)
          case .shiftLeft64: c.setA64(op, c.shiftLeft64(c.a64(op), op.i64))
          case .shiftRight64: c.setA64(op, c.shiftRight64(c.a64(op), op.i64))
          case .shiftArithmetic64: c.setA64(op, c.shiftArithmetic64(c.a64(op), op.i64))
          case .shiftLeft32: c.setA32(op, c.shiftLeft32(c.a32(op), op.i32))
          case .shiftRight32: c.setA32(op, c.shiftRight32(c.a32(op), op.i32))
          case .shiftArithmetic32: c.setA32(op, c.shiftArithmetic32(c.a32(op), op.i32))
          case .bitTest: try bitTest(c, op)
          case .bitScan: try bitScan(c, op)
          case .bitManipulation: try bitManipulation(c, op)
          case .checksum: try checksum(c, op)
          case .decimalAdjust: try decimalAdjust(c, op)
          case .checkBound: try checkBound(c, op)
          case .adjustRequestedLevel: try adjustRequestedLevel(c, op)
          case .add64rrQuiet: c.setA64(op, c.a64(op) &+ c.b64(op))
          case .add64riQuiet: c.setA64(op, c.a64(op) &+ op.i64)
          case .sub64rrQuiet: c.setA64(op, c.a64(op) &- c.b64(op))
          case .sub64riQuiet: c.setA64(op, c.a64(op) &- op.i64)
          case .and64rrQuiet: c.setA64(op, c.a64(op) & c.b64(op))
          case .and64riQuiet: c.setA64(op, c.a64(op) & op.i64)
          case .or64rrQuiet: c.setA64(op, c.a64(op) | c.b64(op))
          case .or64riQuiet: c.setA64(op, c.a64(op) | op.i64)
          case .xor64rrQuiet: c.setA64(op, c.a64(op) ^ c.b64(op))
          case .xor64riQuiet: c.setA64(op, c.a64(op) ^ op.i64)
          case .increment64Quiet: c.setA64(op, c.a64(op) &+ 1)
          case .decrement64Quiet: c.setA64(op, c.a64(op) &- 1)
          case .shiftLeft64Quiet: c.setA64(op, c.a64(op) &<< op.i64)
          case .shiftRight64Quiet: c.setA64(op, c.a64(op) &>> op.i64)
          case .shiftArithmetic64Quiet:
            c.setA64(op, UInt64(bitPattern: Int64(bitPattern: c.a64(op)) &>> Int64(truncatingIfNeeded: op.i64)))
          case .multiply64rrQuiet: c.setA64(op, c.a64(op) &* c.b64(op))
          case .multiply64rriQuiet: c.setA64(op, c.b64(op) &* op.i64)
          case .add32rrQuiet: c.setA32(op, c.a32(op) &+ c.b32(op))
          case .add32riQuiet: c.setA32(op, c.a32(op) &+ op.i32)
          case .sub32rrQuiet: c.setA32(op, c.a32(op) &- c.b32(op))
          case .sub32riQuiet: c.setA32(op, c.a32(op) &- op.i32)
          case .and32rrQuiet: c.setA32(op, c.a32(op) & c.b32(op))
          case .and32riQuiet: c.setA32(op, c.a32(op) & op.i32)
          case .or32rrQuiet: c.setA32(op, c.a32(op) | c.b32(op))
          case .or32riQuiet: c.setA32(op, c.a32(op) | op.i32)
          case .xor32rrQuiet: c.setA32(op, c.a32(op) ^ c.b32(op))
          case .xor32riQuiet: c.setA32(op, c.a32(op) ^ op.i32)
          case .increment32Quiet: c.setA32(op, c.a32(op) &+ 1)
          case .decrement32Quiet: c.setA32(op, c.a32(op) &- 1)
          case .shiftLeft32Quiet: c.setA32(op, c.a32(op) &<< op.i32)
          case .shiftRight32Quiet: c.setA32(op, c.a32(op) &>> op.i32)
          case .shiftArithmetic32Quiet:
            c.setA32(op, UInt32(bitPattern: Int32(bitPattern: c.a32(op)) &>> Int32(truncatingIfNeeded: op.i32)))
          case .multiply32rrQuiet: c.setA32(op, c.a32(op) &* c.b32(op))
          case .multiply32rriQuiet: c.setA32(op, c.b32(op) &* op.i32)
          case .exchange: try exchange(c, op)
          case .exchangeAdd: try exchangeAdd(c, op)
          case .compareExchange: try compareExchange(c, op)
          case .compareExchangePair: try compareExchangePair(c, op)
          case .push64: try push64(c, c.a64(op))
          case .push64i: try push64(c, op.i64)
          case .pop64: try c.setA64(op, pop64(c))
          case .leave64: try leave64(c)
          case .push: try push(c, op)
          case .pop: try pop(c, op)
          case .pushAll: try pushAll(c, op)
          case .popAll: try popAll(c, op)
          case .pushSegment: try pushSegment(c, op)
          case .pushFlags: try pushFlags(c, op)
          case .leaveFrame: try leaveFrame(c, op)
          case .enterFrame: try enterFrame(c, op)
          case .string: try string(c, op)
          case .changeFlag: changeFlag(c, op)
          case .loadAH: loadAH(c)
          case .storeAH: storeAH(c)
          case .loadVector: try loadVector(c, op)
          case .storeVector: try storeVector(c, op)
          case .moveVector: try moveVector(c, op)
          case .vectorLanes: try vectorLanes(c, op)
          case .permuteVector: try permuteVector(c, op)
          case .insertVector: try insertVector(c, op)
          case .vectorFloat: try vectorFloat(c, op)
          case .convertVector: try convertVector(c, op)
          case .compareStrings: try compareStrings(c, op)
          case .emptyMMX: try emptyMMX(c, op)
          case .vectorState: try vectorState(c, op)
          case .x87: try x87(c, op)
          case .flushLine: try flushLine(c, op)
          case .wait: try wait(c)
          case .nop: break

          case .jumpIf:
            next =
              c.condition(UInt8(truncatingIfNeeded: op.pointee.detail & 0xF))
              ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpZero:
            next = c.pointee.flagResult == 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotZero:
            next = c.pointee.flagResult != 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpSign:
            next = c.signedResult < 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotSign:
            next = c.signedResult >= 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpPositive:
            next = c.signedResult > 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotPositive:
            next = c.signedResult <= 0 ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpBelow:
            next = c.pointee.flagA < c.pointee.flagB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotBelow:
            next = c.pointee.flagA >= c.pointee.flagB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpAbove:
            next = c.pointee.flagA > c.pointee.flagB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotAbove:
            next = c.pointee.flagA <= c.pointee.flagB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpLess:
            next = c.signedA < c.signedB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotLess:
            next = c.signedA >= c.signedB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpGreater:
            next = c.signedA > c.signedB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jumpNotGreater:
            next = c.signedA <= c.signedB ? try taken(c, block, op) : try notTaken(c, block, op)
            break dispatch
          case .jump:
            next = try taken(c, block, op)
            break dispatch
          case .call:
            try call64(c, op)
            next = try taken(c, block, op)
            break dispatch
          case .return:
            next = jump(c, try return64(c, op))
            break dispatch
          case .fallThrough:
            next = try notTaken(c, block, op)
            break dispatch
          case .jumpIndirect:
            next = jump(c, try indirectTarget(c, op))
            break dispatch
          case .callIndirect:
            let target = try indirectTarget(c, op)
            try push(c, nextRIP(c, op), op.pointee.width)
            next = jump(c, target)
            break dispatch
          case .loop:
            next = try loop(c, block, op)
            break dispatch
          case .jumpIfNarrow:
            let holds = c.condition(UInt8(truncatingIfNeeded: op.pointee.detail & 0xF))
            next = holds ? jump(c, try narrowTarget(c, op)) : try notTaken(c, block, op)
            break dispatch
          case .jumpNarrow:
            next = jump(c, try narrowTarget(c, op))
            break dispatch
          case .callNarrow:
            let target = try narrowTarget(c, op)
            try push(c, nextRIP(c, op), op.pointee.width)
            next = jump(c, target)
            break dispatch
          case .returnNarrow:
            next = jump(c, try narrowReturn(c, op))
            break dispatch
          case .repeatString:
            try repeatString(c, op)
            next = try notTaken(c, block, op)
            break dispatch
          case .farTransfer:
            try farTransfer(c, op)
            return .boundary
          case .farReturn:
            try farReturn(c, op)
            return .boundary
          case .portString:
            c.pointee.rip = nextRIP(c, op)
            try portString(c, op)
            return .boundary
          case .system:
            c.pointee.rip = nextRIP(c, op)
            try system(c, op)
            return .boundary
          case .invalid: throw c.fail(op.pointee.detail == 13 ? .generalProtection() : .invalidOpcode)
          case .stale: throw .stale
          }
          op += 1
          continue
        }
        guard let next else {
          c.pointee.branchLength = op.pointee.length
          return .lookup
        }
        guard enter(c, next) else { return .partial }
        block = next
        op = next.ops
      }
    } catch {
      return leave(c, block, op, error)
    }
  }

  /// Pays for a block, or says that the rest of the slice does not suffice; RIP is at the block then.
  @inline(__always)
  private func enter(_ c: CPU, _ block: BlockPointer) -> Bool {
    let cost = Int64(block.pointee.count)
    guard c.pointee.remaining >= cost else {
      c.pointee.rip = (c.r64(Offset.page) &+ UInt64(block.pointee.offset)) & c.ripMask
      return false
    }
    c.pointee.remaining &-= cost
    return true
  }

  /// A repeated instruction that goes on later does not meet its own breakpoint again (SDM Vol. 3A, 18.3.1.1).
  func resume(_ c: CPU) {
    if c.pointee.codeBreakpoints != 0, c.pointee.isSingle { c.pointee.systemFlags |= RFlags.resume.rawValue }
  }

  /// Gives back what was paid for instructions that did not run, and says what to do.
  private func leave(_ c: CPU, _ block: BlockPointer, _ op: OpPointer, _ stop: Stop) -> Leave {
    let unstarted = Int64(block.pointee.count) &- Int64(op.pointee.number)
    if stop != .retired {
      let start = c.r64(Offset.page) &+ UInt64(op.pointee.next) &- UInt64(op.pointee.length)
      c.pointee.rip = start & c.ripMask
    }
    switch stop {
    case .fault:
      // The attempt costs a tick, so that a fault that repeats for ever still takes time.
      c.pointee.remaining &+= unstarted &- 1
      c.pointee.extraTicks &+= 1
      return .fault
    case .exit:
      c.pointee.remaining &+= c.pointee.pending.isPaid ? unstarted &- 1 : unstarted
      return .exit
    case .single:
      c.pointee.remaining &+= unstarted
      return .single
    case .stale:
      c.pointee.remaining &+= unstarted
      return .lookup
    case .retired: return .exit
    case .yield:
      c.pointee.extraTicks &+= 1
      resume(c)
      return .boundary
    }
  }
}
