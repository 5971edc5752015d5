import Architecture
import Interrupts
import Journal

/// Who would receive: ways to address the selected local APIC, asked in every group with the machine's own
/// routing.
struct Receivers {
  struct Form {
    var name: String
    /// The answer in each group, in the order of `groups`.
    var answers: [Line]
  }

  let groups: [GroupID]
  private(set) var forms: [Form] = []

  private let routing: GroupRouting
  private let snapshot: Snapshot

  init(_ snapshot: Snapshot, about target: ContextSnapshot) {
    self.snapshot = snapshot
    routing = GroupRouting(snapshot)
    groups = snapshot.groups.map(\.id)
    let decoding = APICDecoding(target)
    let isWide = decoding.mode == .x2APIC
    let id = decoding.id.rawValue
    add("id \(TextForm.hex(id))") { $0.destination = id }
    add("id \(isWide ? "ffffffff" : "ff"), broadcast") { $0.destination = .max }
    let logical = isWide ? target.apic[0xD0] : target.apic[0xD0] >> 24
    if logical != 0 {
      add("logical \(TextForm.hex(logical))") {
        $0.isLogical = true; $0.destination = logical
      }
      add("logical \(TextForm.hex(logical)), lowest") {
        $0.isLogical = true
        $0.destination = logical
        $0.deliveryMode = .lowestPriority
      }
    }
    add("all-but-self") { $0.shorthand = .allExcludingSelf }
    add("all") { $0.shorthand = .allIncludingSelf }
    add("MSI to id \(TextForm.hex(id & 0xFF, 2))", isMessage: true) { $0.destination = id & 0xFF }
  }

  private mutating func add(_ name: String, isMessage: Bool = false, _ change: (inout InterruptCommand) -> Void) {
    var command = InterruptCommand(rawValue: 0)
    command.vector = VectorNumber(rawValue: 0x40)
    command.isAsserted = true
    change(&command)
    let answers = groups.map { group in
      let sender = isMessage ? nil : firstMember(of: group)
      let isNarrow = isMessage || sender.map { !isWide($0) } ?? true
      var own = command
      // A broadcast is FFh in the narrow form; any other id that does not fit stays what it is and finds
      // nobody.
      if isNarrow, own.destination == .max { own.destination = 0xFF }
      return answer(InterruptMessage(own, isNarrow: isNarrow && own.destination <= 0xFF), sender, group)
    }
    forms.append(Form(name: name, answers: answers))
  }

  private func firstMember(of group: GroupID) -> ContextID? {
    snapshot.contexts.first { $0.isEnabled && $0.group == group }?.id
  }

  private func isWide(_ id: ContextID) -> Bool {
    snapshot[id].map { APICDecoding($0).mode == .x2APIC } ?? false
  }

  private func answer(_ message: InterruptMessage, _ sender: ContextID?, _ group: GroupID) -> Line {
    let priority: ArbitrationPriority = { id in snapshot[id]?.arbitrationRank ?? .max }
    let route = routing.route(message, from: sender, in: group, priority: priority)
    guard route.count > 0 else { return Line("nobody" + (route.reason.map { ": " + $0.text } ?? ""), .waiting) }
    var line = Line(Self.names(route.contexts))
    // Those that were meant and cannot: the address fits, the state does not.
    let unable = routing.explain(message, from: sender, in: group, priority: priority).filter {
      $0.rejection == .softwareDisabled || $0.rejection == .hardwareDisabled
    }
    if let first = unable.first, let why = first.rejection {
      let more = unable.count > 1 ? " +\(unable.count - 1)" : ""
      line.append("; not \(first.context)\(more): \(why.text)", .waiting)
    }
    return line
  }

  /// `5.0`, or `15 contexts, VP 1-15`.
  static func names(_ contexts: [ContextID]) -> String {
    if contexts.count <= 3 { return contexts.map(\.description).joined(separator: " ") }
    return "\(contexts.count): VP " + IndexRuns.text(contexts.map(\.vp.index))
  }
}

/// Ascending numbers as `0-3 5 8-15`.
enum IndexRuns {
  static func text(_ numbers: [Int]) -> String {
    var parts: [String] = []
    var i = 0
    while i < numbers.count {
      var last = i
      while last + 1 < numbers.count, numbers[last + 1] == numbers[last] + 1 { last += 1 }
      parts.append(last == i ? "\(numbers[i])" : "\(numbers[i])-\(numbers[last])")
      i = last + 1
    }
    return parts.joined(separator: " ")
  }
}
