import Architecture
import Journal

/// What one VTL of a VP is doing, as its lane shows it.
public enum LaneState: UInt8, Hashable, Sendable, CaseIterable {
  case running
  /// A higher VTL has the VP, and this one was at work or has an interrupt waiting.
  case preempted
  /// It sleeps until an interrupt: by HLT, or in the guest idle state.
  case halted
  /// Another VTL has the VP, and this one has nothing to do.
  case inactive
  case waitsForStartup
  case shutDown
  /// The events that would say are not in the log.
  case unknown

  public var letter: Character {
    switch self {
    case .running: "#"
    case .preempted: "b"
    case .halted: "h"
    case .inactive: "."
    case .waitsForStartup: "W"
    case .shutDown: "S"
    case .unknown: "?"
    }
  }
}

/// How a stay of a VP in one of its VTLs began.
public struct LaneEntry: Hashable, Sendable {
  /// The VTL that was left; nil when that is not known.
  public var from: VTL?
  public var reason: VTLSwitchReason
  public var vector: VectorNumber?
  /// Where the VTL that was left had come to; 0 when that is not known.
  public var rip: UInt64
}

/// A stretch of a VP's time in which nothing changed.
public struct LaneSegment: Hashable, Sendable {
  public var begin: VirtualTime
  /// The number of the event that began it.
  public var sequence: UInt64
  /// The VTL the VP is in; nil when that is not known.
  public var active: VTL?
  /// The VP came into its VTL at the beginning of this stretch.
  public var entry: LaneEntry?
  /// Events are missing: nothing that is learned later says anything about this stretch.
  var isGap = false
  /// Four bits per VTL: an `Activity`, or Fh when it is not known.
  var activities: UInt64 = .max
  /// Bit n: VTL n was at work when a higher one took the VP.
  var interrupted: UInt16 = 0
  /// Bit n: VTL n has an interrupt in its IRR. Kept up to date for the VTLs below the active one.
  var pending: UInt16 = 0

  func activity(of vtl: VTL) -> Activity? {
    Activity(rawValue: UInt8(truncatingIfNeeded: activities &>> UInt64(vtl.rawValue * 4) & 0xF))
  }

  mutating func setActivity(_ activity: Activity?, of vtl: VTL) {
    let shift = UInt64(vtl.rawValue * 4)
    activities = activities & ~(0xF &<< shift) | UInt64(activity?.rawValue ?? 0xF) &<< shift
  }

  /// The VTLs below the active one that have an interrupt waiting.
  var held: UInt16 { active.map { pending & $0.lowerOnes } ?? 0 }

  public func state(of vtl: VTL) -> LaneState {
    guard let active else { return .unknown }
    let activity = activity(of: vtl)
    switch activity {
    case .waitForStartup: return .waitsForStartup
    case .shutdown: return .shutDown
    case .running where vtl == active: return .running
    case .halted where vtl == active, .idle where vtl == active: return .halted
    case nil where vtl == active: return .unknown
    case .running, .halted, .idle, nil: break
    }
    guard vtl < active else { return .inactive }
    if held & vtl.bit != 0 { return .preempted }
    guard interrupted & vtl.bit != 0 else { return .inactive }
    return activity == nil ? .unknown : activity == .running ? .preempted : .inactive
  }
}

/// One stay of a VP in a VTL, from the switch that began it to the one that ended it.
public struct LaneStay: Hashable, Sendable {
  public var begin: VirtualTime
  /// Nil while it lasts.
  public var end: VirtualTime?
  /// The number of the event that ended it; while it lasts, of the one that began it.
  public var sequence: UInt64
  public var entry: LaneEntry?

  public func length(at now: VirtualTime) -> VirtualTime { (end ?? now) - begin }
}

/// Something that stands in a lane at one moment.
public struct LanePoint: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable {
    case timerDue
    case fault
  }

  public var time: VirtualTime
  public var sequence: UInt64
  public var vtl: VTL
  public var kind: Kind
}

extension VTL {
  var bit: UInt16 { 1 &<< UInt16(rawValue & 15) }
  var lowerOnes: UInt16 { bit &- 1 }
}

extension VTLSwitchReason {
  /// It takes the VP from a VTL that had not asked for that.
  var interrupts: Bool {
    switch self {
    case .interrupt, .intercept, .operator: true
    case .call, .return: false
    }
  }
}
