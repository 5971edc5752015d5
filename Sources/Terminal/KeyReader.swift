import CNcurses
import Inspector

/// What curses read, as keys.
enum KeyReader {
  /// Longer pastes are cut: nothing takes them.
  private static var pasteLimit: Int { 4_096 }
  /// More different characters at once than anybody types.
  private static var burst: Int { 8 }

  /// Everything that is there now.
  ///
  /// Pasted text is one key, whether the terminal marks it or it comes as a burst: a paste never acts.
  static func read(_ next: () -> Int) -> [Key] {
    var keys: [Key] = []
    var code = next()
    while code != CN_NONE, keys.count < 4_096 {
      if code == CN_PASTE_BEGIN {
        keys.append(.paste(pasted(next)))
      } else if let key = key(code) {
        keys.append(key)
      }
      code = next()
    }
    return isBurst(keys) ? [.paste(text(keys))] : keys
  }

  private static func pasted(_ next: () -> Int) -> String {
    var text = String.UnicodeScalarView()
    var misses = 0
    while misses < 20 {
      let code = next()
      if code == CN_PASTE_END { break }
      // The end may still be on its way, a little behind.
      if code == CN_NONE {
        misses += 1
        _ = cn_wait(5)
        continue
      }
      if text.count < pasteLimit, code < 0x110000, let scalar = Unicode.Scalar(UInt32(code)) { text.append(scalar) }
    }
    return String(text)
  }

  private static func isBurst(_ keys: [Key]) -> Bool {
    let characters = keys.filter { if case .character = $0 { true } else { false } }
    return characters.count >= burst && Set(characters).count > 1
  }

  private static func text(_ keys: [Key]) -> String {
    String(String.UnicodeScalarView(keys.compactMap { if case .character(let scalar) = $0 { scalar } else { nil } }))
  }

  /// One code as a key; nil for what means nothing to us.
  static func key(_ code: Int) -> Key? {
    if code > CN_FUNCTION, code <= CN_FUNCTION + 12 { return .function(UInt8(code - CN_FUNCTION)) }
    switch code {
    case CN_UP: return .up
    case CN_DOWN: return .down
    case CN_LEFT: return .left
    case CN_RIGHT: return .right
    case CN_PAGE_UP: return .pageUp
    case CN_PAGE_DOWN: return .pageDown
    case CN_HOME: return .home
    case CN_END: return .end
    case CN_ENTER, 10, 13: return .enter
    case CN_BACKSPACE, 8, 127: return .backspace
    case CN_DELETE: return .delete
    case CN_BACK_TAB: return .backTab
    case 9: return .tab
    case 27: return .escape
    case 1...26: return Unicode.Scalar(UInt32(code + 96)).map { .control($0) }
    case 32..<0x110000: return Unicode.Scalar(UInt32(code)).map { .character($0) }
    default: return nil
    }
  }
}
