import Architecture

/// HvMessageTypeRegisterIntercept, HV_X64_REGISTER_INTERCEPT_MESSAGE: a write to a control, table or task register that
/// a higher VTL has asked to hear of.
///
/// The value is given, not where in memory it came from: IsMemoryOp stays 0 for LGDT, LIDT, LLDT, LTR and LMSW too.
public struct RegisterInterceptMessage: Hashable, Sendable {
  public static var type: UInt32 { 0x8001_0006 }
  public static var payloadSize: Int { 0x40 }

  public var header: InterceptHeader
  public var register: VPRegisterName
  /// What was to be written, in the layout of the register's HV_REGISTER_VALUE.
  public var value: UInt128

  public init(header: InterceptHeader, register: VPRegisterName, value: UInt128) {
    self.header = header
    self.register = register
    self.value = value
  }

  public var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.payloadSize)
    header.store(in: &bytes)
    bytes.setLittleEndian(UInt64(register.rawValue), at: 0x2C, count: 4)
    bytes.setLittleEndian(value, at: 0x30)
    return bytes
  }
}

/// HvMessageTypeMsrIntercept, HV_X64_MSR_INTERCEPT_MESSAGE: RDMSR or WRMSR of a register that a higher VTL has asked to
/// hear of.
public struct MSRInterceptMessage: Hashable, Sendable {
  public static var type: UInt32 { 0x8001_0001 }
  public static var payloadSize: Int { 0x40 }

  public var header: InterceptHeader
  public var number: UInt32
  /// The registers as they are: for WRMSR they have the value in their low halves.
  public var rdx: UInt64
  public var rax: UInt64

  public init(header: InterceptHeader, number: UInt32, rdx: UInt64, rax: UInt64) {
    self.header = header
    self.number = number
    self.rdx = rdx
    self.rax = rax
  }

  public var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.payloadSize)
    header.store(in: &bytes)
    bytes.setLittleEndian(UInt64(number), at: 0x28, count: 4)
    bytes.setLittleEndian(rdx, at: 0x30, count: 8)
    bytes.setLittleEndian(rax, at: 0x38, count: 8)
    return bytes
  }
}
