import Inspector

extension InspectorModel {
  /// Strikes keys one after the other, and returns what the last one wants done.
  @discardableResult
  mutating func strike(_ keys: Key...) -> Action? {
    var action: Action?
    for key in keys { action = handle(key) }
    return action
  }

  /// Strikes the characters of `text`.
  @discardableResult
  mutating func type(_ text: String) -> Action? {
    var action: Action?
    for scalar in text.unicodeScalars { action = handle(.character(scalar)) }
    return action
  }
}
