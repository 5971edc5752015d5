import Architecture

/// What Hyper-V asks the machine: the registers of VPs that are not its own, CPU state and local APICs, where RAM is, and
/// what synthetic interrupt controllers take.
///
/// The machine implements it. Both sides of a switch have to be reachable: the context that runs and those
/// that are switched out. Nothing but the register changes; a TLB flush that the new value asks for is the
/// machine's.
public protocol VPRegisterAccess {
  /// The value in the layout of TLFS HV_REGISTER_VALUE; nil when there is no such register.
  func read(_ register: VPRegisterName, of context: ContextID) -> UInt128?
  mutating func write(_ register: VPRegisterName, _ value: UInt128, of context: ContextID) -> VPRegisterWrite
  /// Whether a page is RAM, which is all that can be protected.
  func isRAM(_ page: GPA) -> Bool
  /// What is answered to a message of this sender for a source: success, or why it cannot be queued.
  func status(ofMessageFrom sender: MessageSender, to context: ContextID, sint: Int) -> HypercallStatus
  /// The same for an event flag.
  func status(ofEventTo context: ContextID, sint: Int) -> HypercallStatus
  /// Whether an event flag of a source that can be signaled is set.
  func isEventFlagSet(_ flag: Int, of context: ContextID, sint: Int) -> Bool
  /// Translates an address as a context would; see `TranslationFlags`. Protections that keep it away are told as
  /// `.gpaNoReadAccess` or `.gpaNoWriteAccess`, whoever's they are.
  mutating func translate(_ address: GVA, _ flags: TranslationFlags, for context: ContextID) -> AddressTranslation
  /// Who withholds some of this access to a page of RAM from a VTL: the lowest of them.
  func protector(of access: ProtectionMask, at page: GPA, from vtl: VTL) -> VTL?
  /// EAX, EBX, ECX and EDX as CPUID answers on a VP, with this XCR0 or its own; nil for one that it cannot have.
  func cpuid(_ leaf: UInt32, _ subleaf: UInt32, enabledState: UInt64?, of vp: VPIndex) -> [UInt32]?
}

/// What became of writing a VP register.
public enum VPRegisterWrite: Hashable, Sendable {
  case written
  case unknownRegister
  case readOnly
  /// A reserved bit, or a combination that the processor does not take.
  case invalidValue
}
