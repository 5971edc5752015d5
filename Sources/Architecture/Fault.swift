/// What a guest is dealt when it does something illegal: an exception of the architecture (SDM Vol. 3A, chapter 6).
public struct Fault: Error, Hashable, Sendable {
  public var vector: UInt8
  /// Pushed on the stack where the vector has one.
  public var errorCode: UInt32?
  /// The faulting linear address of a page fault; loaded into CR2.
  public var address: UInt64

  public init(vector: UInt8, errorCode: UInt32? = nil, address: UInt64 = 0) {
    self.vector = vector
    self.errorCode = errorCode
    self.address = address
  }

  public static var divideError: Fault { Fault(vector: 0) }
  public static var debug: Fault { Fault(vector: 1) }
  public static var breakpoint: Fault { Fault(vector: 3) }
  public static var overflow: Fault { Fault(vector: 4) }
  public static var boundRange: Fault { Fault(vector: 5) }
  public static var invalidOpcode: Fault { Fault(vector: 6) }
  public static var deviceNotAvailable: Fault { Fault(vector: 7) }
  public static var doubleFault: Fault { Fault(vector: 8, errorCode: 0) }
  public static func invalidTSS(_ selector: UInt32) -> Fault { Fault(vector: 10, errorCode: selector) }
  public static func segmentNotPresent(_ selector: UInt32) -> Fault { Fault(vector: 11, errorCode: selector) }
  public static func stackSegment(_ selector: UInt32 = 0) -> Fault { Fault(vector: 12, errorCode: selector) }
  public static func generalProtection(_ selector: UInt32 = 0) -> Fault { Fault(vector: 13, errorCode: selector) }
  /// Error code bits: 0 present, 1 write, 2 user, 3 reserved bit, 4 instruction fetch (SDM Vol. 3A, 4.7).
  public static func page(_ address: UInt64, errorCode: UInt32) -> Fault {
    Fault(vector: 14, errorCode: errorCode, address: address)
  }
  public static var floatingPoint: Fault { Fault(vector: 16) }
  public static var alignmentCheck: Fault { Fault(vector: 17, errorCode: 0) }
  public static var simdFloatingPoint: Fault { Fault(vector: 19) }
}
