import Architecture
import Interpreter
import Journal

/// What a partition is made of. Fixed at creation.
public struct Configuration: Hashable, Sendable {
  /// 1...1024.
  public var vpCount: Int
  /// How many VTLs the partition offers, 1...3; VTL0 is always one of them.
  public var vtlCount: Int
  /// RAM in bytes, a multiple of 2 MiB, 2 MiB...3 GiB.
  public var memoryBytes: UInt64
  public var groupEncoding: GroupEncoding
  public var commandLine: String
  /// Resolve every request by the slow scan too and count disagreements (rule R9).
  public var checksMaps: Bool
  /// Which groups device interrupts go to.
  public var routeGroups: RouteGroups
  /// What comes in at the serial port by itself.
  public var serialInput: SerialInput?
  /// The IOAPIC is of version 20h and has an EOI register, and the local APICs can suppress EOI broadcasts.
  public var hasEOIRegister: Bool
  /// What CPUID has, and what works.
  public var cpu: CPUModel

  public static var vpCountLimit: Int { 1024 }
  public static var memoryRange: ClosedRange<UInt64> { (2 << 20)...(3 << 30) }

  public init(
    vpCount: Int = 4, vtlCount: Int = 2, memoryBytes: UInt64 = 128 << 20, groupEncoding: GroupEncoding = .explicit,
    commandLine: String = "", checksMaps: Bool = false, routeGroups: RouteGroups = RouteGroups(),
    serialInput: SerialInput? = nil, hasEOIRegister: Bool = false, cpu: CPUModel = .max
  ) {
    self.vpCount = vpCount
    self.vtlCount = vtlCount
    self.memoryBytes = memoryBytes
    self.groupEncoding = groupEncoding
    self.commandLine = commandLine
    self.checksMaps = checksMaps
    self.routeGroups = routeGroups
    self.serialInput = serialInput
    self.hasEOIRegister = hasEOIRegister
    self.cpu = cpu
  }

  /// One line that says which value is out of range, or nil.
  public var problem: String? {
    if !(1...Self.vpCountLimit).contains(vpCount) { return "VPs: \(vpCount), need 1...\(Self.vpCountLimit)" }
    if !(1...VTL.countLimit).contains(vtlCount) { return "VTLs: \(vtlCount), need 1...\(VTL.countLimit)" }
    if !Self.memoryRange.contains(memoryBytes) { return "memory: need 2M...3G" }
    if vpCount > 255, !cpu.features.contains(.x2apic) { return "VPs: \(vpCount), need x2APIC above 255" }
    if memoryBytes % (2 << 20) != 0 { return "memory: need a multiple of 2M" }
    if commandLine.utf8.count > 1024 { return "command line: longer than 1024 bytes" }
    if case .rfc2023(let bits) = groupEncoding {
      if bits > 32 { return "groups: rfc-2023:\(bits), need 0...32" }
    }
    if let serialInput, serialInput.interval < SerialInput.shortestInterval {
      return "serial input: a byte every \(serialInput.interval.rawValue) ns, need 1 us"
    }
    return routeGroups.problem(groups: vtlCount)
  }
}
