import Architecture

/// What an operator wants done. Taken between slices, written to the command log, then done.
public enum Command: Hashable, Sendable {
  case pause
  case run
  /// Runs until this many more events have happened, at least one, then pauses.
  case step(events: UInt64)
  /// Sends an interrupt.
  case fire(FireRequest)
  /// Switches the active VTL of a VP at an instruction boundary.
  case switchVTL(VPIndex, to: VTL)
  /// Writes EOI on behalf of a context.
  case endOfInterrupt(ContextID)
  /// Puts a context back to what it was at power-on: its processor and its local APIC.
  case reset(ContextID)
  /// Bytes for the guest's serial port, which come in as if they were typed: one after the other, at the line's speed.
  case serialInput([UInt8])

  /// One event.
  public static var stepEvent: Command { .step(events: 1) }

  public var kind: CommandKind {
    switch self {
    case .pause: .pause
    case .run: .run
    case .step: .stepEvent
    case .fire: .fire
    case .switchVTL: .switchVTL
    case .endOfInterrupt: .endOfInterrupt
    case .reset: .reset
    case .serialInput: .serialInput
    }
  }
}

/// A `Command` without its arguments.
public enum CommandKind: UInt8, Hashable, Sendable, CaseIterable {
  case pause = 0
  case run = 1
  case stepEvent = 2
  case fire = 3
  case switchVTL = 4
  case endOfInterrupt = 5
  case serialInput = 6
  case reset = 7
}

/// An interrupt the operator sends.
public struct FireRequest: Hashable, Sendable {
  public enum Origin: Hashable, Sendable {
    /// As if this context had written its ICR.
    case context(ContextID)
    /// As a message-signaled interrupt into this group.
    case message(GroupID)
  }
  public var origin: Origin
  public var message: InterruptMessage

  public init(origin: Origin, message: InterruptMessage) {
    self.origin = origin
    self.message = message
  }
}

/// Why a command was not carried out.
public enum CommandRefusal: UInt8, Hashable, Sendable, CaseIterable {
  case noSuchContext = 1
  case vtlNotEnabled = 2
  case alreadyActive = 3
  case waitsForStartup = 4
  case nothingInService = 5
  case noSuchGroup = 6
  case machineStopped = 7
  case notPaused = 8
  case apicDisabled = 9
  case serialInputFull = 10
  case cannotBeReset = 11
}

/// A command with its place in virtual time: the input of a replay.
public struct CommandRecord: Hashable, Sendable {
  public var time: VirtualTime
  /// How many instructions the partition had retired, and the sequence number of the command's own event: with
  /// `time`, the exact place.
  public var instructions: UInt64
  public var nextEvent: UInt64
  public var command: Command
  public var refusal: CommandRefusal?

  public init(
    time: VirtualTime, instructions: UInt64, nextEvent: UInt64 = 0, command: Command, refusal: CommandRefusal?
  ) {
    self.time = time
    self.instructions = instructions
    self.nextEvent = nextEvent
    self.command = command
    self.refusal = refusal
  }
}
