import Architecture

typealias CPU = UnsafeMutablePointer<CPUState>
typealias BlockPointer = UnsafeMutablePointer<Block>
typealias OpPointer = UnsafeMutablePointer<Op>

/// Registers by byte offset. A 32-bit write clears the upper half (SDM Vol. 1, 3.4.1.1); 8 and 16 bits keep it.
extension UnsafeMutablePointer where Pointee == CPUState {
  @inline(__always)
  func r64(_ offset: UInt8) -> UInt64 {
    UnsafeRawPointer(self).load(fromByteOffset: Int(offset), as: UInt64.self)
  }
  @inline(__always)
  func r32(_ offset: UInt8) -> UInt32 {
    UnsafeRawPointer(self).load(fromByteOffset: Int(offset), as: UInt32.self)
  }
  @inline(__always)
  func r16(_ offset: UInt8) -> UInt16 {
    UnsafeRawPointer(self).load(fromByteOffset: Int(offset), as: UInt16.self)
  }
  @inline(__always)
  func r8(_ offset: UInt8) -> UInt8 {
    UnsafeRawPointer(self).load(fromByteOffset: Int(offset), as: UInt8.self)
  }
  @inline(__always)
  func setR64(_ offset: UInt8, _ value: UInt64) {
    UnsafeMutableRawPointer(self).storeBytes(of: value, toByteOffset: Int(offset), as: UInt64.self)
  }
  @inline(__always)
  func setR32(_ offset: UInt8, _ value: UInt32) { setR64(offset, UInt64(value)) }
  @inline(__always)
  func setR16(_ offset: UInt8, _ value: UInt16) {
    UnsafeMutableRawPointer(self).storeBytes(of: value, toByteOffset: Int(offset), as: UInt16.self)
  }
  @inline(__always)
  func setR8(_ offset: UInt8, _ value: UInt8) {
    UnsafeMutableRawPointer(self).storeBytes(of: value, toByteOffset: Int(offset), as: UInt8.self)
  }

  /// A register of `width` bytes, zero-extended.
  @inline(__always)
  func register(_ offset: UInt8, _ width: UInt8) -> UInt64 {
    switch width {
    case 1: UInt64(r8(offset))
    case 2: UInt64(r16(offset))
    case 4: UInt64(r32(offset))
    default: r64(offset)
    }
  }
  @inline(__always)
  func setRegister(_ offset: UInt8, _ width: UInt8, _ value: UInt64) {
    switch width {
    case 1: setR8(offset, UInt8(truncatingIfNeeded: value))
    case 2: setR16(offset, UInt16(truncatingIfNeeded: value))
    case 4: setR32(offset, UInt32(truncatingIfNeeded: value))
    default: setR64(offset, value)
    }
  }

  /// A general register, whole.
  @inline(__always)
  subscript(_ name: GeneralRegister) -> UInt64 {
    get { r64(name.rawValue &* 8) }
    nonmutating set { setR64(name.rawValue &* 8, newValue) }
  }

  @inline(__always)
  func segment(_ number: UInt8) -> UnsafeMutablePointer<SegmentRegister> {
    (UnsafeMutableRawPointer(self) + Offset.segments).assumingMemoryBound(to: SegmentRegister.self)
      + Int(number & 7)
  }

  /// XMM registers as 64-bit halves: `2n` and `2n + 1`.
  @inline(__always)
  var vectorHalves: UnsafeMutablePointer<UInt64> {
    (UnsafeMutableRawPointer(self) + Offset.vectors).assumingMemoryBound(to: UInt64.self)
  }

  @inline(__always)
  var isLong: Bool { pointee.mode == .bits64 }
  @inline(__always)
  var isProtected: Bool { pointee.cr0 & CR0.protection.rawValue != 0 }
  @inline(__always)
  var isLongModeActive: Bool { pointee.efer & EFER.longModeActive.rawValue != 0 }

  /// What RIP is cut to by the size of the code segment.
  @inline(__always)
  var ripMask: UInt64 {
    switch pointee.mode {
    case .bits64: .max
    case .bits32: 0xFFFF_FFFF
    case .bits16: 0xFFFF
    }
  }
}

/// Sign-extends the low `width` bytes.
@inline(__always)
func signExtend(_ value: UInt64, _ width: UInt8) -> UInt64 {
  switch width {
  case 1: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
  case 2: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
  case 4: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
  default: value
  }
}

/// Ones in the low `width` bytes.
@inline(__always)
func widthMask(_ width: UInt8) -> UInt64 {
  width >= 8 ? .max : (1 &<< (UInt64(width) &* 8)) &- 1
}
