import Architecture

extension CommandKind {
  public var text: String {
    switch self {
    case .pause: "pause"
    case .run: "run"
    case .stepEvent: "step one event"
    case .fire: "fire"
    case .switchVTL: "switch VTL"
    case .endOfInterrupt: "EOI on behalf"
    case .serialInput: "serial input"
    case .reset: "reset"
    }
  }
}

extension CommandRefusal {
  /// A few words that finish "refused: ".
  public var text: String {
    switch self {
    case .noSuchContext: "there is no such context"
    case .vtlNotEnabled: "that VTL is not enabled on this VP"
    case .alreadyActive: "that VTL is active already"
    case .waitsForStartup: "the VP waits for a SIPI"
    case .nothingInService: "nothing is in service there"
    case .noSuchGroup: "there is no such group"
    case .machineStopped: "the machine has stopped for good"
    case .notPaused: "the machine is not paused"
    case .apicDisabled: "that local APIC is disabled"
    case .serialInputFull: "what was typed before is still on its way"
    case .cannotBeReset: "only VTL0 alone on its VP can be reset"
    }
  }
}
