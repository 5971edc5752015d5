import Architecture

/// A page of memory that can be laid over a page of RAM, for one VTL (TLFS, "GPA Overlay Pages").
public struct OverlayPage: Hashable, Sendable {
  /// In the pool of its `GuestMemory`.
  public let index: Int
}

struct OverlayMapping {
  var page: Int
  var overlay: OverlayPage
  var isWritable: Bool
}

/// What lies under an overlay is kept and comes back; what the overlay holds survives unmapping too.
/// Of two overlays on one page the later is seen.
extension GuestMemory {
  /// Whether `makeOverlay` will find a page.
  public var hasFreeOverlay: Bool { overlayCount < Self.overlayLimit }

  /// A new page of zeroes.
  public func makeOverlay() throws(MemoryError) -> OverlayPage {
    guard overlayCount < Self.overlayLimit else { throw .outOfOverlayPages }
    defer { overlayCount += 1 }
    return OverlayPage(index: Int(overlayCount))
  }

  /// Whether some page lies over the one at an address, for this VTL.
  public func hasOverlay(_ gpa: GPA, vtl: VTL) -> Bool {
    guard let page = ramPage(gpa.pageNumber) else { return false }
    return attributes[attributeIndex(page, vtl)] & Self.hasOverlay != 0
  }

  /// Writes what is RAM beneath all overlays. False outside RAM; the bytes stay inside the page.
  @discardableResult
  public func writeBeneath(_ bytes: [UInt8], at gpa: GPA) -> Bool {
    precondition(Int(gpa.pageOffset) + bytes.count <= 4096, "across a page")
    guard let page = ramPage(gpa.pageNumber) else { return false }
    put(bytes, in: page, offset: Int(gpa.pageOffset))
    return true
  }

  /// Lays a page over the one at a guest page number. False outside RAM.
  @discardableResult
  public func mapOverlay(
    _ overlay: OverlayPage, at pageNumber: UInt64, vtl: VTL, isWritable: Bool = true
  ) -> Bool {
    guard let page = ramPage(pageNumber) else { return false }
    overlays[vtl.index].append(OverlayMapping(page: page, overlay: overlay, isWritable: isWritable))
    attributes[attributeIndex(page, vtl)] |= Self.hasOverlay
    mapChanged()
    return true
  }

  /// Takes this overlay away from a guest page; nothing happens when it is not there.
  public func unmapOverlay(_ overlay: OverlayPage, at pageNumber: UInt64, vtl: VTL) {
    guard let page = ramPage(pageNumber) else { return }
    overlays[vtl.index].removeAll { $0.page == page && $0.overlay == overlay }
    if !overlays[vtl.index].contains(where: { $0.page == page }) {
      attributes[attributeIndex(page, vtl)] &= ~Self.hasOverlay
    }
    mapChanged()
  }

  /// The overlay's own bytes, mapped or not. `offset` and `count` stay inside the page.
  public func read(_ overlay: OverlayPage, offset: Int = 0, count: Int = 4096) -> [UInt8] {
    precondition(offset >= 0 && count >= 0 && offset + count <= 4096, "outside the overlay page")
    return Array(UnsafeRawBufferPointer(start: bytes(of: overlay) + offset, count: count))
  }

  /// Eight bytes of it, little-endian. `offset` is at most 4,088.
  public func load64(_ overlay: OverlayPage, offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= 4088, "outside the overlay page")
    return bytes(of: overlay).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// The low `count` bytes of `value`, little-endian.
  public func store(_ value: UInt128, count: Int, to overlay: OverlayPage, offset: Int) {
    precondition(offset >= 0 && count >= 0 && count <= 16 && offset + count <= 4096, "outside the overlay page")
    withUnsafeBytes(of: value.littleEndian) {
      bytes(of: overlay).advanced(by: offset).copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: count)
    }
    noteWrite(backing(of: overlay), offset, count)
  }

  public func write(_ bytes: [UInt8], to overlay: OverlayPage, offset: Int = 0) {
    precondition(offset >= 0 && offset + bytes.count <= 4096, "outside the overlay page")
    put(bytes, in: backing(of: overlay), offset: offset)
  }

  /// Stores in a backing page, of RAM or of an overlay.
  private func put(_ bytes: [UInt8], in backing: Int, offset: Int) {
    guard !bytes.isEmpty else { return }
    bytes.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(start: base + backing << 12 + offset, count: $0.count).copyMemory(from: $0)
    }
    noteWrite(backing, offset, bytes.count)
  }

  private func bytes(of overlay: OverlayPage) -> UnsafeMutableRawPointer { base + backing(of: overlay) << 12 }

  private func backing(of overlay: OverlayPage) -> Int {
    precondition(overlay.index < Int(overlayCount), "an overlay of another memory")
    return Int(ramPages) + overlay.index
  }
}
