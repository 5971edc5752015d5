import Architecture
import Interrupts
import Journal

/// An interrupt in words: `fixed 4f -> 5.0 from 2.0`.
public struct FireLine: Hashable, Sendable {
  /// Whom it names.
  public enum Target: Hashable, Sendable {
    /// The local APIC of a context, by its ID in its group.
    case context(ContextID)
    case physical(UInt32)
    case logical(UInt32)
    case toSelf, all, allButSelf
  }

  public var mode = DeliveryMode.fixed
  /// As far as the mode has one.
  public var vector: UInt8 = 0
  public var target: Target
  /// Who sends it; nil leaves it to the selection.
  public var origin: FireRequest.Origin?
  public var isLevel = false
  public var isAsserted = true
  /// Ends in `yes`: what cannot be taken back is sent without another question.
  public var isConfirmed = false

  static var modes: [(String, DeliveryMode)] {
    [
      ("fixed", .fixed), ("lowest", .lowestPriority), ("nmi", .nmi), ("smi", .smi), ("init", .initialize),
      ("sipi", .startup),
    ]
  }

  static var usage: String { "[fixed|lowest|nmi|smi|init|sipi] [VECTOR] -> TARGET [from CTX|into gN] [level] [yes]" }

  init(_ words: inout PaletteWords) throws(PaletteError) {
    if let word = words.peek, let mode = Self.modes.first(where: { $0.0 == word.text.lowercased() }) {
      self.mode = mode.1
      _ = words.next()
    }
    target = .toSelf
    if mode.hasVector { vector = UInt8(truncatingIfNeeded: try words.hex("the vector", digits: 2)) }
    guard words.take("->") || words.take("to") else {
      throw PaletteError("expected \"->\" and a target", column: words.column)
    }
    target = try Self.target(&words)
    while !words.isAtEnd { try takeRest(&words) }
  }

  private static func target(_ words: inout PaletteWords) throws(PaletteError) -> Target {
    let word = try words.required("a target: CTX, id N, logical N, self, all or all-but-self")
    switch word.text {
    case "self": return .toSelf
    case "all": return .all
    case "all-but-self": return .allButSelf
    case "id": return .physical(try words.hex("the ID", digits: 8))
    case "logical": return .logical(try words.hex("the logical destination", digits: 8))
    default:
      guard let id = ContextID(word.text) else {
        throw PaletteError(
          "no target \"\(word.text)\"; one of CTX, id N, logical N, self, all, all-but-self", column: word.column)
      }
      return .context(id)
    }
  }

  private mutating func takeRest(_ words: inout PaletteWords) throws(PaletteError) {
    let column = words.column
    let word = try words.required("a word")
    switch word.text {
    case "from": origin = .context(try words.context())
    case "into": origin = .message(try words.group())
    case "level": isLevel = true
    case "edge": isLevel = false
    case "deassert": isAsserted = false
    case "yes": isConfirmed = true
    default: throw PaletteError("expected from, into, level or yes, not \"\(word.text)\"", column: column)
    }
  }
}

extension PaletteWords {
  /// `g0` or `0`.
  mutating func group() throws(PaletteError) -> GroupID {
    let word = try required("a group such as g0")
    let digits = word.text.hasPrefix("g") ? String(word.text.dropFirst()) : word.text
    guard let value = UInt8(digits) else {
      throw PaletteError("\"\(word.text)\" is no group such as g0", column: word.column)
    }
    return GroupID(rawValue: value)
  }
}

extension FireForm {
  /// The same as a line of the palette.
  func line(in snapshot: Snapshot) -> String {
    var words = ["fire", FireLine.modes.first { $0.1 == mode }?.0 ?? "fixed"]
    if mode.hasVector { words.append(TextForm.hex(vector, 2)) }
    words.append("->")
    switch address {
    case .toSelf, .all, .allButSelf: words.append(address.text)
    case .physical: words.append("id " + TextForm.hex(message(in: snapshot).command.destination))
    case .logical: words.append("logical " + TextForm.hex(message(in: snapshot).command.destination))
    }
    switch origin {
    case .context(let id): words.append("from \(id)")
    case .message(let group): words.append("into g\(group.rawValue)")
    }
    if fields.contains(.trigger), isLevel { words.append(isAsserted ? "level" : "level deassert") }
    return words.joined(separator: " ")
  }
}

// MARK: - In a machine

extension FireLine {
  /// The form of the fire dialog that says the same in this machine; or why there is none.
  func form(_ model: InspectorModel) throws(PaletteError) -> FireForm {
    let snapshot = model.snapshot
    var form = FireForm(from: sender(model), in: snapshot)
    if let origin { form.origin = origin }
    form.mode = mode
    form.vector = vector
    form.isLevel = isLevel
    form.isAsserted = isAsserted
    switch target {
    case .toSelf: form.address = .toSelf
    case .all: form.address = .all
    case .allButSelf: form.address = .allButSelf
    case .physical(let id):
      form.address = .physical
      form.id = id
    case .logical(let id):
      form.address = .logical
      form.id = id
    case .context(let id):
      guard let context = snapshot[id], context.isEnabled else { throw PaletteError("there is no context \(id)") }
      guard form.group(in: snapshot) == context.group else {
        throw PaletteError("\(id) is in g\(context.group.rawValue): an IPI never leaves its sender's group")
      }
      form.address = .physical
      form.id = RoutingRegisters(context).id.rawValue
    }
    if !form.addresses.contains(form.address) { throw PaletteError("a message has no shorthand") }
    if form.fields.contains(.id), form.isNarrow(in: snapshot), form.id > 0xFF {
      throw PaletteError("the sender writes 8 bits of destination: \(TextForm.hex(form.id)) does not fit")
    }
    return form
  }

  /// The selected context where it could send this; else the same VP's context in the target's group, or that
  /// group's first.
  private func sender(_ model: InspectorModel) -> ContextID {
    let selected = model.selection.context
    guard case .context(let id) = target, let context = model.snapshot[id] else { return selected }
    let group = model.members(of: context.group)
    if group.contains(selected) { return selected }
    return group.first { $0.vp == selected.vp } ?? group.first ?? selected
  }
}
