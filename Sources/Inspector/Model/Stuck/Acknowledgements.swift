import Architecture
import Diagnosis
import Journal

/// What of a finding must stay as it is for an acknowledgement to hold: all but the numbers that age by themselves.
struct FindingStamp: Hashable, Sendable {
  private var certainty: Finding.Certainty
  private var severity: Finding.Severity
  private var since: VirtualTime
  private var journey: JourneyID?
  private var waiters: [ContextID]

  init(_ finding: Finding) {
    certainty = finding.certainty
    severity = finding.severity
    since = finding.since
    journey = finding.journey
    waiters = finding.chain.map(\.waiter)
  }
}

extension InspectorModel {
  /// The findings that nobody has acknowledged as they are now, the worst first.
  var openFindings: [Finding] { findings.filter { !isAcknowledged($0) } }

  var acknowledgedCount: Int { findings.count { isAcknowledged($0) } }

  private func isAcknowledged(_ finding: Finding) -> Bool {
    acknowledged[finding.identity] == FindingStamp(finding)
  }

  /// The finding that is pointed at; before one is, or when it is gone, the first of the list.
  var selectedFinding: Finding? {
    let rows = StuckView().shownRows(self)
    let row = rows.first { $0 == selection.finding.map { .finding($0) } } ?? rows.first
    return row.flatMap { StuckView().thing($0, self) }
  }

  /// Hides the selected finding until it changes; the next one is pointed at.
  mutating func acknowledgeSelected() {
    guard let finding = selectedFinding else {
      message = "there is no finding to acknowledge"
      return
    }
    let rows = StuckView().shownRows(self)
    let place = rows.firstIndex(of: .finding(finding.identity)) ?? 0
    acknowledged[finding.identity] = FindingStamp(finding)
    let left = rows.filter { $0 != .finding(finding.identity) }
    selection.finding = nil
    if !left.isEmpty { StuckView().select(left[min(place, left.count - 1)], &self) }
    if lists[.stuck]?.isArranged == true { StuckView().arrange(&self) }
    message = Line("\(finding.code.rawValue) of \(finding.subject) is hidden until it changes")
  }
}

extension RouteID {
  /// The route that a finding is about; nil when it is about a context, or there is no such route.
  init?(_ subject: Subject, in snapshot: Snapshot) {
    switch subject {
    case .context: return nil
    case .route(let place): self = .message(Int(place))
    case .pin(let number):
      for (place, chip) in snapshot.platform.ioapics.enumerated() {
        if let pin = chip.pins.first(where: { chip.firstInterrupt &+ UInt32($0.index) == number }) {
          self = .pin(ioapic: place, pin: pin.index)
          return
        }
      }
      return nil
    }
  }
}
