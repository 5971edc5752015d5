import Architecture

/// The registers of a local APIC in the architectural layout: 64 registers of 32 bits, 16 bytes apart.
///
/// The layout of the xAPIC page and of KVM_GET_LAPIC (SDM Vol. 3A, table 12-1). Only the first dword of each
/// 16 bytes exists, so that is all that is kept. In x2APIC mode the ID register holds all 32 bits and the ICR's
/// destination is kept at 310h.
public struct APICPage: Hashable, Sendable {
  public var registers: InlineArray<64, UInt32>

  public init() { registers = InlineArray(repeating: 0) }

  /// The register at byte offset `offset` of the page, such as 0x80 for the TPR.
  @inline(__always) public subscript(offset: Int) -> UInt32 {
    get { registers[(offset &>> 4) & 63] }
    set { registers[(offset &>> 4) & 63] = newValue }
  }

  /// Whether `vector` is set in the 256-bit register whose first dword is at `offset`: 100h ISR, 180h TMR, 200h IRR.
  public func bit(_ vector: Int, at offset: Int) -> Bool {
    self[offset + (vector >> 5) * 0x10].bit(vector & 31)
  }

  public static func == (a: Self, b: Self) -> Bool {
    for i in a.registers.indices where a.registers[i] != b.registers[i] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    for i in registers.indices { hasher.combine(registers[i]) }
  }
}
