import Architecture
import Diagnosis

/// What an operator likes, from one session to the next.
public struct Options: Hashable, Sendable {
  /// Its name in the configuration directory.
  public static var fileName: String { "config.toml" }

  public var theme = Theme.auto
  /// Looks a second, in tenths.
  public var decihertz = 100
  /// ASCII also where the terminal could show more.
  public var wantsASCII = false
  public var timeMode = TimeMode.absolute
  public var usesMouse = false
  /// The columns that are shown, by the name of their view; a view that is not there shows all.
  public var columns: [String: [String]] = [:]
  /// How old something must be before it is a finding.
  public var thresholds = Thresholds()
  /// Lines of `fire` to choose from.
  public var presets: [String] = []
  /// Commands with the keys they have instead of the standard ones.
  public var keys: [String: [Key]] = [:]

  public init() {}

  // MARK: - Reading

  /// Reads a configuration file. What is not understood is refused: a word that is misspelled must not pass
  /// unnoticed.
  public init(file text: String) throws(ConfigurationError) {
    var changes: [(command: String, keys: [Key], line: Int)] = []
    for entry in try TomlDocument(text).entries {
      switch entry.table {
      case "": try set(entry)
      case "thresholds": try setThreshold(entry)
      case "columns": columns[try Self.view(entry)] = try Self.strings(entry)
      case "keys":
        let keys = try Self.keys(entry)
        changes.append((entry.key, keys, entry.line))
        self.keys[entry.key] = keys
      default:
        throw ConfigurationError(line: entry.line, text: "no table [\(entry.table)]; columns, thresholds or keys")
      }
    }
    _ = try KeyMap.standard.rebound(changes)
  }

  private mutating func set(_ entry: TomlDocument.Entry) throws(ConfigurationError) {
    if entry.key == "presets" {
      presets = try Self.strings(entry)
      for preset in presets { try Self.check(preset, entry.line) }
      return
    }
    let text: String
    switch entry.value {
    case .string(let string): text = string
    case .number(let number): text = Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    case .boolean(let flag): text = flag ? "true" : "false"
    case .strings: throw ConfigurationError(line: entry.line, text: "\(entry.key) takes one value")
    }
    do throws(OptionError) { try set(entry.key, to: text) } catch {
      throw ConfigurationError(line: entry.line, text: error.text)
    }
  }

  private mutating func setThreshold(_ entry: TomlDocument.Entry) throws(ConfigurationError) {
    guard let threshold = Threshold.all.first(where: { $0.name == entry.key }) else {
      let names = Threshold.all.map(\.name).joined(separator: " ")
      throw ConfigurationError(line: entry.line, text: "no threshold \"\(TextForm.escaped(entry.key))\"; \(names)")
    }
    guard case .string(let text) = entry.value, let span = VirtualTime(span: text), span > .zero else {
      throw ConfigurationError(line: entry.line, text: "\(entry.key) takes a span such as \"10ms\"")
    }
    thresholds[keyPath: threshold.path] = span
  }

  private static func check(_ preset: String, _ line: Int) throws(ConfigurationError) {
    do throws(PaletteError) { _ = try Palette.parse("fire " + preset) } catch {
      throw ConfigurationError(line: line, text: "the preset \"\(TextForm.escaped(preset))\": \(error.text)")
    }
  }

  private static func view(_ entry: TomlDocument.Entry) throws(ConfigurationError) -> String {
    guard ViewID.allCases.contains(where: { $0.name == entry.key }) else {
      throw ConfigurationError(line: entry.line, text: "no view \"\(TextForm.escaped(entry.key))\"")
    }
    return entry.key
  }

  private static func strings(_ entry: TomlDocument.Entry) throws(ConfigurationError) -> [String] {
    switch entry.value {
    case .strings(let strings): return strings
    case .string(let string): return [string]
    case .number, .boolean: throw ConfigurationError(line: entry.line, text: "\(entry.key) takes an array of strings")
    }
  }

  private static func keys(_ entry: TomlDocument.Entry) throws(ConfigurationError) -> [Key] {
    let names = try strings(entry)
    guard !names.isEmpty else { throw ConfigurationError(line: entry.line, text: "\(entry.key) has no key") }
    var keys: [Key] = []
    for name in names {
      guard let key = Key(name: name), key != .control("c") else {
        throw ConfigurationError(
          line: entry.line, text: "\"\(TextForm.escaped(name))\" is no key such as p, F5 or Space")
      }
      keys.append(key)
    }
    return keys
  }
}

/// Why an option does not take a value.
public struct OptionError: Error, Hashable, Sendable {
  public var text: String
}

extension Options {
  /// The options with one value, in the order they are shown and written.
  public static let names = ["theme", "rate", "glyphs", "time", "mouse"]

  /// Sets an option by its name: from a file, the environment or the palette.
  public mutating func set(_ name: String, to text: String) throws(OptionError) {
    switch name {
    case "theme": theme = try Self.choice(name, text, Theme.allCases.map { ($0.name, $0) })
    case "rate":
      guard let rate = Double(text), rate >= 0.2, rate <= 30 else {
        throw OptionError(text: "rate is 0.2 to 30 a second, not \"\(TextForm.escaped(text))\"")
      }
      decihertz = Int((rate * 10).rounded())
    case "glyphs": wantsASCII = try Self.choice(name, text, [("auto", false), ("ascii", true)])
    case "time": timeMode = try Self.choice(name, text, TimeMode.allCases.map { ($0.name, $0) })
    case "mouse":
      usesMouse = try Self.choice(name, text, [("true", true), ("false", false), ("on", true), ("off", false)])
    default:
      let names = Self.names.joined(separator: " ")
      throw OptionError(text: "no option \"\(TextForm.escaped(name))\"; \(names)")
    }
  }

  private static func choice<T>(_ name: String, _ text: String, _ choices: [(String, T)]) throws(OptionError) -> T {
    guard let choice = choices.first(where: { $0.0 == text.lowercased() }) else {
      let names = choices.map(\.0).joined(separator: " ")
      throw OptionError(text: "\(name) is one of \(names), not \"\(TextForm.escaped(text))\"")
    }
    return choice.1
  }

  /// What an option may be, where that is one of a few words.
  static func values(of name: String) -> [String] {
    switch name {
    case "theme": Theme.allCases.map(\.name)
    case "glyphs": ["auto", "ascii"]
    case "time": TimeMode.allCases.map(\.name)
    case "mouse": ["on", "off"]
    default: []
    }
  }

  /// An option's value, as a file says it.
  func value(_ name: String) -> String {
    switch name {
    case "theme": theme.name
    case "rate": decihertz % 10 == 0 ? "\(decihertz / 10)" : "\(decihertz / 10).\(decihertz % 10)"
    case "glyphs": wantsASCII ? "ascii" : "auto"
    case "time": timeMode.name
    case "mouse": usesMouse ? "true" : "false"
    default: ""
    }
  }

  // MARK: - Writing

  /// The whole configuration file.
  public var file: String {
    var text = "# vtlscope: what the screen looks like. Saved by O; [keys] is yours to write.\n"
    for name in Self.names {
      let isText = name != "rate" && name != "mouse"
      text += "\(name) = " + (isText ? Self.quoted(value(name)) : value(name)) + "\n"
    }
    if !presets.isEmpty { text += "presets = " + Self.array(presets) + "\n" }
    let changed = Threshold.all.filter { thresholds[keyPath: $0.path] != Thresholds()[keyPath: $0.path] }
    if !changed.isEmpty { text += "\n[thresholds]\n" }
    for threshold in changed {
      text += "\(threshold.name) = \"\(thresholds[keyPath: threshold.path].exactSpanText)\"\n"
    }
    if !columns.isEmpty { text += "\n[columns]\n" }
    for (view, names) in columns.sorted(by: { $0.key < $1.key }) { text += "\(view) = \(Self.array(names))\n" }
    if !keys.isEmpty { text += "\n[keys]\n" }
    for (command, keys) in keys.sorted(by: { $0.key < $1.key }) {
      text += "\(Self.quoted(command)) = \(Self.array(keys.map(\.name)))\n"
    }
    return text
  }

  private static func array(_ strings: [String]) -> String {
    "[" + strings.map(quoted).joined(separator: ", ") + "]"
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: out += "\\u00" + TextForm.hex(scalar.value, 2)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
