import Architecture

/// How device interrupts are written, everywhere.
extension PinCause {
  public var text: String {
    switch self {
    case .raised: "line up"
    case .lowered: "line down"
    case .unmasked: "unmasked"
    case .endOfInterrupt: "EOI"
    case .routeWritten: "entry written"
    }
  }
}

extension PinOutcome {
  public var text: String {
    switch self {
    case .quiet: "nothing due"
    case .sent: "sent"
    case .coalesced: "coalesced"
    case .masked: "masked"
    case .waitsForEOI: "remote IRR set, waits for EOI"
    case .held: "held back, a storm"
    }
  }
}

extension RemoteIRRClearing {
  public var text: String {
    switch self {
    case .broadcast: "EOI broadcast"
    case .directed: "IOAPIC EOI register"
    case .edgeWrite: "made edge-triggered"
    }
  }
}

extension MessageFault {
  public var text: String {
    switch self {
    case .notInterruptAddress: "address is not FEEx xxxx"
    case .highAddress: "upper address bits set"
    case .extendedDestination: "address bits 11:5 set"
    }
  }
}

extension TimerRegister {
  public var text: String {
    switch self {
    case .initialCount: "TMICT"
    case .deadline: "TSC_DEADLINE"
    case .localVector: "LVTT"
    case .divide: "TDCR"
    }
  }
}

extension LazyEOI {
  public var text: String {
    switch self {
    case .off: "off"
    case .enabled: "enabled"
    case .armed: "armed"
    case .taken: "taken"
    }
  }
}

extension InitLatch {
  public var text: String {
    switch self {
    case .none: "none"
    case .systemManagement: "SMM"
    case .vmxRoot: "VMX root operation"
    case .globalInterruptFlag: "GIF=0"
    }
  }
}

extension RedirectionEntry {
  /// What it asks for: `31 fixed edge id 2`, `51 lowest level logical f, masked`.
  public var text: String {
    var text = deliveryMode.hasVector ? "\(vector.text) \(deliveryMode.text)" : deliveryMode.text
    text += isLevelTriggered ? " level" : " edge"
    text += (isLogical ? " logical " : " id ") + String(destination, radix: 16)
    return text + (isMasked ? ", masked" : "")
  }
}

extension MessageSignal {
  /// `address fee01000 data 4041`.
  public var text: String { "address \(String(address, radix: 16)) data \(String(data, radix: 16))" }
}
