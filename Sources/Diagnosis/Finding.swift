import Architecture
import Journal

/// One diagnosed problem with its evidence.
public struct Finding: Hashable, Sendable {
  /// Which signature matched.
  public var code: Code
  public var certainty: Certainty
  public var severity: Severity
  /// Whose problem it is: the context that does not get on.
  public var context: ContextID
  /// Since when it has been so.
  public var since: VirtualTime
  /// One line, without the context: "vector 4f blocked by TPR 50".
  public var title: String
  /// The checks that were run, in order, and how each came out.
  public var evidence: [Evidence]
  /// What brought it about, as far as the snapshot and the events tell.
  public var cause: String
  /// What would resolve it.
  public var remedy: String
  /// The interrupt it is about, where there is one.
  public var journey: JourneyID?
  /// The other contexts it leads on to, in order: whom this one waits for, whom that one waits for.
  public var chain: [ContextID]

  public init(
    code: Code, certainty: Certainty, severity: Severity, context: ContextID, since: VirtualTime,
    title: String,
    evidence: [Evidence], cause: String, remedy: String, journey: JourneyID? = nil, chain: [ContextID] = []
  ) {
    self.code = code
    self.certainty = certainty
    self.severity = severity
    self.context = context
    self.since = since
    self.title = title
    self.evidence = evidence
    self.cause = cause
    self.remedy = remedy
    self.journey = journey
    self.chain = chain
  }

  /// The signatures of a vCPU that does not get on, by their catalogue numbers.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The highest pending vector waits for the TPR to fall below its class.
    case taskPriorityBlocks = "S1"
    /// HLT with RFLAGS.IF clear.
    case haltedWithInterruptsOff = "S5"
    /// INIT was processed, or power-on, and no SIPI came.
    case waitsForStartup = "S7"
    /// A broadcast, shorthand or logical request in a group other than 0 found nobody.
    case groupRequestLost = "S17"
    /// Its last interrupt is stuck at a context that has a finding of its own.
    case waitsForOther = "chain"
  }

  public enum Certainty: String, Hashable, Sendable, CaseIterable {
    /// It follows from the architecture's rules and this one snapshot.
    case proved
    /// It fits, and something not visible could explain it otherwise.
    case likely
    /// It would be proved if it lasted.
    case needsTime = "needs time"
  }

  /// Ordered: the worst compares highest.
  public enum Severity: Int, Hashable, Sendable, CaseIterable, Comparable {
    case info, low, medium, high
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var text: String {
      switch self {
      case .info: "info"
      case .low: "low"
      case .medium: "medium"
      case .high: "high"
      }
    }
  }

  /// A check that was run.
  public struct Evidence: Hashable, Sendable {
    public var text: String
    /// False for a check that was made and did not come out: what was ruled out, or speaks against it.
    public var holds: Bool

    public init(_ text: String, holds: Bool = true) {
      self.text = text
      self.holds = holds
    }
  }
}
