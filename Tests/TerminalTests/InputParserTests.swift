import Inspector
import Testing

@testable import Terminal

@Suite struct `Bytes from the terminal` {
  /// Feeds bytes in pieces, `pause` nanoseconds apart, lets what is due expire in between, and waits at the end.
  private func read(
    _ pieces: [[UInt8]], pause: UInt64 = 0, owesReport: Bool = false, owesColour: Bool = false,
    keys: [[UInt8]: Key] = [:]
  ) -> [Input] {
    var parser = InputParser(keys: keys)
    parser.owesReport = owesReport
    parser.owesColour = owesColour
    var now: UInt64 = 1_000_000_000
    var inputs: [Input] = []
    for piece in pieces {
      inputs += parser.expire(now: now)
      inputs += parser.feed(piece, now: now)
      now += pause
    }
    return inputs + parser.expire(now: now + 10_000_000_000)
  }

  private func read(_ text: String, owesReport: Bool = false, owesColour: Bool = false) -> [Input] {
    read([Array(text.utf8)], owesReport: owesReport, owesColour: owesColour)
  }

  private func keys(_ inputs: [Input]) -> [Key] {
    inputs.compactMap { if case .key(let key) = $0 { key } else { nil } }
  }

  private static let answers =
    "\u{1B}[0n\u{1B}]11;rgb:ffff/8000/0000\u{1B}\\\u{1B}[0n\u{1B}]11;rgb:ff/80/00\u{07}\u{1B}[3n"

  @Test func `answers are never keys, wherever they are split and however long the pieces take`() {
    let bytes = Array(Self.answers.utf8)
    for pause: UInt64 in [0, 20_000_000, 300_000_000, 900_000_000] {
      for first in 0...bytes.count {
        for second in stride(from: first, through: bytes.count, by: 7) {
          let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
          let inputs = read(pieces, pause: pause, owesReport: true, owesColour: true)
          #expect(keys(inputs).isEmpty, "split at \(first) and \(second), \(pause) ns apart")
          #expect(inputs.filter { $0 == .statusReport }.count == 3)
          #expect(inputs.filter { $0 == .background(red: 65_535, green: 32_768, blue: 0) }.count == 1)
        }
      }
    }
  }

  @Test func `answers byte by byte among keys leave exactly the keys`() {
    let bytes = Array("j\u{1B}[0nk\u{1B}[A\u{1B}[0n\u{1B}\u{1B}[0nq".utf8)
    let inputs = read(bytes.map { [$0] }, pause: 200_000_000, owesReport: true)
    #expect(keys(inputs) == ["j", "k", .up, .escape, "q"])
    #expect(inputs.filter { $0 == .statusReport }.count == 3)
  }

  @Test func `Esc is a key soon when nothing is owed, and when the answer has come where one is`() {
    var parser = InputParser()
    #expect(parser.feed([0x1B], now: 0).isEmpty)
    #expect(parser.deadline == InputParser.escapeDelay)
    #expect(parser.expire(now: InputParser.escapeDelay - 1).isEmpty)
    #expect(parser.expire(now: InputParser.escapeDelay) == [.key(.escape)])
    parser.owesReport = true
    #expect(parser.feed([0x1B], now: 0).isEmpty)
    #expect(parser.expire(now: 900_000_000).isEmpty)
    #expect(parser.feed("\u{1B}[0n".utf8, now: 950_000_000) == [.key(.escape), .statusReport])
    #expect(parser.feed([0x1B], now: 0).isEmpty)
    #expect(parser.expire(now: InputParser.sequenceDelay) == [.key(.escape)])
  }

  @Test func `Esc and a key are two keys`() {
    #expect(read("\u{1B}Q") == [.key(.escape), .key("Q")])
    #expect(read("\u{1B}\u{1B}") == [.key(.escape), .key(.escape)])
    #expect(read("\u{1B}[") == [.key(.escape), .key("[")])
    #expect(read("\u{1B}]x") == [.key(.escape), .key("]"), .key("x")])
  }

  @Test func `an unfinished or unknown sequence is nothing`() {
    #expect(read("\u{1B}[12;").isEmpty)
    #expect(read("\u{1B}[?62;1;6c").isEmpty)
    #expect(read("\u{1B}[24;80R").isEmpty)
    #expect(read("\u{1B}[I\u{1B}[O").isEmpty)
    #expect(keys(read("\u{1B}[\(String(repeating: "9;", count: 5_000))xj")) == ["j"])
    #expect(read("\u{1B}]52;c;").count == 7, "nobody asked, so these are keys, and Esc")
  }

  @Test func `keys of every kind of terminal`() {
    #expect(keys(read("\u{1B}[A\u{1B}OB\u{1B}[1;5C\u{1B}[D")) == [.up, .down, .right, .left])
    #expect(
      keys(read("\u{1B}[H\u{1B}OF\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~")) == [.home, .end, .home, .end, .home, .end])
    #expect(keys(read("\u{1B}[3~\u{1B}[5~\u{1B}[6~\u{1B}[Z")) == [.delete, .pageUp, .pageDown, .backTab])
    #expect(keys(read("\u{1B}OP\u{1B}OS\u{1B}[15~\u{1B}[17~\u{1B}[24~")) == [1, 4, 5, 6, 12].map { .function($0) })
    #expect(keys(read("\u{1B}[[A\u{1B}[[E")) == [.function(1), .function(5)])
    #expect(keys(read("\u{1B}Oq\u{1B}OM\u{1B}Ok")) == ["1", .enter, "+"])
    #expect(
      keys(read("\u{7F}\u{08}\t\r\n\u{03}\u{0C}")) == [
        .backspace, .backspace, .tab, .enter, .enter, .control("c"), .control("l"),
      ])
    #expect(keys(read("µ→")) == ["µ", "→"])
  }

  @Test func `eight-bit controls are the same as with ESC`() {
    #expect(read([[0x9B, 0x30, 0x6E]], owesReport: true) == [.statusReport])
    #expect(read([[0x8F, 0x41]]) == [.key(.up)])
  }

  @Test func `bytes that are no text are nothing, and end what they cut`() {
    #expect(read([[0xC3, 0x6A]]) == [.key("j")])
    #expect(read([[0xFF, 0x80, 0xC0, 0xAF, 0xED, 0xA0, 0x80, 0x6A]]) == [.key("j")])
    #expect(keys(read([[0xE2, 0x86], [0x92]], pause: 500_000_000)) == ["→"])
  }

  @Test func `a terminal's own sequences go before the general ones`() {
    let own: [[UInt8]: Key] = [Array("\u{1B}A".utf8): .up, Array("\u{1B}[2q".utf8): .function(2), [0x0B]: .up]
    #expect(keys(read([Array("\u{1B}A\u{1B}[2q\u{0B}".utf8)], keys: own)) == [.up, .function(2), .up])
    #expect(keys(read([Array("\u{1B}".utf8), Array("A".utf8)], pause: 10_000_000, keys: own)) == [.up])
  }

  @Test func `a paste is one key, whatever is in it`() {
    #expect(
      read("\u{1B}[200~Q\u{1B}[0n\u{1B}[Aq\r\u{1B}[201~j") == [.statusReport, .key(.paste("Q\u{1B}[Aq\r")), .key("j")])
    let long = String(repeating: "Q", count: 100_000)
    let inputs = read("\u{1B}[200~\(long)\u{1B}[201~j")
    #expect(inputs == [.key(.paste(String(repeating: "Q", count: 4_096))), .key("j")])
    #expect(read("\u{1B}[200~Q") == [.key(.paste("Q"))], "an end that never comes")
    #expect(read("\u{1B}[201~").isEmpty)
  }

  @Test func `the mouse, in both forms, and only its presses and its wheel`() {
    func press(_ kind: MouseEvent.Kind, _ column: Int, _ row: Int) -> Key {
      .mouse(MouseEvent(kind, column: column, row: row))
    }
    #expect(
      keys(read("\u{1B}[<0;1;1M\u{1B}[<0;1;1m\u{1B}[<2;200;60M")) == [press(.left, 0, 0), press(.right, 199, 59)])
    #expect(keys(read("\u{1B}[<64;5;6M\u{1B}[<81;5;6M")) == [press(.wheelUp, 4, 5), press(.wheelDown, 4, 5)])
    #expect(keys(read("\u{1B}[<32;5;6M\u{1B}[<0;0;1M\u{1B}[<0;1M\u{1B}[<0;99999999999999999999;1M")).isEmpty)
    #expect(keys(read("\u{1B}[M !!\u{1B}[M`#$")) == [press(.left, 0, 0), press(.wheelUp, 2, 3)])
  }

  @Test func `no bytes make trouble, and every sequence comes to an end`() {
    var state: UInt64 = 0x5EED
    var parser = InputParser()
    let alphabet: [UInt8] = [
      0x1B, 0x5B, 0x5D, 0x4F, 0x30, 0x3B, 0x6E, 0x7E, 0x32, 0x31, 0x9B, 0x4D, 0x3C, 0x07, 0x5C, 0xC3, 0xFF, 0x6A,
    ]
    for round in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0..<8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      parser.owesColour = state & 1 << 60 != 0
      parser.owesReport = state & 1 << 61 != 0
      let now = UInt64(round) * 1_000_000
      _ = parser.feed(bytes, now: now)
    }
    _ = parser.expire(now: .max / 2)
    #expect(parser.deadline == nil)
    #expect(parser.feed("j".utf8, now: .max / 2) == [.key("j")])
  }
}
