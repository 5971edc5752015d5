import Architecture
import Journal

/// One diagnosed problem with its evidence, and who waits because of it.
public struct Finding: Hashable, Sendable {
  /// Which signature matched.
  public var code: Code
  public var certainty: Certainty
  public var severity: Severity
  /// Whose problem it is.
  public var subject: Subject
  /// Since when it has been so.
  public var since: VirtualTime
  /// One line, without the subject: "vector 4f blocked by TPR 50".
  public var title: String
  /// The checks that were run, in order, and how each came out.
  public var evidence: [Evidence]
  /// What is held up by it; empty when nothing is known to be.
  public var effect: String
  /// What brought it about, as far as the snapshot and the events tell.
  public var cause: String
  /// What would resolve it.
  public var remedy: String
  /// What could be otherwise; empty when there is no doubt.
  public var doubt: String
  /// The interrupt it is about, where there is one.
  public var journey: JourneyID?
  /// Who waits for the subject, and who waits for those: the ones farthest away first.
  public var chain: [Link]
  /// The findings this one is made of: those of the members of a cycle. They are not listed by themselves.
  public var causes: [Finding]

  public init(
    _ code: Code, _ certainty: Certainty, _ severity: Severity, _ subject: Subject, since: VirtualTime,
    title: String, evidence: [Evidence], effect: String = "", cause: String, remedy: String, doubt: String = "",
    journey: JourneyID? = nil, chain: [Link] = [], causes: [Finding] = []
  ) {
    self.code = code
    self.certainty = certainty
    self.severity = severity
    self.subject = subject
    self.since = since
    self.title = title
    self.evidence = evidence
    self.effect = effect
    self.cause = cause
    self.remedy = remedy
    self.doubt = doubt
    self.journey = journey == JourneyID.none ? nil : journey
    self.chain = chain
    self.causes = causes
  }

  /// The context it is about; nil when it is about a pin or a message route.
  public var context: ContextID? { subject.context }

  /// What stays the same while it lasts: its numbers change with every look.
  public var identity: Identity { Identity(code: code, subject: subject) }

  public struct Identity: Hashable, Sendable {
    public var code: Code
    public var subject: Subject

    public init(code: Code, subject: Subject) {
      self.code = code
      self.subject = subject
    }
  }

  /// It is about `id`, by itself or by one of its causes; not: `id` waits for it.
  public func isAbout(_ id: ContextID) -> Bool { context == id || causes.contains { $0.context == id } }

  /// What `id` waits for because of this finding.
  public func link(of id: ContextID) -> Link? { chain.first { $0.waiter == id } }

  /// The chain comes back to where it began.
  public var isCycle: Bool { code == .waitsForOther && context.flatMap(link) != nil }

  public enum Certainty: String, Hashable, Sendable, CaseIterable {
    /// It follows from the architecture's rules and what was recorded.
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
