/// How much may be sent to the terminal, and when: as much as the line takes in about a tenth of a second.
///
/// Nobody but the terminal knows what it has taken in: a pty holds 22 kB, a serial port's driver 4 kB, and both say that
/// they are empty. So each piece ends with a question (`CSI 5 n`), and the next one waits for its answer. A key struck
/// meanwhile is then never behind more than one piece. Times are nanoseconds.
struct LinePacing {
  /// Sent and not answered yet, oldest first.
  private var asked: [Piece] = []
  /// How large the next piece may be, in bytes.
  private(set) var pieceSize: Int
  /// What the way there and back takes, whatever is sent: what pieces take that are nearly nothing.
  private var roundTrip: UInt64?
  private var lastSent: UInt64
  /// Answers in a row that did not come in time.
  private var misses = 0
  private var hasAnswered = false
  /// What a line that does not answer may still get: bytes.
  private var credit = LinePacing.mutePiece * 2
  private var lastCredit: UInt64

  private struct Piece {
    var bytes: Int
    var time: UInt64
    var isGreeting: Bool
    var isMissed = false

    var patience: UInt64 { isGreeting ? LinePacing.firstPatience : LinePacing.patience }
  }

  /// How long a piece may be under way.
  static var target: UInt64 { 110_000_000 }
  static var firstPiece: Int { 256 }
  private static var leastPiece: Int { 48 }
  private static var largestPiece: Int { 1 << 20 }
  /// An answer that has not come by then is missed; after three the line is mute.
  static var patience: UInt64 { 1_000_000_000 }
  private static var missesOfMute: Int { 3 }
  /// The first questions go before the first frame, which need not wait for them.
  static var firstPatience: UInt64 { 150_000_000 }
  /// An answer that has not come by then will not come.
  private static var writeOff: UInt64 { 10_000_000_000 }
  /// A mute line gets a frame a second of so many bytes, and keys as many again: under 960 bytes/s together.
  static var mutePiece: Int { 400 }

  init(firstPiece: Int = LinePacing.firstPiece, now: UInt64) {
    pieceSize = firstPiece
    lastSent = now
    lastCredit = now
  }

  /// The line does not answer, as far as is known now.
  var isMute: Bool { misses >= Self.missesOfMute }
  /// An answer may still come.
  var isAnswerOwed: Bool { !asked.isEmpty }
  /// Everything that was sent has been taken in, or nobody can know.
  var isClear: Bool { asked.allSatisfy(\.isMissed) }
  /// Whether the next piece is to end with a question. Where there has never been an answer, three were enough.
  var asks: Bool { !isMute || (hasAnswered && asked.count < 8) }

  // MARK: - What happened

  /// `isAsking` says that it ended with a question, and `isGreeting` that this was before the first frame.
  mutating func sent(_ bytes: Int, isAsking: Bool, isGreeting: Bool = false, at now: UInt64) {
    refill(now)
    credit = max(0, credit - bytes)
    lastSent = now
    if isAsking { asked.append(Piece(bytes: bytes, time: now, isGreeting: isGreeting)) }
  }

  mutating func answered(at now: UInt64) {
    guard !asked.isEmpty else { return }
    let piece = asked.removeFirst()
    misses = 0
    hasAnswered = true
    let elapsed = now &- piece.time
    if piece.bytes <= Self.leastPiece { noteRoundTrip(elapsed) }
    adapt(piece.bytes, elapsed - min(elapsed, roundTrip ?? 0))
  }

  /// The quickest counts; a way that has become longer is believed after a while.
  private mutating func noteRoundTrip(_ elapsed: UInt64) {
    let known = roundTrip ?? elapsed
    roundTrip = elapsed <= known ? elapsed : known + (elapsed - known) / 8
  }

  /// Small pieces that came back at once say nothing about large ones.
  private mutating func adapt(_ bytes: Int, _ elapsed: UInt64) {
    if elapsed > Self.target {
      let fitting = UInt64(bytes) * Self.target / elapsed
      pieceSize = max(Self.leastPiece, min(pieceSize, Int(fitting)))
    } else if elapsed < Self.target / 2, bytes >= pieceSize / 2 {
      pieceSize = min(Self.largestPiece, pieceSize * 2)
    }
  }

  /// Notes what has not come in time.
  mutating func pass(to now: UInt64) {
    asked.removeAll { now &- $0.time >= Self.writeOff }
    for i in asked.indices where !asked[i].isMissed && now &- asked[i].time >= asked[i].patience {
      asked[i].isMissed = true
      if !asked[i].isGreeting { misses += 1 }
    }
  }

  // MARK: - What may be sent

  /// How many bytes may be sent now. What a key changed does not wait for the second to be over.
  mutating func allowance(at now: UInt64, isUrgent: Bool) -> Int {
    pass(to: now)
    guard isMute else { return isClear ? pieceSize : 0 }
    refill(now)
    if !isUrgent && now &- lastSent < Self.patience { return 0 }
    return min(credit, Self.mutePiece)
  }

  private mutating func refill(_ now: UInt64) {
    let rate = UInt64(Self.mutePiece) * 2
    let gained = (now &- lastCredit) / (1_000_000_000 / rate)
    guard gained > 0 else { return }
    credit = min(Self.mutePiece * 2, credit + Int(min(gained, rate)))
    lastCredit = now
  }

  /// When `allowance` may grow without an answer; nil when only an answer helps, or nothing is needed.
  func nextChange(isUrgent: Bool) -> UInt64? {
    if isMute { return lastSent &+ (isUrgent ? Self.patience / 8 : Self.patience) }
    return asked.filter { !$0.isMissed }.map { $0.time &+ $0.patience }.min()
  }
}
