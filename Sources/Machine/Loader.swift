import Architecture
import Interpreter
import Journal
import Memory

/// Puts a guest into memory and its bootstrap processor at the entry point.
///
/// A multiboot image starts as `MultibootLoader.swift` says. Any other guest enters in 64-bit mode with the first 4 GiB identity-mapped by 2 MiB pages, interrupts off, a stack,
/// and RDI = the address of its boot-information page (`Sources/Guests/README.md`). What the loader needs for that
/// lies in the last 256 KiB of RAM, which the boot information leaves out of the guest's memory.
extension Partition {
  private static var reservedBytes: UInt64 { 256 << 10 }

  /// `name` is the first word of a multiboot guest's command line. Only such a guest can be given a module.
  public func load(
    _ image: ELFImage, name: String = "guest", module: BootModule? = nil
  ) throws(ImageError) {
    let usable = configuration.memoryBytes - Self.reservedBytes
    for segment in image.segments {
      let (end, overflow) = segment.address.addingReportingOverflow(segment.size)
      guard !overflow, end <= usable else {
        throw ImageError(
          "segment at 0x\(String(segment.address, radix: 16)) of \(segment.size) bytes does not fit in "
            + "\(configuration.memoryBytes >> 20) MiB of memory")
      }
    }
    for segment in image.segments {
      _ = memory.write(Array(segment.bytes), at: GPA(segment.address), vtl: .vtl0)
    }
    symbols = image.symbols
    switch image.bootProtocol {
    case .multiboot: try enterMultiboot(image, name: name, module: module)
    case .longMode:
      guard module == nil else { throw ImageError("an initrd needs a multiboot image") }
      enter(image.entry, usable)
    }
  }

  private func enter(_ entry: UInt64, _ usable: UInt64) {
    let tables = usable
    let descriptors = usable + 0x6000
    let information = usable + 0x7000
    let stack = configuration.memoryBytes - 0x1000
    writePageTables(at: tables)
    // Null, 64-bit code and data: what far returns need before the guest loads a table of its own.
    for (i, descriptor) in [UInt64(0), 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF].enumerated() {
      _ = memory.store64(descriptor, at: GPA(descriptors + UInt64(i) * 8))
    }
    let groupBits: UInt8? = if case .rfc2023(let bits) = configuration.groupEncoding { bits } else { nil }
    let boot = BootInformation(
      vpCount: UInt32(configuration.vpCount), vtlCount: UInt32(configuration.vtlCount), memoryBytes: usable,
      groupBits: groupBits, commandLine: configuration.commandLine)
    _ = memory.write(boot.encode(), at: GPA(information), vtl: .vtl0)
    let processor = vps[0].processor
    processor.enterLongMode(cr3: tables, rip: entry, rsp: stack, rdi: information)
    var state = processor.privateState
    state.gdtr = TableRegister(base: descriptors, limit: 23)
    processor.privateState = state
  }

  /// One PML4, one PDPT and four page directories that map 4 GiB to itself, writable and executable.
  private func writePageTables(at base: UInt64) {
    let presentWritable: UInt64 = 3
    let largePage: UInt64 = 1 << 7
    _ = memory.store64(base + 0x1000 | presentWritable, at: GPA(base))
    for gigabyte in 0..<UInt64(4) {
      let directory = base + 0x2000 + gigabyte * 0x1000
      _ = memory.store64(directory | presentWritable, at: GPA(base + 0x1000 + gigabyte * 8))
      for entry in 0..<UInt64(512) {
        let address = gigabyte << 30 | entry << 21
        _ = memory.store64(address | largePage | presentWritable, at: GPA(directory + entry * 8))
      }
    }
  }
}
