import Architecture
import Journal

/// Where a connection leads: a port, whose messages or event flags are for one source of one context (TLFS, "Ports").
public struct SynICPort: Hashable, Sendable {
  public var target: ContextID
  public var sint: Int
  /// The event flags that are its own. Empty for messages.
  public var flags: Range<Int>

  public init(_ target: ContextID, sint: Int, flags: Range<Int> = 0..<0) {
    self.target = target
    self.sint = sint
    self.flags = flags
  }

  /// HV_EVENT_FLAGS_COUNT: the flags of a source.
  public static var flagCount: Int { 2048 }
}

/// The connections of a partition by their IDs, each with its port (TLFS, "Connections"). A port has the ID of its
/// connection, and belongs to the VTL that it delivers to.
///
/// There is no limit to reach but that of the IDs: who makes connections decides which there may be.
public struct SynICConnections: Hashable, Sendable {
  private struct Name: Hashable {
    var kind: ConnectionKind
    var id: UInt32
  }
  private var ports: [Name: SynICPort] = [:]

  public init() {}

  /// The port behind a connection of this kind; each kind has IDs of its own.
  public subscript(kind: ConnectionKind, id: UInt32) -> SynICPort? { ports[Name(kind: kind, id: id)] }

  /// False when there is one already.
  public mutating func open(_ kind: ConnectionKind, _ id: UInt32, to port: SynICPort) -> Bool {
    let name = Name(kind: kind, id: id)
    guard ports[name] == nil else { return false }
    ports[name] = port
    return true
  }

  /// Nil when there is none, and for a port of a VTL above `vtl`, which is not the caller's to take away.
  public mutating func close(_ kind: ConnectionKind, _ id: UInt32, by vtl: VTL) -> SynICPort? {
    guard let port = self[kind, id], port.target.vtl <= vtl else { return nil }
    ports[Name(kind: kind, id: id)] = nil
    return port
  }

  /// The port behind connection `id`, which has to be of this kind.
  func port(_ kind: ConnectionKind, _ id: UInt32) throws(HypercallStatus) -> SynICPort {
    if let port = self[kind, id] { return port }
    let other: ConnectionKind = kind == .message ? .event : .message
    throw self[other, id] == nil ? .invalidConnectionID : .invalidPortID
  }
}

extension HypercallInvocation {
  /// Bits 23:0 of what stands at 0 are the connection's ID.
  var connectionID: UInt32 { input.uint32(at: 0) & 0xFF_FFFF }

  /// Whom it was for, and the connection; `value` is what it was about.
  func connectionSubject(_ value: UInt64) -> HypercallSubject {
    let target: ContextID? =
      switch effects.first {
      case .postMessage(_, let target, _), .signalEvent(_, let target, _): target
      default: nil
      }
    return HypercallSubject(target: target, argument: UInt64(input.uint32(at: 0)), value: value)
  }
}
