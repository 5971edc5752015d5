import Architecture

/// What a hypercall of Hyper-V's interface asked for, and how it ended.
public struct HypercallSummary: Hashable, Sendable {
  /// Bits 15:0 of the control word.
  public var code: UInt16
  /// HV_STATUS.
  public var status: UInt16
  /// Elements done so far, and asked for; 0 for a simple hypercall. At most 4,095.
  public var repsCompleted: UInt16
  public var repCount: UInt16
  /// Parameters were in registers.
  public var isFast: Bool
  /// The VP and VTL it is about; nil where its parameters name none, or could not be read.
  public var target: ContextID?
  /// What it is about, by the kind of hypercall: a register's name, a guest page number, a vector, a connection, an
  /// intercept's parameter; otherwise the first eight bytes of its input.
  public var argument: UInt64
  /// What goes with the argument: the value of a register, a VP mask, access rights; otherwise the next eight bytes.
  public var value: UInt64

  public init(
    code: UInt16, status: UInt16, repsCompleted: UInt16 = 0, repCount: UInt16 = 0, isFast: Bool = false,
    target: ContextID? = nil, argument: UInt64 = 0, value: UInt64 = 0
  ) {
    self.code = code
    self.status = status
    self.repsCompleted = repsCompleted
    self.repCount = repCount
    self.isFast = isFast
    self.target = target
    self.argument = argument
    self.value = value
  }
}

/// What a lower VTL did that a higher one asked to be told of (TLFS, HV_INTERCEPT_TYPE).
public enum InterceptKind: UInt8, Hashable, Sendable, CaseIterable {
  /// A page that a higher VTL protects.
  case memory = 0
  /// A control, table or task register.
  case register = 1
  case msr = 2
  case port = 3
  case exception = 4
}

/// How it was touched (TLFS, HV_INTERCEPT_ACCESS_TYPE).
public enum InterceptAccess: UInt8, Hashable, Sendable, CaseIterable {
  case read = 0
  case write = 1
  case execute = 2
}

/// An access that did not happen, because a higher VTL hears of it first.
public struct InterceptSummary: Hashable, Sendable {
  public var kind: InterceptKind
  public var access: InterceptAccess
  /// Who is told.
  public var vtl: VTL
  /// The message slot is still taken, so the access waits and is tried again.
  public var isWaiting: Bool
  /// A guest physical address, HV_REGISTER_NAME, MSR, port or exception vector.
  public var number: UInt64
  /// The guest virtual address, or the value that was to be written.
  public var value: UInt64

  public init(
    _ kind: InterceptKind, _ access: InterceptAccess, to vtl: VTL, isWaiting: Bool = false, number: UInt64,
    value: UInt64 = 0
  ) {
    self.kind = kind
    self.access = access
    self.vtl = vtl
    self.isWaiting = isWaiting
    self.number = number
    self.value = value
  }
}

/// What became of a message for a synthetic interrupt source (TLFS, "SynIC Message Delivery").
public enum MessageOutcome: UInt8, Hashable, Sendable, CaseIterable {
  /// It is in the slot, and the interrupt was raised unless the source is polled.
  case delivered = 0
  /// The slot is taken: MessagePending is set, and it waits.
  case waits = 1
  /// SynIC or message page are off, all buffers are in use, or its port is gone: there is nowhere for it.
  case dropped = 2
}

/// What a connection is for (TLFS, HV_PORT_TYPE).
public enum ConnectionKind: UInt8, Hashable, Sendable, CaseIterable {
  case message = 0
  case event = 1
  /// No connection of TLFS: a device's way to a synthetic interrupt source.
  case route = 2
}

/// What became of it.
public enum ConnectionChange: UInt8, Hashable, Sendable, CaseIterable {
  case made = 0
  case broken = 1
  /// There is one already, or none; or no such source; or its VTL is above who asked.
  case refused = 2
}

/// A connection, and where it leads.
public struct ConnectionSummary: Hashable, Sendable {
  public var kind: ConnectionKind
  public var change: ConnectionChange
  public var id: UInt32
  public var target: ContextID
  public var sint: UInt8

  public init(_ kind: ConnectionKind, _ change: ConnectionChange, id: UInt32, target: ContextID, sint: UInt8) {
    self.kind = kind
    self.change = change
    self.id = id
    self.target = target
    self.sint = sint
  }
}

/// A page that Hyper-V lays over guest memory (TLFS, "GPA Overlay Pages").
public enum OverlayKind: UInt8, Hashable, Sendable, CaseIterable {
  case hypercall = 0
  case assist = 1
  case referenceTSC = 2
  case messages = 3
  case eventFlags = 4
}
