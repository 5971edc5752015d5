import Inspector

/// What terminals send for keys that are no characters, beyond what their terminfo entries say: the forms of ECMA-48
/// and DEC that all of them share, so that a wrong TERM still has its arrows.
enum KeySequences {
  /// The sequences of this terminal, from its terminfo entry.
  static func own(_ capability: (String) -> String?) -> [[UInt8]: Key] {
    var keys: [[UInt8]: Key] = [:]
    let named: [(String, Key)] =
      [
        ("kcuu1", .up), ("kcud1", .down), ("kcub1", .left), ("kcuf1", .right), ("kpp", .pageUp), ("knp", .pageDown),
        ("khome", .home), ("kend", .end), ("kent", .enter), ("kbs", .backspace), ("kdch1", .delete), ("kcbt", .backTab),
      ] + (1...12).map { ("kf\($0)", .function(UInt8($0))) }
    for (name, key) in named {
      guard let text = capability(name), !text.isEmpty else { continue }
      keys[Array(text.utf8)] = key
    }
    return keys
  }

  /// `CSI parameters final`. With Shift or Control held it is the same key. Nil for what means nothing here.
  static func controlSequence(_ parameters: [UInt8], _ final: UInt8) -> Key? {
    if parameters.first == UInt8(ascii: "<") { return mouse(parameters.dropFirst(), final) }
    switch final {
    case UInt8(ascii: "Z"): return .backTab
    case UInt8(ascii: "~"): return numbered(numbers(parameters[...])?.first ?? 0)
    // With a parameter: `CSI n R` is also an answer, and P, Q and S would be editing functions.
    case UInt8(ascii: "P")...UInt8(ascii: "S"): return nil
    default: return letter(final)
    }
  }

  /// `ESC O letter`: the cursor keys, F1...F4, and the keypad in its application mode.
  static func singleShift(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(byte - UInt8(ascii: "P") + 1)
    case UInt8(ascii: "M"): .enter
    case UInt8(ascii: "j")...UInt8(ascii: "y"): .character(Unicode.Scalar(byte - 0x40))
    default: letter(byte)
    }
  }

  /// `CSI [ letter` of the Linux console.
  static func linuxFunction(_ byte: UInt8) -> Key? {
    (UInt8(ascii: "A")...UInt8(ascii: "E")).contains(byte) ? .function(byte - UInt8(ascii: "A") + 1) : nil
  }

  private static func letter(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "H"): .home
    default: nil
    }
  }

  /// `CSI n ~`: the editing keys and the function keys of DEC's keyboards.
  private static func numbered(_ number: Int) -> Key? {
    switch number {
    case 1, 7: .home
    case 3: .delete
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case 11...15: .function(UInt8(number - 10))
    case 17...21: .function(UInt8(number - 11))
    case 23, 24: .function(UInt8(number - 12))
    default: nil
    }
  }

  private static func numbers(_ bytes: ArraySlice<UInt8>) -> [Int]? {
    let parts = bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    let values = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    return values.count == parts.count ? values : nil
  }

  // MARK: - Mouse

  /// `CSI < button ; column ; row M`, and m for the release (xterm, mode 1006).
  private static func mouse(_ parameters: ArraySlice<UInt8>, _ final: UInt8) -> Key? {
    guard final == UInt8(ascii: "M"), let values = numbers(parameters), values.count == 3 else { return nil }
    return press(values[0], values[1], values[2])
  }

  /// `CSI M` and three bytes, each 32 more than its value (xterm, mode 1000).
  static func oldMouse(_ button: UInt8, _ column: UInt8, _ row: UInt8) -> Key? {
    press(Int(button) - 32, Int(column) - 32, Int(row) - 32)
  }

  /// Shift, Meta and Control, 4 to 16, make no difference; 32 is a motion.
  private static func press(_ button: Int, _ column: Int, _ row: Int) -> Key? {
    guard column >= 1, row >= 1, column <= 10_000, row <= 10_000 else { return nil }
    let kind: MouseEvent.Kind
    switch button & ~0x1C {
    case 0: kind = .left
    case 1: kind = .middle
    case 2: kind = .right
    case 64: kind = .wheelUp
    case 65: kind = .wheelDown
    default: return nil
    }
    return .mouse(MouseEvent(kind, column: column - 1, row: row - 1))
  }
}
