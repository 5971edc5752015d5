import Architecture
import Glibc

/// Why guest memory could not be made or mapped.
public enum MemoryError: Error, Hashable, Sendable {
  /// Not a multiple of 4 KiB, or outside 1 MiB ... 512 GiB.
  case invalidSize(UInt64)
  case outOfHostMemory(bytes: UInt64)
  case outOfOverlayPages
}

/// What may be done with a page of guest memory.
public struct PageAccess: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static var read: Self { Self(rawValue: 1 << 0) }
  public static var write: Self { Self(rawValue: 1 << 1) }
  /// Instruction fetch; of the kernel alone where user mode has a right of its own (mode-based execution control).
  public static var executeSupervisor: Self { Self(rawValue: 1 << 2) }
  /// Instruction fetch at CPL 3, where that is a right of its own.
  public static var executeUser: Self { Self(rawValue: 1 << 3) }
  public static var all: Self { Self(rawValue: 0xF) }
}

/// Guest RAM with its hole below 4 GiB, and the pool of pages that overlays are made of.
///
/// RAM fills `[0, 3 GiB)` and goes on at 4 GiB. Everything is one host mapping, so a page has a *backing number* and
/// two VTLs that see different pages at one GPA are told apart by it. Accesses from outside the interpreter are
/// nil or false where there is no RAM. Only one thread touches it.
public final class GuestMemory {
  /// RAM in bytes.
  public let size: UInt64
  /// Where backing page 0 is in the host.
  public let base: UnsafeMutableRawPointer
  /// Pages below the hole.
  public let lowPages: UInt64
  /// All RAM pages; overlay pages are numbered from here.
  public let ramPages: UInt64
  /// Per backing page, a bit per 64-byte line that decoded instructions came from.
  public let codeLines: UnsafeMutablePointer<UInt64>
  /// Counts the pages that turned from data into code: TLBs drop their write tags when it moved.
  public let codeEpoch: UnsafeMutablePointer<UInt64>
  /// Counts changes of overlays and protections: TLBs are emptied when it moved.
  public private(set) var mapEpoch: UInt64 = 1
  /// Backing pages whose code was overwritten from outside the interpreter and not dropped yet.
  public private(set) var staleCode: [Int] = []

  static var holeStart: UInt64 { 3 << 30 }
  static var holeEnd: UInt64 { 4 << 30 }
  static var overlayLimit: UInt64 { 16_384 }
  static var hasOverlay: UInt8 { 0x80 }

  /// Per VTL and RAM page: denied `PageAccess` bits, and `hasOverlay`.
  let attributes: UnsafeMutablePointer<UInt8>
  /// Per VTL above 0 and RAM page: the `PageAccess` bits it denies the VTLs below it. See `Protections.swift`.
  let restrictions: UnsafeMutablePointer<UInt8>
  /// Some page has been withheld from some VTL.
  var isProtecting = false
  var overlays: [[OverlayMapping]]
  var overlayCount: UInt64 = 0

  public init(size: UInt64) throws(MemoryError) {
    guard size & 0xFFF == 0, size >= 1 << 20, size <= 512 << 30 else { throw .invalidSize(size) }
    self.size = size
    ramPages = size >> 12
    lowPages = min(ramPages, Self.holeStart >> 12)
    let pages = ramPages + Self.overlayLimit
    base = try Self.map(bytes: pages << 12)
    codeLines = try Self.map(bytes: pages * 8).bindMemory(to: UInt64.self, capacity: Int(pages))
    attributes = try Self.map(bytes: ramPages * UInt64(VTL.countLimit))
      .bindMemory(to: UInt8.self, capacity: Int(ramPages) * VTL.countLimit)
    restrictions = try Self.map(bytes: ramPages * UInt64(VTL.countLimit - 1))
      .bindMemory(to: UInt8.self, capacity: Int(ramPages) * (VTL.countLimit - 1))
    codeEpoch = .allocate(capacity: 1)
    codeEpoch.initialize(to: 1)
    overlays = Array(repeating: [], count: VTL.countLimit)
  }

  deinit {
    let pages = ramPages + Self.overlayLimit
    munmap(base, Int(pages << 12))
    munmap(codeLines, Int(pages * 8))
    munmap(attributes, Int(ramPages) * VTL.countLimit)
    munmap(restrictions, Int(ramPages) * (VTL.countLimit - 1))
    codeEpoch.deallocate()
  }

  /// Zero pages that cost nothing until touched.
  private static func map(bytes: UInt64) throws(MemoryError) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let address = mmap(nil, Int(bytes), PROT_READ | PROT_WRITE, flags, -1, 0), address != MAP_FAILED else {
      throw .outOfHostMemory(bytes: bytes)
    }
    return address
  }

  /// The RAM page behind a guest page number, or nil outside RAM. Overlays are not looked at.
  @inline(__always)
  func ramPage(_ pageNumber: UInt64) -> Int? {
    if pageNumber < lowPages { return Int(truncatingIfNeeded: pageNumber) }
    let high = pageNumber &- (Self.holeEnd >> 12)
    guard pageNumber >= Self.holeEnd >> 12, high < ramPages &- lowPages else { return nil }
    return Int(truncatingIfNeeded: lowPages &+ high)
  }

  public func isRAM(_ gpa: GPA) -> Bool { ramPage(gpa.pageNumber) != nil }

  /// The backing page a VTL sees at a guest page, and what may be done with it; nil where there is no RAM.
  public func resolve(_ pageNumber: UInt64, vtl: VTL) -> ResolvedPage? {
    guard let page = ramPage(pageNumber) else { return nil }
    let attribute = attributes[attributeIndex(page, vtl)]
    if attribute == 0 { return ResolvedPage(backing: page, access: .all, isReadOnlyOverlay: false) }
    // Protections are for the guest's RAM, not for what lies over it.
    if attribute & Self.hasOverlay != 0, let top = overlays[vtl.index].last(where: { $0.page == page }) {
      return ResolvedPage(
        backing: Int(ramPages) + top.overlay.index, access: .all, isReadOnlyOverlay: !top.isWritable)
    }
    let access = PageAccess.all.subtracting(PageAccess(rawValue: attribute & PageAccess.all.rawValue))
    return ResolvedPage(backing: page, access: access, isReadOnlyOverlay: false)
  }

  @inline(__always)
  func attributeIndex(_ page: Int, _ vtl: VTL) -> Int {
    min(vtl.index, VTL.countLimit - 1) &* Int(ramPages) &+ page
  }

  func mapChanged() { mapEpoch &+= 1 }

  /// To be called after bytes of a backing page changed, so that instructions decoded from them are dropped.
  @inline(__always)
  func noteWrite(_ backing: Int, _ offset: Int, _ count: Int) {
    if codeLines[backing] != 0 { noteCodeWrite(backing, offset, count) }
  }

  private func noteCodeWrite(_ backing: Int, _ offset: Int, _ count: Int) {
    guard codeLines[backing] & Self.lineMask(offset, count) != 0 else { return }
    // Listed once: the interpreter drops all of the page's code, and marks the lines anew when it decodes again.
    codeLines[backing] = 0
    staleCode.append(backing)
  }

  /// The lines that `count` bytes at `offset` of a page touch, as a mask.
  @inline(__always)
  public static func lineMask(_ offset: Int, _ count: Int) -> UInt64 {
    let first = UInt64(truncatingIfNeeded: offset &>> 6)
    let last = UInt64(truncatingIfNeeded: min(offset &+ count &- 1, 4095) &>> 6)
    return (UInt64.max &<< first) & (UInt64.max &>> (63 &- last))
  }

  /// The interpreter has dropped what `staleCode` listed.
  public func forgetStaleCode() { staleCode.removeAll(keepingCapacity: true) }
}

/// Where a guest page really is.
public struct ResolvedPage: Hashable, Sendable {
  /// In pages from `GuestMemory.base`.
  public var backing: Int
  public var access: PageAccess
  /// A write by the guest is #GP: such as the hypercall page.
  public var isReadOnlyOverlay: Bool
}
