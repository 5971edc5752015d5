import Architecture

/// Bytes to one `Op` (SDM Vol. 2, chapter 2). The families' files say which operation an opcode is.
struct Decoder {
  let bytes: UnsafePointer<UInt8>
  let start: Int
  let available: Int
  let mode: CodeMode
  let features: CPUFeatures

  var op = Op()
  /// The instruction must be the last of its block: control, mode or time may change.
  var endsBlock = false

  var position: Int
  /// Ran out of bytes.
  var isTruncated = false
  var rex: UInt8 = 0
  var hasOperandPrefix = false
  var hasAddressPrefix = false
  var hasLock = false
  /// 0, F2h or F3h: the last one counts.
  var repeatPrefix: UInt8 = 0
  /// 255 for none.
  var segmentOverride: UInt8 = 255
  var modRM: UInt8 = 0
  var hasVEX = false
  /// VEX.vvvv, and VEX.L.
  var vexRegister: UInt8 = 0
  var vexIsLong = false
  /// The index of a SIB byte, for those that have a vector register there.
  var vectorIndex: UInt8 = 0
  var hasVectorIndex = false
  var isRIPRelative = false

  init(bytes: UnsafePointer<UInt8>, at start: Int, available: Int, mode: CodeMode, features: CPUFeatures) {
    self.bytes = bytes
    self.start = start
    self.available = available
    self.mode = mode
    self.features = features
    position = start
  }

  var is64: Bool { mode == .bits64 }

  /// False when the bytes do not suffice. Everything else is an operation, be it `invalid`.
  mutating func decode() -> Bool {
    let opcode = prefixes()
    decodeOpcode(opcode)
    if isTruncated, available &- start < 15 { return false }
    if isTruncated || position &- start > 15 { setInvalid(fault: 13) }
    finish()
    return true
  }

  consuming func decoded() -> Decoder {
    _ = decode()
    return self
  }

  private mutating func finish() {
    if hasLock, !op.allowsLock { setInvalid() }
    let length = min(position &- start, 15)
    op.length = UInt8(length)
    op.next = UInt16(start &+ length)
    if isRIPRelative { op.displacement &+= UInt64(op.next) }
    if op.operation == .invalid { endsBlock = true }
    op.plain = op.operation
  }

  /// Takes the legacy prefixes and REX, and returns the opcode. REX counts only right before it.
  private mutating func prefixes() -> UInt8 {
    while true {
      let byte = next8()
      switch byte {
      case 0x26, 0x2E, 0x36, 0x3E:
        if !is64 { segmentOverride = (byte &>> 3) & 3 }
      case 0x64: segmentOverride = 4
      case 0x65: segmentOverride = 5
      case 0x66: hasOperandPrefix = true
      case 0x67: hasAddressPrefix = true
      case 0xF0: hasLock = true
      case 0xF2, 0xF3: repeatPrefix = byte
      case 0x40...0x4F where is64:
        rex = byte
        continue
      default:
        return byte
      }
      rex = 0
      if isTruncated || position &- start > 15 { return 0x90 }
    }
  }

  // MARK: Bytes

  mutating func next8() -> UInt8 {
    guard position < available else {
      isTruncated = true
      return 0
    }
    defer { position &+= 1 }
    return bytes[position]
  }
  mutating func next16() -> UInt16 {
    let low = UInt16(next8())
    return low | UInt16(next8()) &<< 8
  }
  mutating func next32() -> UInt32 {
    let low = UInt32(next16())
    return low | UInt32(next16()) &<< 16
  }
  mutating func next64() -> UInt64 {
    let low = UInt64(next32())
    return low | UInt64(next32()) &<< 32
  }
  mutating func signed8() -> UInt64 { UInt64(bitPattern: Int64(Int8(bitPattern: next8()))) }
  /// An immediate of the operand size, at most 32 bits, sign-extended (SDM Vol. 2, 2.2.1.5).
  mutating func immediate(_ width: UInt8) -> UInt64 {
    switch width {
    case 1: signed8()
    case 2: UInt64(bitPattern: Int64(Int16(bitPattern: next16())))
    default: UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
    }
  }

  // MARK: Sizes

  var hasREXW: Bool { rex & 8 != 0 }
  /// 2, 4 or 8.
  var operandWidth: UInt8 {
    if hasREXW { return 8 }
    return (mode == .bits16) != hasOperandPrefix ? 2 : 4
  }
  /// Of near branches and stack instructions, which are 64 bits wide in 64-bit mode.
  var stackWidth: UInt8 {
    if is64 { return hasOperandPrefix ? 2 : 8 }
    return operandWidth
  }
  /// 2, 4 or 8.
  var addressWidth: UInt8 {
    switch mode {
    case .bits64: hasAddressPrefix ? 4 : 8
    case .bits32: hasAddressPrefix ? 2 : 4
    case .bits16: hasAddressPrefix ? 4 : 2
    }
  }

  // MARK: Outcomes

  mutating func setInvalid(fault: UInt16 = 6) {
    op.operation = .invalid
    op.detail = fault
    endsBlock = true
  }

  /// An operation that runs through to the next.
  mutating func set(_ operation: Operation, detail: UInt16 = 0) {
    op.operation = operation
    op.detail |= detail
  }

  /// An operation after which the processor has to look around.
  mutating func end(_ operation: Operation, detail: UInt16 = 0) {
    set(operation, detail: detail)
    endsBlock = true
  }
}
