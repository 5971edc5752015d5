import Architecture
import Journal

/// One field that is not what it was.
struct Change: Hashable, Sendable {
  /// `5.0`, `g1`, `pin 4`.
  var subject: String
  var field: String
  var old: String
  var new: String
  /// What brought it about, where that is known.
  var cause = ""
}

/// What differs between two moments.
struct Changes {
  let old: Snapshot
  let new: Snapshot
  let model: InspectorModel
  /// Also what changes whenever a context runs.
  var showsProgress = false

  /// Of one context.
  func of(_ id: ContextID) -> [Change] {
    guard let before = old[id], let after = new[id], before != after else { return [] }
    if !before.isEnabled && !after.isEnabled { return [] }
    return ContextField.all.compactMap { field in
      guard showsProgress || !field.isProgress else { return nil }
      let (was, now) = (field.text(before, old), field.text(after, new))
      guard was != now else { return nil }
      return Change(
        subject: id.description, field: field.name, old: was, new: now, cause: cause(of: field, at: after))
    }
  }

  /// Of every context, of the groups' maps and of the pins.
  var all: [Change] { new.contexts.flatMap { of($0.id) } + groups + pins }

  /// The newest event since then that does such a thing there.
  private func cause(of field: ContextField, at context: ContextSnapshot) -> String {
    var text = ""
    if let isCause = field.isCause,
      let event = model.events.newest(
        since: old.machine.nextEvent, where: { $0.context == context.id && isCause($0.body) })
    {
      text = "event \(event.sequence) \(event.kindText)"
      if event.rip != 0 { return text + " at " + model.code(event.rip) }
    }
    // Who wrote the TPR is remembered longer than the log goes back.
    if field.name == "TPR", let write = context.lastTaskPriorityWrite, write.time >= old.machine.time {
      text += (text.isEmpty ? "" : " ") + "at " + model.code(write.rip)
    }
    return text
  }

  private var groups: [Change] {
    new.groups.flatMap { group -> [Change] in
      guard let before = old.groups.first(where: { $0.id == group.id }) else { return [] }
      let fields: [(String, String, String)] = [
        ("map", before.logicalMode.text, group.logicalMode.text),
        ("members", "\(before.members)", "\(group.members)"),
        ("enabled", "\(before.softwareEnabled)", "\(group.softwareEnabled)"),
        ("duplicates", "\(before.duplicateIDs)", "\(group.duplicateIDs)"),
      ]
      let isRebuilt: (Event) -> Bool = { event in
        if case .mapRebuilt(let id, _, _, _) = event.body { id == group.id } else { false }
      }
      return changes(
        "g\(group.id.rawValue)", fields,
        model.events.newest(since: old.machine.nextEvent, where: isRebuilt).map { "event \($0.sequence) MAP" } ?? "")
    }
  }

  private var pins: [Change] {
    zip(old.platform.ioapics, new.platform.ioapics).flatMap { before, after in
      zip(before.pins, after.pins).flatMap { was, now -> [Change] in
        changes(
          "pin \(now.index)",
          [
            ("entry", was.entry.text, now.entry.text),
            ("line", was.isLineHigh ? "high" : "low", now.isLineHigh ? "high" : "low"),
            ("remote IRR", was.entry.isRemoteIRRSet ? "1" : "0", now.entry.isRemoteIRRSet ? "1" : "0"),
          ], "")
      }
    }
  }

  /// The log is searched for the cause only when something has changed.
  private func changes(
    _ subject: String, _ fields: [(String, String, String)], _ cause: @autoclosure () -> String
  ) -> [Change] {
    let different = fields.filter { $0.1 != $0.2 }
    guard !different.isEmpty else { return [] }
    let cause = cause()
    return different.map { Change(subject: subject, field: $0.0, old: $0.1, new: $0.2, cause: cause) }
  }
}

extension EventBuffer {
  /// The newest event from `sequence` on for which `isWanted` holds.
  func newest(since sequence: UInt64, where isWanted: (Event) -> Bool) -> Event? {
    self[place(of: sequence)...].last(where: isWanted)
  }
}

extension ContextSnapshot {
  /// What two contexts do not have in common, field by field.
  static func differences(_ a: ContextSnapshot, _ b: ContextSnapshot, in snapshot: Snapshot) -> [Change] {
    ContextField.all.filter { !$0.isProgress }.compactMap { field in
      let (one, other) = (field.text(a, snapshot), field.text(b, snapshot))
      return one == other ? nil : Change(subject: "", field: field.name, old: one, new: other)
    }
  }
}
