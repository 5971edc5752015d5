import Architecture
import Journal

/// Commands in words, with their arguments.
public enum CommandText {
  public static func describe(_ command: Command) -> String {
    switch command {
    case .pause, .run: command.kind.text
    case .step(let events): events == 1 ? command.kind.text : "step \(events) events"
    case .fire(let request): "fire " + describe(request)
    case .switchVTL(let vp, let vtl): "switch VP \(vp.rawValue) to VTL\(vtl.rawValue)"
    case .endOfInterrupt(let context): "EOI on behalf of \(context)"
    case .reset(let context): "reset of \(context)"
    case .serialInput(let bytes): "\(bytes.count) bytes for the serial port"
    }
  }

  public static func describe(_ request: FireRequest) -> String {
    let origin =
      switch request.origin {
      case .context(let id): "from \(id)"
      case .message(let group): "as an MSI in g\(group.rawValue)"
      }
    return "\(request.message.kindText) \(origin) to \(request.message.addressText)"
  }
}
