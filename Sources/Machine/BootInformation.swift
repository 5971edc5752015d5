/// What the machine tells an ELF64 guest, in the page whose address is in RDI at entry.
///
/// The layout is `Sources/Guests/include/boot_info.h`; `Sources/Guests/README.md` explains it.
public struct BootInformation: Hashable, Sendable {
  public var vpCount: UInt32
  /// The highest VTL offered, plus one.
  public var vtlCount: UInt32
  public var memoryBytes: UInt64
  /// In Hz.
  public var tscFrequency: UInt64
  /// Of the local APIC timer's input clock, before the divider, in Hz.
  public var apicTimerFrequency: UInt64
  /// How many high bits of the APIC ID hold the group; nil when groups are explicit.
  public var groupBits: UInt8?
  /// Guests read it as ASCII. What does not fit into the page is cut off.
  public var commandLine: String

  public static var magic: UInt64 { 0x4550_4F43_534C_5456 }
  public static var version: UInt32 { 1 }
  public static var pageSize: Int { 4096 }

  public init(
    vpCount: UInt32, vtlCount: UInt32, memoryBytes: UInt64, tscFrequency: UInt64 = 1_000_000_000,
    apicTimerFrequency: UInt64 = 1_000_000_000, groupBits: UInt8? = nil, commandLine: String = ""
  ) {
    self.vpCount = vpCount
    self.vtlCount = vtlCount
    self.memoryBytes = memoryBytes
    self.tscFrequency = tscFrequency
    self.apicTimerFrequency = apicTimerFrequency
    self.groupBits = groupBits
    self.commandLine = commandLine
  }

  /// The whole page.
  public func encode() -> [UInt8] {
    let header = 64
    let text = Array(commandLine.utf8.prefix(Self.pageSize - header - 1))
    var page: [UInt8] = []
    page.reserveCapacity(Self.pageSize)
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { page.append(contentsOf: $0) }
    }
    append(Self.magic)
    append(Self.version)
    append(UInt32(header + text.count + 1))
    append(vpCount)
    append(vtlCount)
    append(memoryBytes)
    append(tscFrequency)
    append(apicTimerFrequency)
    append(groupBits.map { 1 | UInt64($0) << 8 } ?? 0)
    append(UInt32(header))
    append(UInt32(text.count))
    page += text
    page += [UInt8](repeating: 0, count: Self.pageSize - page.count)
    return page
  }
}
