/// The ACPI tables a guest without firmware may look for: RSDP, RSDT, FADT, FACS, MADT and an empty DSDT
/// (ACPI 6.5, 5.2), at E0000h, where a search of the BIOS area finds them.
struct FirmwareTables {
  static var address: UInt32 { 0xE_0000 }
  var vpCount: Int

  /// Everything, to be stored at `address`.
  var bytes: [UInt8] {
    let rsdt = Self.address + 0x40
    let facs = Self.address + 0x80
    let dsdt = Self.address + 0xC0
    let fadt = Self.address + 0x100
    let madt = Self.address + 0x200
    var all = [UInt8](repeating: 0, count: 0x200)
    func put(_ table: [UInt8], at place: UInt32) {
      all.replaceSubrange(Int(place - Self.address)..<Int(place - Self.address) + table.count, with: table)
    }
    put(Self.pointer(to: rsdt), at: Self.address)
    put(Self.table("RSDT", words(fadt) + words(madt)), at: rsdt)
    put(Array("FACS".utf8) + words(64) + [UInt8](repeating: 0, count: 56), at: facs)
    put(Self.table("DSDT", []), at: dsdt)
    put(fixedDescription(facs: facs, dsdt: dsdt), at: fadt)
    return all + processors
  }

  /// RSDP of ACPI 1.0: the first 20 bytes add up to 0.
  private static func pointer(to rsdt: UInt32) -> [UInt8] {
    var bytes = Array("RSD PTR ".utf8) + [0] + Array("VTLSCP".utf8) + [0]
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: rsdt >> (8 * UInt32($0))) }
    bytes[8] = 0 &- bytes.reduce(0, &+)
    return bytes
  }

  /// The common header of 36 bytes, and what follows.
  private static func table(_ signature: String, revision: UInt8 = 1, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(36 + body.count)
    var bytes = Array(signature.utf8) + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
    bytes += [revision, 0] + Array("VTLSCPVTLSCOPE".utf8) + [1, 0, 0, 0] + Array("VTLS".utf8) + [1, 0, 0, 0]
    bytes += body
    bytes[9] = 0 &- bytes.reduce(0, &+)
    return bytes
  }

  /// FADT of ACPI 1.0, 116 bytes: what matters are FACS, PM1a event and control, and the timer at 608h.
  private func fixedDescription(facs: UInt32, dsdt: UInt32) -> [UInt8] {
    var body = [UInt8](repeating: 0, count: 116 - 36)
    func put(_ value: UInt32, at offset: Int) { body.replaceSubrange(offset - 36..<offset - 32, with: words(value)) }
    put(facs, at: 36)
    put(dsdt, at: 40)
    put(0x600, at: 56)
    put(0x604, at: 64)
    put(0x608, at: 76)
    body[88 - 36] = 4  // bytes of the PM1 event block,
    body[89 - 36] = 2  // of the control block,
    body[91 - 36] = 4  // and of the timer
    return Self.table("FACP", body)
  }

  /// A local APIC each, and the IOAPIC.
  private var processors: [UInt8] {
    var body = words(0xFEE0_0000) + words(1)
    for vp in 0..<min(vpCount, 255) { body += [0, 8, UInt8(vp), UInt8(vp)] + words(1) }
    body += [1, 12, 0, 0] + words(0xFEC0_0000) + words(0)
    return Self.table("APIC", body)
  }

  private func words(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }
}
