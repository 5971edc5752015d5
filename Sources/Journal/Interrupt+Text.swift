import Architecture

/// How the parts of an interrupt are written, everywhere: short, lower case, and in the manual's words.
extension DeliveryMode {
  public var text: String {
    switch self {
    case .fixed: "fixed"
    case .lowestPriority: "lowest"
    case .smi: "SMI"
    case .reserved3: "reserved"
    case .nmi: "NMI"
    case .initialize: "INIT"
    case .startup: "SIPI"
    case .external: "ExtINT"
    }
  }

  /// Whether the vector field means anything: a vector, or the start-up page.
  public var hasVector: Bool {
    switch self {
    case .fixed, .lowestPriority, .startup: true
    case .smi, .reserved3, .nmi, .initialize, .external: false
    }
  }
}

extension VectorNumber {
  /// Two hexadecimal digits.
  public var text: String { (rawValue < 16 ? "0" : "") + String(rawValue, radix: 16) }
}

extension InterruptMessage {
  /// Whom it names: `id 5`, `logical 3`, `broadcast`, `self`, `all`, `all-but-self`.
  public var addressText: String {
    switch command.shorthand {
    case .selfOnly: return "self"
    case .allIncludingSelf: return "all"
    case .allExcludingSelf: return "all-but-self"
    case .none: break
    }
    if !command.isLogical, command.destination == (isNarrow ? 0xFF : 0xFFFF_FFFF) { return "broadcast" }
    return (command.isLogical ? "logical " : "id ") + String(command.destination, radix: 16)
  }

  /// What it is, without whom it names: `4f fixed`, `NMI`, `SIPI 08`.
  public var kindText: String {
    switch command.deliveryMode {
    case .fixed, .lowestPriority: "\(command.vector.text) \(command.deliveryMode.text)"
    case .startup: "SIPI \(command.vector.text)"
    case .smi, .reserved3, .nmi, .initialize, .external: command.deliveryMode.text
    }
  }
}

extension InterruptSource {
  /// The word of the KIND column, at most five letters.
  public var kindText: String {
    switch self {
    case .interruptCommand: "IPI"
    case .message: "MSI"
    case .ioapic: "IOAPC"
    case .timer: "TIMER"
    case .localVector: "LVT"
    case .hypercall: "HVIPI"
    case .paravirtual: "PVIPI"
    case .operator: "OPER"
    case .notificationAssist: "VINA"
    case .synthetic: "SINT"
    }
  }

  public var text: String {
    switch self {
    case .interruptCommand: "ICR write"
    case .message: "MSI"
    case .ioapic: "IOAPIC pin"
    case .timer: "timer"
    case .localVector: "local vector"
    case .hypercall: "hypercall"
    case .paravirtual: "KVM hypercall"
    case .operator: "operator"
    case .notificationAssist: "VINA"
    case .synthetic: "synthetic interrupt"
    }
  }
}

extension Rejection {
  /// A few words that finish "turned down: ".
  public var text: String {
    switch self {
    case .noSuchID: "no such ID in the group"
    case .idDiffers: "ID differs"
    case .logicalMismatch: "logical mismatch"
    case .logicalUnusable: "LDR or DFR unusable"
    case .senderExcluded: "sender excluded"
    case .hardwareDisabled: "APIC off in APIC_BASE"
    case .softwareDisabled: "APIC off in SVR"
    case .otherGroup: "other group"
    case .groupNotZero: "group is not 0"
    case .groupBitsInDestination: "group bits in destination"
    case .illegalVector: "vector below 16"
    case .unsupportedMode: "mode not supported"
    case .initDeassert: "INIT de-assert"
    case .notWaitingForStartup: "does not wait for SIPI"
    case .startupDeniedByVTL: "a higher VTL is enabled"
    case .contextNotEnabled: "VTL not enabled there"
    case .arbitrationLost: "another was chosen"
    case .noSystemManagementMode: "no SMM"
    case .emptyLogicalSlot: "hashed to an empty slot"
    }
  }
}

extension RoutePath {
  public var text: String {
    switch self {
    case .map: "map"
    case .scan: "scan"
    case .direct: "direct"
    }
  }
}
