/// What a VTL lets those below it do with a page (TLFS, "Memory Access Protections"): read 0, write 1, kernel execute 2,
/// user execute 3.
public struct ProtectionMask: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue & 0xF }
  public static var all: Self { Self(rawValue: 0xF) }
  public static var writes: Self { Self(rawValue: 1 << 1) }
  public static var readsAndFetches: Self { Self(rawValue: 0xD) }

  /// Takes HV_MAP_GPA_FLAGS; nil for combinations that are not allowed.
  ///
  /// Those are none, R, RX, RW and RWX: write or execute need read. With mode-based execution control what only user mode
  /// may execute can be had too, R and RW; the kernel alone cannot. Without it the two execute bits are one, and either
  /// says it: the guests of KVM's VSM set bit 3 alone, others both.
  public init?(mapFlags: UInt32, isModeBased: Bool) {
    guard mapFlags &>> 4 == 0, mapFlags == 0 || mapFlags.bit(0) else { return nil }
    let execute = UInt8(truncatingIfNeeded: mapFlags & 0xC)
    guard isModeBased else {
      rawValue = UInt8(truncatingIfNeeded: mapFlags) | (execute == 0 ? 0 : 0xC)
      return
    }
    guard execute != 1 << 2 else { return nil }
    rawValue = UInt8(truncatingIfNeeded: mapFlags)
  }

  public var allowsReadAndWrite: Bool { rawValue & 3 == 3 }
}
