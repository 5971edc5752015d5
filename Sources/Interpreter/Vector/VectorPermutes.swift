import Architecture

/// What crosses the halves of 256 bits, converts widths, or picks elements by a mask: SSE4.1, AVX and AVX2.
enum VectorPermute: UInt8 {
  /// PMOVSX and PMOVZX: in `detail` the source's bytes, the logarithm of the destination's from bit 4, the sign in bit 7.
  case extend
  case blendByMaskB, blendByMaskSingles, blendByMaskDoubles
  case broadcast8, broadcast16, broadcast32, broadcast64, broadcast128
  case permute128, insert128, extract128
  case permuteQuads, permuteSinglesAcross
  case maskedLoad32, maskedLoad64, maskedStore32, maskedStore64
  case gather
  case clearUppers, clearAll
}

extension Wide {
  /// The four 64-bit elements.
  subscript(quad i: Int) -> UInt64 {
    get { i < 2 ? low[i] : high[i &- 2] }
    set { if i < 2 { low[i] = newValue } else { high[i &- 2] = newValue } }
  }
  /// Elements of `width` bytes, by number.
  func element(_ i: Int, _ width: Int) -> UInt64 {
    let at = i &* width
    return (self[quad: at &>> 3] &>> UInt64((at & 7) &* 8)) & widthMask(UInt8(width))
  }
  mutating func setElement(_ i: Int, _ width: Int, _ value: UInt64) {
    let at = i &* width
    let shift = UInt64((at & 7) &* 8)
    let mask = widthMask(UInt8(width)) &<< shift
    self[quad: at &>> 3] = self[quad: at &>> 3] & ~mask | (value &<< shift) & mask
  }
}

extension Interpreter {
  func wide(_ c: CPU, _ half: UInt8) -> Wide { Wide(low: c.lanes(half), high: c.upperLanes(half)) }

  func permuteVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = VectorPermute(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    let a = op.pointee.a
    switch kind {
    case .extend: c.writeVector(op, a, try extended(c, op))
    case .blendByMaskB, .blendByMaskSingles, .blendByMaskDoubles: c.writeVector(op, a, try blended(c, op, kind))
    case .broadcast8, .broadcast16, .broadcast32, .broadcast64: c.writeVector(op, a, try broadcast(c, op, kind))
    case .broadcast128:
      let value = try vectorSource(c, op).low
      c.writeVector(op, a, Wide(low: value, high: value))
    case .permute128: c.writeVector(op, a, try permuted128(c, op))
    case .insert128:
      var value = wide(c, op.pointee.third)
      let part = try vectorSource(c, op).low
      if op.i8 & 1 == 0 { value.low = part } else { value.high = part }
      c.writeVector(op, a, value)
    case .extract128: try extract128(c, op)
    case .permuteQuads:
      let source = try vectorSource(c, op)
      var value = Wide(low: .zero)
      for i in 0..<4 { value[quad: i] = source[quad: Int(op.i8 &>> UInt8(i &* 2)) & 3] }
      c.writeVector(op, a, value)
    case .permuteSinglesAcross:
      let (source, order) = (try vectorSource(c, op), wide(c, op.pointee.third))
      var value = Wide(low: .zero)
      for i in 0..<8 { value.setElement(i, 4, source.element(Int(order.element(i, 4) & 7), 4)) }
      c.writeVector(op, a, value)
    case .maskedLoad32, .maskedLoad64: try maskedLoad(c, op, kind == .maskedLoad32 ? 4 : 8)
    case .maskedStore32, .maskedStore64: try maskedStore(c, op, kind == .maskedStore32 ? 4 : 8)
    case .gather: try gather(c, op)
    case .clearUppers: for i in 0..<(c.isLong ? 16 : 8) { c.setUpperLanes(UInt8(i &* 2), .zero) }
    case .clearAll:
      for i in 0..<(c.isLong ? 16 : 8) {
        c.setLanes(UInt8(i &* 2), .zero)
        c.setUpperLanes(UInt8(i &* 2), .zero)
      }
    }
  }

  private func extended(_ c: CPU, _ op: OpPointer) throws(Stop) -> Wide {
    let source = try vectorSource(c, op)
    let from = Int(op.pointee.detail & 7)
    let to = 1 &<< Int(op.pointee.detail &>> 4 & 3)
    let isSigned = op.pointee.detail & 0x80 != 0
    var result = Wide(low: .zero)
    for i in 0..<((op.pointee.isLong ? 32 : 16) / to) {
      let value = source.element(i, from)
      result.setElement(i, to, isSigned ? signExtend(value, UInt8(from)) : value)
    }
    return result
  }

  /// PBLENDVB, BLENDVPS and BLENDVPD: by the signs of XMM0, or of the register in the immediate's upper nibble.
  private func blended(_ c: CPU, _ op: OpPointer, _ kind: VectorPermute) throws(Stop) -> Wide {
    let width = kind == .blendByMaskB ? 1 : kind == .blendByMaskSingles ? 4 : 8
    let mask = wide(c, op.pointee.isVEX ? (op.i8 &>> 4 & (c.isLong ? 15 : 7)) &* 2 : 0)
    let second = try vectorSource(c, op)
    var result = wide(c, op.pointee.third)
    for i in 0..<((op.pointee.isLong ? 32 : 16) / width)
    where mask.element(i, width).bit(width &* 8 &- 1) {
      result.setElement(i, width, second.element(i, width))
    }
    return result
  }

  private func broadcast(_ c: CPU, _ op: OpPointer, _ kind: VectorPermute) throws(Stop) -> Wide {
    let width: UInt8 = 1 &<< (kind.rawValue &- VectorPermute.broadcast8.rawValue)
    let value = try vectorSource(c, op).low[0] & widthMask(width)
    var pattern = value
    var bits = UInt64(width) &* 8
    while bits < 64 {
      pattern |= pattern &<< bits
      bits &*= 2
    }
    return Wide(low: Lanes(repeating: pattern), high: Lanes(repeating: pattern))
  }

  /// VPERM2F128 and VPERM2I128.
  private func permuted128(_ c: CPU, _ op: OpPointer) throws(Stop) -> Wide {
    let (first, second) = (wide(c, op.pointee.third), try vectorSource(c, op))
    func half(_ control: UInt8) -> Lanes {
      if control & 8 != 0 { return .zero }
      let from = control & 2 == 0 ? first : second
      return control & 1 == 0 ? from.low : from.high
    }
    return Wide(low: half(op.i8), high: half(op.i8 &>> 4))
  }

  private func extract128(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let source = wide(c, op.pointee.b)
    let part = Wide(low: op.i8 & 1 == 0 ? source.low : source.high)
    guard op.pointee.isMemory else {
      c.setLanes(op.pointee.a, part.low)
      c.setUpperLanes(op.pointee.a, .zero)
      return
    }
    try storeVector(c, op, part)
  }

  // MARK: Masks

  /// VMASKMOVPS and its kin: elements whose mask has its sign set; the others are neither read nor faulted on.
  private func maskedLoad(_ c: CPU, _ op: OpPointer, _ width: Int) throws(Stop) {
    let mask = wide(c, op.pointee.third)
    let place = try vectorAddress(c, op, isWrite: false)
    var result = Wide(low: .zero)
    for i in 0..<(Int(op.pointee.width) / width) where mask.element(i, width).bit(width &* 8 &- 1) {
      let at = linear(c, place &+ UInt64(i &* width))
      result.setElement(i, width, try load(c, at, UInt8(width), op.pointee.segment))
    }
    c.writeVector(op, op.pointee.a, result)
  }

  private func maskedStore(_ c: CPU, _ op: OpPointer, _ width: Int) throws(Stop) {
    let (mask, value) = (wide(c, op.pointee.third), wide(c, op.pointee.b))
    let place = try vectorAddress(c, op, isWrite: true)
    for isProbe in [true, false] {
      for i in 0..<(Int(op.pointee.width) / width) where mask.element(i, width).bit(width &* 8 &- 1) {
        let at = linear(c, place &+ UInt64(i &* width))
        if isProbe {
          try probeStore(c, at, width, op.pointee.segment)
        } else {
          try store(c, at, UInt8(width), value.element(i, width), op.pointee.segment)
        }
      }
    }
  }

  /// VPGATHER and VGATHER: an element that has come clears its mask, so that a fault on the way lets the instruction go
  /// on where it was (SDM Vol. 2, "VPGATHERDD"). The index register is `immediate`, sizes are in `detail`.
  private func gather(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let (a, third) = (op.pointee.a, op.pointee.third)
    let indexHalf = UInt8(truncatingIfNeeded: op.pointee.immediate)
    let indexWidth = Int(op.pointee.detail & 0xF)
    let width = Int(op.pointee.detail &>> 4 & 0xF)
    guard a != third, a != indexHalf, third != indexHalf else { throw c.fail(.invalidOpcode) }
    let total = op.pointee.isLong ? 32 : 16
    let count = total / max(indexWidth, width)
    let index = wide(c, indexHalf)
    var (result, mask) = (wide(c, a), wide(c, third))
    func keep() {
      let isWhole = count &* width == 32
      c.setLanes(a, count &* width < 16 ? Lanes(result.low[0], 0) : result.low)
      c.setUpperLanes(a, isWhole ? result.high : .zero)
    }
    for i in 0..<count where mask.element(i, width).bit(width &* 8 &- 1) {
      var moved = op.pointee
      moved.displacement &+= signExtend(index.element(i, indexWidth), UInt8(indexWidth)) &<< UInt64(moved.scale)
      do throws(Stop) {
        let at = try withUnsafeMutablePointer(to: &moved) { (moved) throws(Stop) in
          try address(c, moved, size: UInt64(width))
        }
        result.setElement(i, width, try load(c, at, UInt8(width), op.pointee.segment))
      } catch {
        keepProgress(c, a, third, result, mask)
        throw error
      }
      mask.setElement(i, width, 0)
    }
    keep()
    c.setLanes(third, .zero)
    c.setUpperLanes(third, .zero)
  }

  private func keepProgress(_ c: CPU, _ a: UInt8, _ third: UInt8, _ result: Wide, _ mask: Wide) {
    c.setLanes(a, result.low)
    c.setUpperLanes(a, result.high)
    c.setLanes(third, mask.low)
    c.setUpperLanes(third, mask.high)
  }
}
