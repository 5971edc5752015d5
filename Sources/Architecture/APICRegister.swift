/// A register of the local APIC, by its number: xAPIC offset / 10h, x2APIC MSR - 800h.
///
/// SDM Vol. 3A, tables 12-1 (xAPIC) and 12-6 (x2APIC). The 256-bit registers ISR, TMR and IRR are eight
/// registers of 32 bits each; `isr`, `tmr` and `irr` name the first of them.
public struct APICRegister: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The byte offset in the 4 KiB xAPIC page.
  @inline(__always) public var offset: Int { Int(rawValue) << 4 }
  /// The MSR in x2APIC mode.
  @inline(__always) public var msr: UInt32 { 0x800 + UInt32(rawValue) }

  /// The APIC ID: bits 31:24 in xAPIC mode, all 32 bits in x2APIC mode. MSR 802h.
  public static var id: Self { Self(rawValue: 0x02) }
  /// Version, highest LVT entry, EOI-broadcast suppression. MSR 803h.
  public static var version: Self { Self(rawValue: 0x03) }
  /// Task priority (TPR). MSR 808h, and CR8.
  public static var taskPriority: Self { Self(rawValue: 0x08) }
  /// Arbitration priority (APR). Reads 0: no processor since the Pentium 4 has it.
  public static var arbitrationPriority: Self { Self(rawValue: 0x09) }
  /// Processor priority (PPR). MSR 80Ah.
  public static var processorPriority: Self { Self(rawValue: 0x0A) }
  /// End of interrupt (EOI). MSR 80Bh.
  public static var endOfInterrupt: Self { Self(rawValue: 0x0B) }
  /// Remote read (RRD). Reads 0: no processor since the Pentium 4 has it.
  public static var remoteRead: Self { Self(rawValue: 0x0C) }
  /// Logical destination (LDR). MSR 80Dh, where it is read-only.
  public static var logicalDestination: Self { Self(rawValue: 0x0D) }
  /// Destination format (DFR): flat or cluster. xAPIC only.
  public static var destinationFormat: Self { Self(rawValue: 0x0E) }
  /// Spurious-interrupt vector (SVR), with the software enable. MSR 80Fh.
  public static var spuriousVector: Self { Self(rawValue: 0x0F) }
  /// In service (ISR), vectors 31:0. MSR 810h.
  public static var isr: Self { Self(rawValue: 0x10) }
  /// Trigger mode (TMR), vectors 31:0. MSR 818h.
  public static var tmr: Self { Self(rawValue: 0x18) }
  /// Interrupt request (IRR), vectors 31:0. MSR 820h.
  public static var irr: Self { Self(rawValue: 0x20) }
  /// Error status (ESR). MSR 828h.
  public static var errorStatus: Self { Self(rawValue: 0x28) }
  /// Corrected machine-check interrupt. MSR 82Fh.
  public static var correctedMachineCheck: Self { Self(rawValue: 0x2F) }
  /// Interrupt command (ICR): the low half in xAPIC mode, all 64 bits in x2APIC mode. MSR 830h.
  public static var interruptCommand: Self { Self(rawValue: 0x30) }
  /// The destination half of the ICR. xAPIC only.
  public static var interruptCommandHigh: Self { Self(rawValue: 0x31) }
  public static var timer: Self { Self(rawValue: 0x32) }
  public static var thermal: Self { Self(rawValue: 0x33) }
  public static var performance: Self { Self(rawValue: 0x34) }
  public static var lint0: Self { Self(rawValue: 0x35) }
  public static var lint1: Self { Self(rawValue: 0x36) }
  public static var error: Self { Self(rawValue: 0x37) }
  /// What the timer counts down from (TMICT). MSR 838h.
  public static var timerInitialCount: Self { Self(rawValue: 0x38) }
  /// Where it is (TMCCT). MSR 839h.
  public static var timerCurrentCount: Self { Self(rawValue: 0x39) }
  /// Input clocks per count (TDCR). MSR 83Eh.
  public static var timerDivide: Self { Self(rawValue: 0x3E) }
  /// Sends a fixed interrupt to itself. MSR 83Fh; x2APIC only.
  public static var selfInterrupt: Self { Self(rawValue: 0x3F) }
}

extension APICRegister {
  /// What may be done to a register.
  public struct Access: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static var read: Self { Self(rawValue: 1) }
    public static var write: Self { Self(rawValue: 2) }
  }

  /// What xAPIC software may do to it; empty when the offset is reserved.
  public var xAPICAccess: Access {
    switch rawValue {
    case 0x02: [.read, .write]
    case 0x03, 0x09, 0x0A, 0x0C, 0x10...0x27, 0x39: .read
    case 0x0B: .write
    case 0x08, 0x0D, 0x0E, 0x0F, 0x28, 0x2F...0x38, 0x3E: [.read, .write]
    default: []
    }
  }

  /// What RDMSR and WRMSR may do to it; empty when the MSR does not exist. Anything else is #GP(0).
  public var x2APICAccess: Access {
    switch rawValue {
    case 0x02, 0x03, 0x0A, 0x0D, 0x10...0x27, 0x39: .read
    case 0x0B, 0x3F: .write
    case 0x08, 0x0F, 0x28, 0x2F, 0x30, 0x32...0x38, 0x3E: [.read, .write]
    default: []
    }
  }
}
