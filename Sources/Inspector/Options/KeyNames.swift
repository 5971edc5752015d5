extension Key {
  /// Reads a key as the help writes it: `p`, `F5`, `C-l`, `Space`, `PgUp`. nil when it is none.
  public init?(name: String) {
    let scalars = Array(name.unicodeScalars)
    if scalars.count == 1, scalars[0].isASCII, scalars[0].value > 0x20, scalars[0].value < 0x7F {
      self = .character(scalars[0])
      return
    }
    if let named = Self.named.first(where: { $0.name == name }) {
      self = named
    } else if scalars.count == 3, name.hasPrefix("C-"), ("a"..."z").contains(scalars[2]) {
      self = .control(scalars[2])
    } else if name.hasPrefix("F"), let number = UInt8(name.dropFirst()), (1...12).contains(number),
      !name.hasPrefix("F0")
    {
      self = .function(number)
    } else {
      return nil
    }
  }

  private static let named: [Key] = [
    " ", .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .backspace, .delete, .tab,
    .backTab,
  ]
}

extension KeyMap {
  /// Another key map in which commands, by their names, have other keys.
  ///
  /// - Parameter changes: what is changed, with the line that says so.
  /// - Returns: the map; every key means one thing in each view.
  func rebound(_ changes: [(command: String, keys: [Key], line: Int)]) throws(ConfigurationError) -> KeyMap {
    var map = self
    var lines: [KeyCommand: Int] = [:]
    for change in changes {
      let places = map.bindings.indices.filter { map.bindings[$0].command.configurationName == change.command }
      guard let first = places.first else {
        throw ConfigurationError(line: change.line, text: "no command \"\(change.command)\"")
      }
      for place in places { map.bindings[place].keys = change.keys }
      lines[map.bindings[first].command] = change.line
    }
    for view in ViewID.allCases { try map.check(in: view, lines) }
    return map
  }

  private func check(in view: ViewID, _ lines: [KeyCommand: Int]) throws(ConfigurationError) {
    var taken: [Key: KeyCommand] = [:]
    for binding in bindings where binding.scope.holds(in: view) {
      for key in binding.keys {
        if let other = taken[key] {
          throw ConfigurationError(
            line: max(lines[binding.command] ?? 0, lines[other] ?? 0),
            text: "the key \(key.name) would mean \(other.name) and \(binding.command.name)")
        }
        taken[key] = binding.command
      }
    }
  }
}

extension KeyCommand {
  /// Its name in a configuration file: without blanks.
  var configurationName: String { String(name.map { $0 == " " ? "-" : $0 }) }
}
