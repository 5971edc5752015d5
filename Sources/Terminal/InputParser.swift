import Inspector

/// Takes the terminal's bytes apart into keys and answers, in whatever pieces they come.
///
/// An unfinished sequence is kept until more comes, and nothing of a control sequence is ever taken for a key. Only
/// ESC is both a key and a beginning: it is the key when nothing has followed for a while, and while an answer is on
/// its way that while is long, because the answer settles it.
struct InputParser {
  /// An answer of this kind is still to come, so that ESC may be the beginning of one.
  var owesReport = false
  var owesColour = false
  /// Sequences of this terminal's own keys, from its terminfo entry.
  private let keys: [[UInt8]: Key]
  private let longest: Int

  /// What has come of something that is not complete.
  private var pending: [UInt8] = []
  private var state = State.ground
  private var lastByte: UInt64 = 0
  private var out: [Input] = []

  private enum State {
    case ground
    /// Inside of a string that ends with BEL or ST (ECMA-48 5.6).
    case string
    case paste
  }

  /// How long a lone ESC waits: nanoseconds.
  static var escapeDelay: UInt64 { 25_000_000 }
  /// How long anything waits whose end is sure to come.
  static var sequenceDelay: UInt64 { 1_000_000_000 }
  /// Longer pastes are cut: nothing takes them.
  private static var pasteLimit: Int { 4_096 }
  private static var sequenceLimit: Int { 64 }

  init(keys: [[UInt8]: Key] = [:]) {
    self.keys = keys
    longest = keys.keys.map(\.count).max() ?? 0
  }

  // MARK: - Time

  /// When `expire` has something to do; nil when nothing is unfinished.
  var deadline: UInt64? {
    guard !pending.isEmpty || state == .paste else { return nil }
    return lastByte &+ delay
  }

  private var delay: UInt64 {
    guard state == .ground, !owesReport, !owesColour, pending.count <= 2, pending.first == 0x1B else {
      return Self.sequenceDelay
    }
    return Self.escapeDelay
  }

  /// Nothing more has come: what is unfinished is the keys it may be, or nothing.
  mutating func expire(now: UInt64) -> [Input] {
    guard let deadline, now >= deadline else { return [] }
    switch state {
    case .ground: giveUp()
    case .string:
      pending = []
      state = .ground
    case .paste: endPaste()
    }
    return take()
  }

  /// What was struck by hand: ESC, or ESC and one of the two characters that also open sequences. More of a sequence
  /// than that is a broken one.
  private mutating func giveUp() {
    if pending.first == 0x1B, pending.count <= 2 {
      out.append(.key(.escape))
      if pending.count == 2 { out.append(.key(.character(Unicode.Scalar(pending[1])))) }
    }
    pending = []
  }

  // MARK: - Bytes

  mutating func feed(_ bytes: some Sequence<UInt8>, now: UInt64) -> [Input] {
    lastByte = now
    for byte in bytes { take(byte) }
    return take()
  }

  private mutating func take() -> [Input] {
    defer { out.removeAll() }
    return out
  }

  private mutating func take(_ byte: UInt8) {
    switch state {
    case .string: takeInString(byte)
    case .paste: takeInPaste(byte)
    case .ground:
      // CAN, SUB and a new ESC break off a sequence (ECMA-48 5.5). After `CSI [` and `CSI M` anything goes.
      if byte == 0x1B && !pending.isEmpty { giveUp() }
      pending.append(byte)
      settle()
    }
  }

  /// Looks whether what is pending means something yet.
  private mutating func settle() {
    if pending.count <= longest, pending[0] < 0x80 {
      if let key = keys[pending] { return finish(key) }
      if keys.keys.contains(where: { $0.starts(with: pending) }) { return }
    }
    switch pending[0] {
    case 0x1B: settleEscape()
    case 0x8F, 0x90, 0x9B, 0x9D:
      // The eight-bit forms: the same as ESC and the letter 40h below.
      pending = [0x1B, pending[0] - 0x40]
      settleEscape()
    case 0x00..<0x80:
      let key = Self.plainKey(pending[0])
      pending = []
      if let key { out.append(.key(key)) }
    default: settleUTF8()
    }
  }

  private mutating func finish(_ key: Key?) {
    pending = []
    if let key { out.append(.key(key)) }
  }

  private mutating func settleEscape() {
    guard pending.count > 1 else { return }
    switch pending[1] {
    case UInt8(ascii: "["): settleControlSequence()
    case UInt8(ascii: "O"): if pending.count == 3 { finish(KeySequences.singleShift(pending[2])) }
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
      // A string answers something. Where nothing was asked it is a key struck after Esc, or with Alt.
      if owesColour {
        state = .string
      } else {
        separate()
      }
    default: separate()
    }
  }

  /// ESC, and then something of its own.
  private mutating func separate() {
    let rest = pending.dropFirst()
    pending = []
    out.append(.key(.escape))
    for byte in rest { take(byte) }
  }

  private mutating func settleUTF8() {
    let needed: Int
    switch pending[0] {
    case 0xC2...0xDF: needed = 2
    case 0xE0...0xEF: needed = 3
    case 0xF0...0xF4: needed = 4
    default:
      pending = []
      return
    }
    let last = pending[pending.count - 1]
    if pending.count > 1, !(0x80...0xBF).contains(last) {
      pending = []
      return take(last)
    }
    guard pending.count == needed else { return }
    var decoder = UTF8()
    var bytes = pending.makeIterator()
    pending = []
    if case .scalarValue(let scalar) = decoder.decode(&bytes) { out.append(.key(.character(scalar))) }
  }

  // MARK: - Control sequences

  private mutating func settleControlSequence() {
    guard pending.count > 2 else { return }
    let last = pending[pending.count - 1]
    // The Linux console's F1...F5, and the old form of a mouse press, do not keep to ECMA-48.
    if pending[2] == UInt8(ascii: "[") {
      if pending.count == 4 { finish(KeySequences.linuxFunction(last)) }
      return
    }
    if pending[2] == UInt8(ascii: "M") {
      if pending.count == 6 { finish(KeySequences.oldMouse(pending[3], pending[4], pending[5])) }
      return
    }
    switch last {
    case 0x20...0x3F: if pending.count > Self.sequenceLimit { pending.removeSubrange(3..<4) }
    case 0x40...0x7E: interpret(Array(pending[2..<(pending.count - 1)]), last)
    default: pending = []
    }
  }

  private mutating func interpret(_ parameters: [UInt8], _ final: UInt8) {
    pending = []
    if final == UInt8(ascii: "n"), parameters == [0x30] || parameters == [0x33] {
      out.append(.statusReport)
    } else if final == UInt8(ascii: "~"), parameters == Array("200".utf8) {
      state = .paste
    } else if let key = KeySequences.controlSequence(parameters, final) {
      out.append(.key(key))
    }
  }

  // MARK: - Strings and pastes

  private mutating func takeInString(_ byte: UInt8) {
    let isEnd = byte == 0x07 || byte == 0x9C || (byte == UInt8(ascii: "\\") && pending.last == 0x1B)
    guard isEnd else {
      if pending.count >= Self.sequenceLimit { pending.removeLast() }
      pending.append(byte)
      return
    }
    if let colour = Self.background(pending.dropFirst(2)) { out.append(colour) }
    pending = []
    state = .ground
  }

  /// `]11;rgb:RRRR/GGGG/BBBB`, with one to four digits each (XParseColor).
  private static func background(_ bytes: ArraySlice<UInt8>) -> Input? {
    let text = String(decoding: bytes.filter { $0 != 0x1B }, as: UTF8.self)
    guard text.hasPrefix("11;rgb:") else { return nil }
    let parts = text.dropFirst(7).split(separator: "/", omittingEmptySubsequences: false)
    let values = parts.compactMap { part -> UInt16? in
      guard (1...4).contains(part.utf8.count), let value = UInt32(part, radix: 16) else { return nil }
      let largest = UInt32(1) << (4 * UInt32(part.utf8.count)) - 1
      return UInt16(value * 65_535 / largest)
    }
    guard values.count == 3, parts.count == 3 else { return nil }
    return .background(red: values[0], green: values[1], blue: values[2])
  }

  private static var pasteEnd: [UInt8] { Array("\u{1B}[201~".utf8) }
  private static var report: [UInt8] { Array("\u{1B}[0n".utf8) }

  private mutating func takeInPaste(_ byte: UInt8) {
    pending.append(byte)
    if byte == UInt8(ascii: "~"), pending.suffix(6) == Self.pasteEnd[...] {
      pending.removeLast(6)
      endPaste()
    } else if byte == UInt8(ascii: "n"), pending.suffix(4) == Self.report[...] {
      // An answer that the terminal squeezed in.
      pending.removeLast(4)
      out.append(.statusReport)
    } else if pending.count > Self.pasteLimit + 16 {
      // The head is kept, and enough of the tail to see the end.
      pending.removeSubrange(Self.pasteLimit..<(Self.pasteLimit + 1))
    }
  }

  private mutating func endPaste() {
    out.append(.key(.paste(String(decoding: pending.prefix(Self.pasteLimit), as: UTF8.self))))
    pending = []
    state = .ground
  }

  /// One of the control characters, or ASCII.
  private static func plainKey(_ byte: UInt8) -> Key? {
    switch byte {
    case 8, 127: .backspace
    case 9: .tab
    case 10, 13: .enter
    case 1...26: .control(Unicode.Scalar(byte + 96))
    case 32..<127: .character(Unicode.Scalar(byte))
    default: nil
    }
  }
}
