import Architecture

/// The page from which a guest computes the reference time out of its TSC without an exit: read-only, one per VTL, the
/// same in all of them (TLFS, "Partition Reference Time Enlightenment").
public enum ReferenceTSCPage {
  /// Reference time in 100 ns = ((TSC x scale) >> 64) + offset.
  ///
  /// floor(10,000,000 x 2^64 / TSC frequency).
  public static var scale: UInt64 {
    UInt64((UInt128(HyperVPartition.referenceUnitsPerSecond) &<< 64) / UInt128(VirtualTime.ticksPerSecond))
  }

  /// All 4096 bytes: sequence at 0 (4), scale at 8 (8), offset at 16 (8).
  ///
  /// The sequence is 1 and stays: TSC and reference counter are one clock that begins at 0, so neither scale nor offset
  /// ever changes.
  public static var bytes: [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.setLittleEndian(1, at: 0, count: 4)
    page.setLittleEndian(scale, at: 8, count: 8)
    return page
  }
}

extension HyperVPartition {
  /// REFERENCE_TSC: reserved bits are kept, an address beyond the guest's is #GP.
  mutating func setReferenceTSC(_ value: UInt64, vtl: VTL) throws(Fault) -> [HyperVEffect] {
    let new = OverlayPageMSR(rawValue: value)
    guard configuration.isAddressable(new.address) else { throw .generalProtection() }
    let old = vtls[vtl].referenceTSC
    vtls[vtl].referenceTSC = new
    return Self.move(
      old, new, map: { .mapReferenceTSCPage(vtl, at: $0) }, unmap: { .unmapReferenceTSCPage(vtl, at: $0) })
  }
}
