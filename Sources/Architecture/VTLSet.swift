/// A set of VTLs, bit n for VTL n, as VsmPartitionStatus and VsmVpStatus have it (TLFS, "Virtual Secure
/// Mode").
public struct VTLSet: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt16
  @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// VTL0 alone: how every partition and every VP begins.
  public static var vtl0Only: Self { Self(rawValue: 1) }
  public static var empty: Self { Self(rawValue: 0) }

  @inline(__always) public func contains(_ vtl: VTL) -> Bool {
    (rawValue &>> UInt16(vtl.rawValue & 15)) & 1 != 0
  }
  @inline(__always) public mutating func insert(_ vtl: VTL) { rawValue |= 1 &<< UInt16(vtl.rawValue & 15) }
  @inline(__always) public mutating func remove(_ vtl: VTL) { rawValue &= ~(1 &<< UInt16(vtl.rawValue & 15)) }

  /// The most privileged member.
  public var highest: VTL? { rawValue == 0 ? nil : VTL(15 - rawValue.leadingZeroBitCount) }
  /// The next member above `vtl`. Numbers need not be consecutive.
  public func lowest(above vtl: VTL) -> VTL? {
    let above = rawValue & ~below(vtl) & ~(1 &<< UInt16(vtl.rawValue & 15))
    return above == 0 ? nil : VTL(above.trailingZeroBitCount)
  }
  /// The next member below `vtl`.
  public func highest(below vtl: VTL) -> VTL? { VTLSet(rawValue: rawValue & below(vtl)).highest }
  /// The most privileged member above `vtl`.
  public func highest(above vtl: VTL) -> VTL? {
    guard let top = highest, top > vtl else { return nil }
    return top
  }

  private func below(_ vtl: VTL) -> UInt16 { (1 &<< UInt16(vtl.rawValue & 15)) &- 1 }
}
