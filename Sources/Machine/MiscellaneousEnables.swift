import Architecture

/// IA32_MISC_ENABLE (SDM Vol. 4, table 2-2): processor features that firmware may switch.
///
/// Two of the switches do something: bit 22 makes CPUID say that leaf 2 is its last, and bit 34 takes the execute-disable
/// bit away. The others are for features that are not here, and only keep what is written.
struct MiscellaneousEnables: Hashable {
  private(set) var rawValue: UInt64

  /// Fast strings (0); branch trace storage (11) and processor event-based sampling (12) are not available.
  static var atReset: Self { Self(rawValue: 0x1801) }

  /// Bits 0, 3 (thermal control), 16 (SpeedStep), 18 (MONITOR), 22, 23 (xTPR messages) and 34.
  private static var writable: UInt64 { 0x4_00C5_0009 }
  /// Bits 7 (performance counters), 11 and 12.
  private static var readOnly: UInt64 { 0x1880 }

  /// CPUID leaf 0 reports 2 as the highest leaf.
  var limitsLeaves: Bool { rawValue.bit(22) }
  /// CPUID does not have XD, and EFER.NXE cannot be set.
  var hidesNoExecute: Bool { rawValue.bit(34) }

  /// Read-only bits are ignored; reserved ones are #GP(0).
  mutating func write(_ value: UInt64) throws(Fault) {
    guard value & ~(Self.writable | Self.readOnly) == 0 else { throw .generalProtection() }
    rawValue = value & Self.writable | rawValue & Self.readOnly
  }
}
