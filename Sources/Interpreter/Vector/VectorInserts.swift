import Architecture

/// Single elements in and out of vector registers, and tests of whole ones (SDM Vol. 1, 5.10 and 5.13).
enum VectorInsert: UInt8 {
  /// PINSRB, PINSRW, PINSRD, PINSRQ: an element of `detail`'s low nibble of bytes from a general register or memory.
  case insert
  case extract
  /// EXTRACTPS and INSERTPS.
  case insertSingle
  /// PTEST, VTESTPS and VTESTPD.
  case test, testSingles, testDoubles
  case shuffleWordsOfMMX
}

extension Interpreter {
  func insertVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = VectorInsert(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    let width = Int(op.pointee.detail & 0xF)
    switch kind {
    case .insert:
      let value = try elementSource(c, op, UInt8(width))
      if op.pointee.isMMX {
        var register = Wide(low: Lanes(mmx(c, op.pointee.third), 0))
        register.setElement(Int(op.i8 & 3), 2, value)
        setMMX(c, op.pointee.a, register.low[0])
        return enterMMX(c)
      }
      var register = Wide(low: c.lanes(op.pointee.third))
      register.setElement(Int(op.i8) & (16 / width &- 1), width, value)
      c.writeVector(op, op.pointee.a, register)
    case .extract: try extractElement(c, op, width)
    case .insertSingle: try insertSingle(c, op)
    case .test, .testSingles, .testDoubles: try test(c, op, kind)
    case .shuffleWordsOfMMX:
      setMMX(c, op.pointee.a, LaneUnit.shuffleWords(try mmxSource(c, op), op.i8))
      enterMMX(c)
    }
  }

  private func elementSource(_ c: CPU, _ op: OpPointer, _ width: UInt8) throws(Stop) -> UInt64 {
    guard op.pointee.isMemory else { return c.r64(op.pointee.b) & widthMask(width) }
    return try load(c, try address(c, op, size: UInt64(width)), width, op.pointee.segment)
  }

  /// PEXTRB and its kin, and EXTRACTPS: to a register zero-extended, to memory the element alone.
  private func extractElement(_ c: CPU, _ op: OpPointer, _ width: Int) throws(Stop) {
    let source = op.pointee.isMMX ? Wide(low: Lanes(mmx(c, op.pointee.b), 0)) : Wide(low: c.lanes(op.pointee.b))
    let count = (op.pointee.isMMX ? 8 : 16) / width
    let value = source.element(Int(op.i8) & (count &- 1), width)
    if op.pointee.isMMX { enterMMX(c) }
    guard op.pointee.isMemory else { return c.setR64(op.pointee.a, value) }
    let place = try address(c, op, size: UInt64(width), isWrite: true)
    try store(c, place, UInt8(width), value, op.pointee.segment)
  }

  private func insertSingle(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let source = try vectorSource(c, op).low
    let value = op.pointee.isMemory ? source.doubles[0] : source.doubles[Int(op.i8 &>> 6)]
    var result = c.lanes(op.pointee.third).doubles
    result[Int(op.i8 &>> 4 & 3)] = value
    for i in 0..<4 where op.i8 &>> UInt8(i) & 1 != 0 { result[i] = 0 }
    c.writeVector(op, op.pointee.a, Wide(low: Lanes(result)))
  }

  /// ZF: no bit, or sign, of both is set; CF: none of the second that the first has not.
  private func test(_ c: CPU, _ op: OpPointer, _ kind: VectorInsert) throws(Stop) {
    let second = try vectorSource(c, op)
    let first = Wide(low: c.lanes(op.pointee.a), high: op.pointee.isLong ? c.upperLanes(op.pointee.a) : .zero)
    let mask: UInt64 =
      switch kind {
      case .testSingles: 0x8000_0000_8000_0000
      case .testDoubles: 1 &<< 63
      default: .max
      }
    var (both, missing) = (UInt64(0), UInt64(0))
    for i in 0..<4 {
      both |= first[quad: i] & second[quad: i] & mask
      missing |= ~first[quad: i] & second[quad: i] & mask
    }
    c.pointee.setArithmetic((both == 0 ? 0x40 : 0) | (missing == 0 ? 1 : 0))
  }
}
