/// The header by which an image asks for the multiboot protocol (Multiboot Specification 0.6.96, 3.1).
public struct MultibootHeader: Hashable, Sendable {
  /// Bit 0: modules on page boundaries. Bit 1: tell the size of memory. Bit 2: video. Bit 16: load addresses follow.
  public var flags: UInt32

  static var magic: UInt32 { 0x1BAD_B002 }
  /// It lies wholly in this many bytes, aligned to 4.
  private static var searchedBytes: Int { 8192 }
  /// What an image may demand (bits 15:0) and get: bits 0 and 1. Asking for video is granted with none.
  private static var known: UInt32 { 0b111 }

  /// Finds the header; nil when there is none. Magic, flags and checksum add up to 0.
  init?(_ reader: FileReader) throws(ImageError) {
    let end = min(reader.bytes.count, Self.searchedBytes)
    var at = 0
    while at + 12 <= end {
      defer { at += 4 }
      guard reader.bytes[at] == 0x02, let magic = try? reader.u32(UInt64(at), ""), magic == Self.magic,
        let flags = try? reader.u32(UInt64(at) + 4, ""), let checksum = try? reader.u32(UInt64(at) + 8, ""),
        magic &+ flags &+ checksum == 0
      else { continue }
      guard flags & 0xFFFF & ~Self.known == 0 else {
        throw ImageError("a multiboot image that demands features 0x\(String(flags & 0xFFFF, radix: 16))")
      }
      // Bit 16 repeats what the ELF headers say, which are used.
      self.flags = flags
      return
    }
    return nil
  }
}
