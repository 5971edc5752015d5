import Architecture

/// PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM Vol. 1, 12.10.3; Vol. 2, 4.1).
extension Interpreter {
  /// `detail` bit 0: an index comes out in ECX, not a mask in XMM0; bit 1: lengths are in EAX and EDX.
  func compareStrings(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    let control = op.i8
    let second = try vectorSource(c, op).low
    let first = c.lanes(op.pointee.a)
    let strings = StringPair(
      first, second, control,
      lengths: op.pointee.detail & 2 == 0
        ? nil : (explicitLength(c, 0, op), explicitLength(c, 16, op)))
    let result = strings.result
    let count = strings.count
    if op.pointee.detail & 1 != 0 {
      let index: Int
      if result == 0 {
        index = count
      } else {
        index = control & 0x40 == 0 ? result.trailingZeroBitCount : 31 &- result.leadingZeroBitCount
      }
      c.setR32(8, UInt32(index))
    } else {
      c.writeVector(op, 0, Wide(low: strings.mask(result, isWide: control & 0x40 != 0)))
    }
    var flags: UInt64 = result != 0 ? 1 : 0
    if strings.secondLength < count { flags |= 0x40 }
    if strings.firstLength < count { flags |= 0x80 }
    if result & 1 != 0 { flags |= 0x800 }
    c.pointee.setArithmetic(flags)
  }

  /// The magnitude of (E/R)AX or (E/R)DX: as wide as REX.W says.
  private func explicitLength(_ c: CPU, _ register: UInt8, _ op: OpPointer) -> Int {
    let isWide = op.pointee.detail & 4 != 0
    let value = isWide ? Int64(bitPattern: c.r64(register)) : Int64(Int32(bitPattern: c.r32(register)))
    return Int(min(value.magnitude, 16))
  }
}

/// Two strings in registers and what the immediate asks of them.
private struct StringPair {
  let first: Lanes
  let second: Lanes
  let control: UInt8
  let count: Int
  let firstLength: Int
  let secondLength: Int

  init(_ first: Lanes, _ second: Lanes, _ control: UInt8, lengths: (Int, Int)?) {
    (self.first, self.second, self.control) = (first, second, control)
    count = control & 1 == 0 ? 16 : 8
    if let lengths {
      (firstLength, secondLength) = (min(lengths.0, count), min(lengths.1, count))
    } else {
      firstLength = Self.implicitLength(first, count)
      secondLength = Self.implicitLength(second, count)
    }
  }

  /// Up to the first zero.
  private static func implicitLength(_ value: Lanes, _ count: Int) -> Int {
    for i in 0..<count where (count == 16 ? Int(value.bytes[i]) : Int(value.words[i])) == 0 { return i }
    return count
  }

  private func element(_ value: Lanes, _ i: Int) -> Int {
    let isSigned = control & 2 != 0
    if count == 16 { return isSigned ? Int(value.signedBytes[i]) : Int(value.bytes[i]) }
    return isSigned ? Int(value.signedWords[i]) : Int(value.words[i])
  }

  /// IntRes2: a bit per element of the second string.
  var result: UInt32 {
    var bits: UInt32 = 0
    for i in 0..<count where holds(i) { bits |= 1 &<< UInt32(i) }
    let all: UInt32 = count == 16 ? 0xFFFF : 0xFF
    switch control &>> 4 & 3 {
    case 1: return bits ^ all
    case 3: return bits ^ ((1 &<< UInt32(secondLength)) &- 1)
    default: return bits
    }
  }

  private func holds(_ i: Int) -> Bool {
    switch control &>> 2 & 3 {
    case 0:
      guard i < secondLength else { return false }
      return (0..<firstLength).contains { element(first, $0) == element(second, i) }
    case 1:
      guard i < secondLength else { return false }
      let value = element(second, i)
      return stride(from: 0, to: firstLength &- 1, by: 2).contains {
        value >= element(first, $0) && value <= element(first, $0 &+ 1)
      }
    case 2:
      let isFirst = i < firstLength
      let isSecond = i < secondLength
      return isFirst && isSecond ? element(first, i) == element(second, i) : isFirst == isSecond
    default:
      // The first string is found here, as far as the register goes.
      for k in 0..<(count &- i) {
        if k >= firstLength { return true }
        if i &+ k >= secondLength || element(first, k) != element(second, i &+ k) { return false }
      }
      return true
    }
  }

  func mask(_ bits: UInt32, isWide: Bool) -> Lanes {
    guard isWide else { return Lanes(UInt64(bits), 0) }
    var value = Wide(low: .zero)
    let width = 16 / count
    for i in 0..<count where bits &>> UInt32(i) & 1 != 0 { value.setElement(i, width, .max) }
    return value.low
  }
}
