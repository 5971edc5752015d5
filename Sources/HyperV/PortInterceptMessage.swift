import Architecture

/// HvMessageTypeX64IoPortIntercept, HV_X64_IO_PORT_INTERCEPT_MESSAGE: an access to a port at which a higher VTL stops
/// the VTLs below it. Of a repeated one it is the next element; the registers say where.
public struct PortInterceptMessage: Hashable, Sendable {
  public static var type: UInt32 { 0x8001_0000 }
  public static var payloadSize: Int { 0x80 }

  public var header: InterceptHeader
  public var access: PortAccess
  /// From RIP on, at most 16.
  public var instruction: [UInt8]
  /// As `HyperVSegment.value`.
  public var ds: UInt128
  public var es: UInt128
  public var rax: UInt64
  public var rcx: UInt64
  public var rsi: UInt64
  public var rdi: UInt64

  public init(
    header: InterceptHeader, access: PortAccess, instruction: [UInt8], ds: UInt128, es: UInt128, rax: UInt64,
    rcx: UInt64, rsi: UInt64, rdi: UInt64
  ) {
    self.header = header
    self.access = access
    self.instruction = instruction
    self.ds = ds
    self.es = es
    self.rax = rax
    self.rcx = rcx
    self.rsi = rsi
    self.rdi = rdi
  }

  public var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.payloadSize)
    header.store(in: &bytes)
    let fetched = instruction.prefix(16)
    bytes.setLittleEndian(UInt64(access.port), at: 0x28, count: 2)
    // Size 2:0, string 3, repeated 4.
    bytes[0x2A] =
      UInt8(truncatingIfNeeded: access.size & 7) | (access.isString ? 8 : 0) | (access.isRepeated ? 16 : 0)
    bytes[0x2B] = UInt8(fetched.count)
    bytes.setLittleEndian(rax, at: 0x30, count: 8)
    bytes.replaceSubrange(0x38..<0x38 + fetched.count, with: fetched)
    bytes.setLittleEndian(ds, at: 0x48)
    bytes.setLittleEndian(es, at: 0x58)
    for (i, value) in [rcx, rsi, rdi].enumerated() {
      bytes.setLittleEndian(value, at: [0x68, 0x70, 0x78][i], count: 8)
    }
    return bytes
  }
}
