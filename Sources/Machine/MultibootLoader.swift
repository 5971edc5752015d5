import Architecture
import Interpreter
import Memory

/// A file handed to the guest beside its image: a multiboot module.
public struct BootModule: Sendable {
  /// Its name, as the guest sees it.
  public var name: String
  public var bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// The multiboot information and what it points at (Multiboot Specification 0.6.96, 3.3), laid out as
/// `qemu -kernel` does, which is what guests of this kind are tried with.
///
/// The information is at 9500h, the memory map at 9000h and a GDT at 9600h, in a page that follows the image when that
/// lies there itself; the strings, the modules and their list follow the image, above the first MiB.
struct MultibootInformation {
  static var usualPage: UInt64 { 0x9000 }
  /// What EAX holds at entry.
  static var bootMagic: UInt64 { 0x2BAD_B002 }
  /// At the top of low RAM, kept for firmware tables.
  static var reservedBytes: UInt64 { 128 << 10 }

  var memoryBytes: UInt64
  /// The image's name, and after a blank its arguments.
  var commandLine: String
  var module: BootModule?
  /// The image's segments.
  var occupied: [Range<UInt64>]

  /// Where what follows the image begins.
  private var freeStart: UInt64 {
    max(occupied.map(\.upperBound).max() ?? 0, 0x10_0000).roundedUp(to: 4096)
  }
  func isFree(_ range: Range<UInt64>) -> Bool { !occupied.contains { $0.overlaps(range) } }

  /// The page of the map, the information and the GDT.
  private var page: UInt64 {
    isFree(Self.usualPage..<Self.usualPage + 0x1000) ? Self.usualPage : freeStart
  }
  var mapAddress: UInt64 { page }
  var address: UInt64 { page + 0x500 }
  var descriptors: UInt64 { page + 0x600 }
  /// The firmware's tables are left out where the image is in their place.
  var hasRoomForTables: Bool { isFree(0xE_0000..<0x10_0000) }

  /// RAM the guest may use: up to the firmware tables.
  var usableEnd: UInt64 { memoryBytes - Self.reservedBytes }

  private static var loaderName: String { "vtlscope" }

  /// Address, size and kind of each range; 1 is RAM, 2 reserved.
  var memoryMap: [(base: UInt64, size: UInt64, kind: UInt32)] {
    [
      (0, 0x9_FC00, 1), (0x9_FC00, 0x400, 2), (0xF_0000, 0x1_0000, 2), (0x10_0000, usableEnd - 0x10_0000, 1),
      (usableEnd, Self.reservedBytes, 2), (0xFFFC_0000, 0x4_0000, 2),
    ]
  }

  /// What goes where in memory.
  func chunks() throws(ImageError) -> [(address: UInt64, bytes: [UInt8])] {
    var place = page == Self.usualPage ? freeStart : page + 0x1000
    var chunks: [(UInt64, [UInt8])] = []
    func put(_ bytes: [UInt8], alignedTo unit: UInt64) -> UInt64 {
      let address = place.roundedUp(to: unit)
      chunks.append((address, bytes))
      place = address + UInt64(bytes.count)
      return address
    }
    let line = put(Array(commandLine.utf8) + [0], alignedTo: 4)
    let loader = put(Array(Self.loaderName.utf8) + [0], alignedTo: 4)
    var list: UInt64 = 0
    if let module {
      let name = put(Array(module.name.utf8) + [0], alignedTo: 4)
      let start = put(module.bytes, alignedTo: 4096)
      list = put(Self.words([start, start + UInt64(module.bytes.count), name, 0]), alignedTo: 4)
    }
    guard place <= usableEnd else {
      throw ImageError("the image, its command line and its initrd need \(place >> 20) MiB of memory")
    }
    let map = encodedMap
    chunks.append((mapAddress, map))
    chunks.append((address, information(line, loader, list, mapBytes: map.count)))
    return chunks
  }

  private var encodedMap: [UInt8] {
    memoryMap.flatMap { entry in
      Self.words([
        20, entry.base & 0xFFFF_FFFF, entry.base >> 32, entry.size & 0xFFFF_FFFF, entry.size >> 32, UInt64(entry.kind),
      ])
    }
  }

  /// Flags: memory sizes (0), boot device (1), command line (2), modules (3), memory map (6), loader's name (9).
  private func information(_ line: UInt64, _ loader: UInt64, _ modules: UInt64, mapBytes: Int) -> [UInt8] {
    var words = [UInt64](repeating: 0, count: 22)
    words[0] = module == nil ? 0x247 : 0x24F
    words[1] = 639  // KiB below 640 KiB
    words[2] = (usableEnd - 0x10_0000) >> 10
    words[3] = 0x8000_FFFF  // the first hard disk
    words[4] = line
    words[5] = module == nil ? 0 : 1
    words[6] = modules
    words[11] = UInt64(mapBytes)
    words[12] = mapAddress
    words[16] = loader
    return Self.words(words)
  }

  private static func words(_ values: [UInt64]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
  }
}

extension Partition {
  /// Puts a multiboot image's information into memory and the bootstrap processor at its entry: 32-bit protected mode
  /// without paging, flat segments, EAX = the loader's magic, EBX = the information.
  func enterMultiboot(_ image: ELFImage, name: String, module: BootModule?) throws(ImageError) {
    guard image.entry < 1 << 32 else {
      throw ImageError("entry point 0x\(String(image.entry, radix: 16)) is beyond the reach of 32-bit code")
    }
    let line = configuration.commandLine.isEmpty ? name : "\(name) \(configuration.commandLine)"
    let information = MultibootInformation(
      memoryBytes: configuration.memoryBytes, commandLine: line, module: module,
      occupied: image.segments.map { $0.address..<$0.address + $0.size })
    if information.hasRoomForTables {
      let tables = FirmwareTables(vpCount: configuration.vpCount).bytes
      _ = memory.write(tables, at: GPA(UInt64(FirmwareTables.address)), vtl: .vtl0)
    }
    leaveFirmwareState(isFree: information.isFree)
    for chunk in try information.chunks() { _ = memory.write(chunk.bytes, at: GPA(chunk.address), vtl: .vtl0) }
    // Null, flat 32-bit code and data: what is loaded now, should the guest load one of them again.
    for (i, descriptor) in [UInt64(0), 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF].enumerated() {
      _ = memory.store64(descriptor, at: GPA(information.descriptors + UInt64(i) * 8))
    }
    let processor = vps[0].processor
    var state = PrivateState.protectedMode(rip: image.entry, rsp: 0x6F08)
    state.gdtr = TableRegister(base: information.descriptors, limit: 23)
    processor.privateState = state
    processor[.rax] = MultibootInformation.bootMagic
    processor[.rbx] = information.address
  }
}

extension UInt64 {
  /// The next multiple of `unit`, a power of two.
  fileprivate func roundedUp(to unit: UInt64) -> UInt64 { (self + unit - 1) & ~(unit - 1) }
}
