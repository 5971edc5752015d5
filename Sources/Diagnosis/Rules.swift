import Architecture
import Journal

/// One signature of a vCPU that does not get on.
public struct Rule: Sendable {
  public var code: Finding.Code
  /// What it finds, in a few words: the text of a list of rules.
  public var summary: String
  /// Rules are independent: each rules the others out by itself where it must.
  var check: @Sendable (Scene) -> [Finding]

  /// A rule about one enabled context.
  init(
    _ code: Finding.Code, _ summary: String, _ check: @escaping @Sendable (ContextSnapshot, Scene) -> Finding?
  ) {
    self.code = code
    self.summary = summary
    self.check = { scene in
      scene.snapshot.contexts.compactMap { $0.isEnabled ? check($0, scene) : nil }
    }
  }

  /// A rule about one pin, or one message route.
  init(
    _ code: Finding.Code, _ summary: String,
    pin check: @escaping @Sendable (UInt32, PinSnapshot, Scene) -> Finding?
  ) {
    self.code = code
    self.summary = summary
    self.check = { scene in scene.snapshot.platform.pins.compactMap { check($0.number, $0.pin, scene) } }
  }

  /// A rule about the lost requests of one sender.
  init(
    _ code: Finding.Code, _ summary: String, lost isWanted: @escaping @Sendable (LostRequest, Scene) -> Bool,
    _ find: @escaping @Sendable (LostRequest, Scene) -> Finding
  ) {
    self.code = code
    self.summary = summary
    self.check = { scene in
      Dictionary(grouping: scene.lost.filter { isWanted($0, scene) }, by: \.subject).values.compactMap { lost in
        LostRequest.joined(lost).map { find($0, scene) }
      }
    }
  }

  init(_ code: Finding.Code, _ summary: String, scene check: @escaping @Sendable (Scene) -> [Finding]) {
    self.code = code
    self.summary = summary
    self.check = check
  }

  /// Every rule, cheap and decisive ones first: activity, then IRR against PPR, then IF, then ages, the timer, the
  /// requests, the lines, and what is between VTLs.
  public static var all: [Rule] {
    [
      .waitsForStartup, .startupOutOfOrder, .startupDeniedByVTL, .initLatched,
      .taskPriorityBlocks, .higherVTLHoldsItself, .haltedWithInterruptsOff, .missingEOI, .lazyEOI,
      .timerExpiredMasked, .timerWriteIgnored, .timerFarAway,
      .softwareDisabled, .hardwareDisabled, .unicastToNowhere, .groupRequestLost, .crossGroupLeak,
      .logicalMatchesNobody, .lowestPriorityUneven, .requestsMerged,
      .levelLineWedged, .edgeLost, .messageMisaddressed,
      .lowerVTLStarved, .targetVTLNotEnabled, .returnBounces, .waitsForTLBLock,
      .interceptWaits,
    ]
  }

  /// The order of the tests, for people.
  public static var order: String {
    "activity and start-up > IRR against PPR > IF > ISR ages > timer > requests, lost ones first > device lines > VTLs"
  }
}

/// Every problem in `snapshot`, the worst first, then by subject.
///
/// `events` leads up to the snapshot, oldest first; the more of them, the more is known. Pure: the same input
/// gives the same findings.
public func diagnose(
  _ snapshot: Snapshot, _ events: some Sequence<Event>, symbols: SymbolTable = SymbolTable(),
  thresholds: Thresholds = Thresholds(), rules: [Rule] = Rule.all
) -> [Finding] {
  let scene = Scene(snapshot, events, symbols, thresholds)
  return chained(rules.flatMap { $0.check(scene) }, scene).sorted(by: Finding.isWorse)
}

extension Finding {
  static func isWorse(_ a: Finding, _ b: Finding) -> Bool {
    if a.severity != b.severity { return a.severity > b.severity }
    if a.subject != b.subject { return a.subject < b.subject }
    return a.code.order < b.code.order
  }
}
