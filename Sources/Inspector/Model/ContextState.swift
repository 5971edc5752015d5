import Architecture
import Diagnosis
import Journal

/// What a context is doing, in one letter.
public enum ContextState: Hashable, Sendable, CaseIterable {
  /// The active context of its VP, with instructions to run.
  case running
  /// Not active, and it has an interrupt that may bring it in.
  case ready
  /// Interrupted by a higher VTL and not done; or something waits for it meanwhile.
  case preempted
  /// Not active, and nothing waits for it.
  case inactive
  case halted
  /// In the guest idle state.
  case idle
  case waitsForStartup
  /// After a triple fault.
  case shutDown
  case notEnabled

  public init(_ context: ContextSnapshot, in snapshot: Snapshot) {
    guard context.isEnabled else {
      self = .notEnabled
      return
    }
    switch context.activity {
    case .waitForStartup: self = .waitsForStartup
    case .shutdown: self = .shutDown
    case .running where context.isActive: self = .running
    case .halted where context.isActive: self = .halted
    case .idle where context.isActive: self = .idle
    case .running, .halted, .idle: self = Self.inactiveState(context, in: snapshot)
    }
  }

  private static func inactiveState(_ context: ContextSnapshot, in snapshot: Snapshot) -> ContextState {
    guard let active = snapshot.activeContext(of: context.id.vp) else { return .inactive }
    if active.id.vtl < context.id.vtl { return context.deliverable == nil ? .inactive : .ready }
    let wasInterrupted = active.entryReason?.interrupts ?? false && context.activity == .running
    return wasInterrupted || !context.pending.isEmpty ? .preempted : .inactive
  }

  public var letter: Character {
    switch self {
    case .running: "R"
    case .ready: "r"
    case .preempted: "b"
    case .inactive: "i"
    case .halted: "H"
    case .idle: "I"
    case .waitsForStartup: "W"
    case .shutDown: "S"
    case .notEnabled: "x"
    }
  }

  public var word: String {
    switch self {
    case .running: "running"
    case .ready: "ready"
    case .preempted: "preempted"
    case .inactive: "inactive"
    case .halted: "halted"
    case .idle: "idle"
    case .waitsForStartup: "waits for SIPI"
    case .shutDown: "shut down"
    case .notEnabled: "not enabled"
    }
  }

  public var style: Style {
    switch self {
    case .running: .active
    case .ready: .waiting
    case .preempted: .preempted
    case .inactive, .halted, .idle, .waitsForStartup, .notEnabled: .dim
    case .shutDown: .wrong
    }
  }
}

extension Snapshot {
  /// The context its VP is in.
  public func activeContext(of vp: VPIndex) -> ContextSnapshot? {
    let count = Int(machine.vtlCount)
    let first = vp.index * count
    guard count > 0, first >= 0, first + count <= contexts.count else {
      return contexts.first { $0.id.vp == vp && $0.isEnabled && $0.isActive }
    }
    return contexts[first..<(first + count)].first { $0.id.vp == vp && $0.isEnabled && $0.isActive }
  }
}

extension InspectorModel {
  public func state(_ context: ContextSnapshot) -> ContextState { ContextState(context, in: snapshot) }
}
