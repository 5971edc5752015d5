import Architecture
import Journal

/// Commands and refusals in words.
public enum CommandText {
  public static func describe(_ command: Command) -> String {
    switch command {
    case .pause: "pause"
    case .run: "run"
    case .stepEvent: "step one event"
    case .fire(let request): "fire " + describe(request)
    case .switchVTL(let vp, let vtl): "switch VP \(vp.rawValue) to VTL\(vtl.rawValue)"
    case .endOfInterrupt(let context): "EOI on behalf of \(context)"
    }
  }

  public static func describe(_ request: FireRequest) -> String {
    let command = request.message.command
    let origin =
      switch request.origin {
      case .context(let id): "from \(id)"
      case .message(let group): "MSI in g\(group.rawValue)"
      }
    let target =
      switch command.shorthand {
      case .none: (command.isLogical ? "logical " : "id ") + TextForm.hex(command.destination)
      case .selfOnly: "self"
      case .allIncludingSelf: "all"
      case .allExcludingSelf: "all but self"
      }
    switch command.deliveryMode {
    case .nmi, .initialize, .smi: return "\(describe(command.deliveryMode)) \(origin) to \(target)"
    default: return "\(describe(command.deliveryMode)) \(TextForm.vector(command.vector)) \(origin) to \(target)"
    }
  }

  public static func describe(_ mode: DeliveryMode) -> String {
    switch mode {
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

  public static func describe(_ refusal: CommandRefusal) -> String {
    switch refusal {
    case .noSuchContext: "there is no such context"
    case .vtlNotEnabled: "that VTL is not enabled on this VP"
    case .alreadyActive: "that VTL is active already"
    case .waitsForStartup: "the VP waits for its SIPI"
    case .nothingInService: "nothing is in service there"
    case .noSuchGroup: "there is no such group"
    case .machineStopped: "the machine has stopped for good"
    case .notPaused: "only while paused"
    case .apicDisabled: "that local APIC is disabled"
    }
  }
}
