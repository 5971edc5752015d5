import Inspector

/// Tells keys that somebody strikes from text that somebody pastes: a paste never acts, also where the terminal does not
/// mark it.
///
/// More different characters at once than anybody types are one pasted text, and so is all that follows without a pause.
struct PasteGuard {
  /// The last key of a burst; what comes within `pause` of it belongs to it.
  private var burst: UInt64?

  /// Characters that belong together in a burst.
  static var size: Int { 8 }
  /// The silence that ends one, in nanoseconds.
  static var pause: UInt64 { 50_000_000 }

  /// Whether so many keys are for `admit` to judge, without waiting for more of them.
  func isDecided(_ keys: [Key]) -> Bool { burst != nil || Self.isBurst(keys) }

  mutating func admit(_ keys: [Key], at now: UInt64) -> [Key] {
    if let last = burst, now &- last < Self.pause {
      burst = now
      return []
    }
    burst = nil
    guard Self.isBurst(keys) else { return keys }
    burst = now
    return [.paste(Self.text(keys))]
  }

  /// A key that is held down repeats: that is one character many times.
  private static func isBurst(_ keys: [Key]) -> Bool {
    let struck = keys.filter { if case .character = $0 { true } else { false } }
    return struck.count >= size && Set(struck).count > 1
  }

  private static func text(_ keys: [Key]) -> String {
    String(String.UnicodeScalarView(keys.compactMap(character)))
  }

  private static func character(_ key: Key) -> Unicode.Scalar? {
    switch key {
    case .character(let scalar): scalar
    case .enter: "\n"
    case .tab: "\t"
    default: nil
    }
  }
}
