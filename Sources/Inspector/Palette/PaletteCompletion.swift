import Architecture
import Journal

/// What the word under the cursor may become.
public struct PaletteCompletion: Hashable, Sendable {
  /// The whole word.
  public var word: String
  public var usage: String
  public var help: String
  /// The key that does the same; empty where there is none.
  public var key: String

  init(_ word: String, usage: String = "", help: String = "", key: String = "") {
    self.word = word
    self.usage = usage
    self.help = help
    self.key = key
  }
}

extension Palette {
  /// What could stand at the end of `text`, in the order of the list.
  public static func completions(_ text: String, _ model: InspectorModel) -> [PaletteCompletion] {
    let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    let begun = text.last.map { $0 != " " } ?? false ? words.last ?? "" : ""
    let before = begun.isEmpty ? words : Array(words.dropLast())
    guard let name = before.first else { return commands(begun, model) }
    guard let entry = entry(name) else { return [] }
    if entry.arguments == [.filter] {
      let word = Prompt.filterWord(begun)
      return model.filterCompletions(word, in: text).map { found in
        var found = found
        found.word = begun.dropLast(word.count) + found.word
        return found
      }
    }
    return arguments(entry, Array(before.dropFirst()), model).filter { $0.word.hasPrefix(begun) }
  }

  private static func commands(_ begun: String, _ model: InspectorModel) -> [PaletteCompletion] {
    entries.filter { $0.name.hasPrefix(begun) }.map { entry in
      let binding = entry.key.flatMap { model.keyMap.binding(for: $0, in: model.view) }
      return PaletteCompletion(
        entry.name, usage: entry.usage, help: entry.help,
        key: binding?.keys.map(\.name).joined(separator: " ") ?? "")
    }
  }

  private static func arguments(
    _ entry: PaletteEntry, _ before: [String], _ model: InspectorModel
  ) -> [PaletteCompletion] {
    guard let last = entry.arguments.last else { return [] }
    let argument = entry.arguments.indices.contains(before.count) ? entry.arguments[before.count] : last
    if entry.arguments.count <= before.count, !entry.takesMore { return [] }
    switch argument {
    case .view:
      return ViewID.allCases.map { id in
        let binding = model.keyMap.binding(for: .view(id))
        return PaletteCompletion(
          id.name, help: binding?.help ?? "", key: binding?.keys.map(\.name).joined(separator: " ") ?? "")
      }
    case .context: return contexts(model)
    case .vp:
      return Set(model.contexts.map(\.vp)).sorted().map { PaletteCompletion("\($0.rawValue)") }
    case .group:
      return model.snapshot.groups.map {
        PaletteCompletion("g\($0.id.rawValue)", help: "VTL\($0.vtl.rawValue), \($0.members) members")
      }
    case .column: return (model.listView?.columnNames(model) ?? []).map { PaletteCompletion($0) }
    case .option: return Options.values(of: before.last ?? "").map { PaletteCompletion($0) }
    case .words(let words): return words.map { PaletteCompletion($0) }
    case .fire: return fire(before, model)
    case .free, .filter: return []
    }
  }

  private static func contexts(_ model: InspectorModel) -> [PaletteCompletion] {
    model.snapshot.contexts.filter(\.isEnabled).map { context in
      PaletteCompletion(context.id.description, help: model.state(context).word)
    }
  }

  /// What may come next in a `fire`.
  private static func fire(_ before: [String], _ model: InspectorModel) -> [PaletteCompletion] {
    guard let last = before.last else {
      return FireLine.modes.map { PaletteCompletion($0.0) }
        + model.presets.map { PaletteCompletion($0, help: "preset") }
    }
    switch last {
    case "->", "to":
      return contexts(model) + ["id", "logical", "self", "all", "all-but-self"].map { PaletteCompletion($0) }
    case "from": return contexts(model)
    case "into": return model.snapshot.groups.map { PaletteCompletion("g\($0.id.rawValue)") }
    case "id", "logical": return []
    default: break
    }
    if before.contains("->") || before.contains("to") {
      return ["from", "into", "level", "deassert", "yes"].map { PaletteCompletion($0) }
    }
    let mode = FireLine.modes.first { $0.0 == last.lowercased() }?.1
    return mode.map(\.hasVector) ?? false ? [] : [PaletteCompletion("->")]
  }
}
