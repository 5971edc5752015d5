import Architecture

/// What every intercept message begins with: HV_X64_INTERCEPT_MESSAGE_HEADER, 28h bytes.
public struct InterceptHeader: Hashable, Sendable {
  public var context: ContextID
  /// 0...15; 0 where there is no instruction, as for one that could not be fetched.
  public var instructionLength: Int
  /// 0...15.
  public var cr8: UInt8
  /// Read 0, write 1, execute 2.
  public var access: UInt8
  public var state: InterceptState
  /// As `HyperVSegment.value`.
  public var cs: UInt128
  public var rip: UInt64
  public var rflags: UInt64

  public init(
    context: ContextID, instructionLength: Int, cr8: UInt8, access: UInt8, state: InterceptState, cs: UInt128,
    rip: UInt64, rflags: UInt64
  ) {
    self.context = context
    self.instructionLength = instructionLength
    self.cr8 = cr8
    self.access = access
    self.state = state
    self.cs = cs
    self.rip = rip
    self.rflags = rflags
  }

  func store(in payload: inout [UInt8]) {
    payload.setLittleEndian(UInt64(context.vp.rawValue), at: 0, count: 4)
    payload[4] = UInt8(truncatingIfNeeded: instructionLength & 15) | (cr8 & 15) << 4
    payload[5] = access
    payload.setLittleEndian(UInt64(state.rawValue(vtl: context.vtl)), at: 6, count: 2)
    payload.setLittleEndian(cs, at: 8)
    payload.setLittleEndian(rip, at: 0x18, count: 8)
    payload.setLittleEndian(rflags, at: 0x20, count: 8)
  }
}

/// HV_X64_VP_EXECUTION_STATE, the VTL apart.
public struct InterceptState: Hashable, Sendable {
  public var cpl: UInt8
  public var cr0: UInt64
  public var efer: UInt64
  public var dr7: UInt64
  /// An interrupt or exception was on the way to its handler.
  public var isInterruptionPending: Bool
  public var hasInterruptShadow: Bool

  public init(
    cpl: UInt8, cr0: UInt64, efer: UInt64, dr7: UInt64, isInterruptionPending: Bool, hasInterruptShadow: Bool
  ) {
    self.cpl = cpl
    self.cr0 = cr0
    self.efer = efer
    self.dr7 = dr7
    self.isInterruptionPending = isInterruptionPending
    self.hasInterruptShadow = hasInterruptShadow
  }

  /// CPL 1:0, CR0.PE 2, CR0.AM 3, EFER.LMA 4, debugging 5 (DR7 has a breakpoint enabled), interruption pending 6, VTL
  /// 10:7, interrupt shadow 12.
  func rawValue(vtl: VTL) -> UInt16 {
    var value = UInt16(cpl & 3) | UInt16(vtl.rawValue & 15) << 7
    if cr0.bit(0) { value |= 1 << 2 }
    if cr0.bit(18) { value |= 1 << 3 }
    if efer.bit(10) { value |= 1 << 4 }
    if dr7 & 0xFF != 0 { value |= 1 << 5 }
    if isInterruptionPending { value |= 1 << 6 }
    if hasInterruptShadow { value |= 1 << 12 }
    return value
  }
}

/// HvMessageTypeGpaIntercept, HV_X64_MEMORY_INTERCEPT_MESSAGE: an access that a higher VTL does not allow.
///
/// The payload has the registers behind it, F0h bytes in all, as hypervisors have sent it to guests that look there;
/// newer definitions end at 50h.
public struct MemoryInterceptMessage: Hashable, Sendable {
  public static var type: UInt32 { 0x8000_0001 }
  public static var payloadSize: Int { 0xF0 }

  public var header: InterceptHeader
  public var gpa: GPA
  /// nil where the access had none, such as a hypercall's to its parameters.
  public var gva: GVA?
  /// The page tables that translate `gva` were touched, not what it leads to.
  public var isWalk: Bool
  /// The bytes of the instruction, at most 16; none where it could not be fetched.
  public var instruction: [UInt8]
  /// DS and SS as `HyperVSegment.value`, then RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8...R15.
  public var segments: [UInt128]
  public var general: [UInt64]

  public init(
    header: InterceptHeader, gpa: GPA, gva: GVA?, isWalk: Bool, instruction: [UInt8], segments: [UInt128],
    general: [UInt64]
  ) {
    self.header = header
    self.gpa = gpa
    self.gva = gva
    self.isWalk = isWalk
    self.instruction = instruction
    self.segments = segments
    self.general = general
  }

  public var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.payloadSize)
    header.store(in: &bytes)
    bytes.setLittleEndian(6, at: 0x28, count: 4)  // cache type: write-back, as all RAM is
    let fetched = instruction.prefix(16)
    bytes[0x2C] = UInt8(fetched.count)
    // Bit 0: the GVA is valid. It is given where the GPA, being that of a page-table entry, does not say what was
    // accessed. Else it is left out, as KVM and OpenHCL do: guests of KVM's VSM compare the whole message.
    let named = isWalk ? gva : nil
    bytes[0x2D] = named == nil ? 0 : 1
    bytes[0x2E] = header.cr8
    bytes.setLittleEndian(named?.rawValue ?? 0, at: 0x30, count: 8)
    bytes.setLittleEndian(gpa.rawValue, at: 0x38, count: 8)
    bytes.replaceSubrange(0x40..<0x40 + fetched.count, with: fetched)
    for (i, value) in segments.prefix(2).enumerated() { bytes.setLittleEndian(value, at: 0x50 + 16 * i) }
    for (i, value) in general.prefix(16).enumerated() { bytes.setLittleEndian(value, at: 0x70 + 8 * i, count: 8) }
    return bytes
  }
}
