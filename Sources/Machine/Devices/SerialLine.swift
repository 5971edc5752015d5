import Architecture
import Journal

/// What a serial port is configured to receive.
public struct SerialInput: Hashable, Sendable {
  public var bytes: [UInt8]
  /// When the first byte has come in.
  public var start: VirtualTime
  /// From one byte to the next; at least 1 us.
  public var interval: VirtualTime
  /// Begin again after the last byte.
  public var repeats: Bool

  public init(_ text: String, start: VirtualTime, interval: VirtualTime, repeats: Bool = false) {
    bytes = Array(text.utf8)
    self.start = start
    self.interval = interval
    self.repeats = repeats
  }

  public static var shortestInterval: VirtualTime { .microseconds(1) }
}

/// The wire into a serial port: what the configuration sends down it, and what operators type.
struct SerialLine {
  /// Bytes typed that are not on the line yet; more are refused.
  static var typedLimit: Int { 4_096 }

  private let input: SerialInput?
  private var position = 0
  private var inputDue: VirtualTime
  private var typed: [UInt8] = []
  private var typedDue = VirtualTime.never

  init(_ input: SerialInput?) {
    self.input = input
    inputDue = input.map { $0.bytes.isEmpty ? .never : $0.start } ?? .never
  }

  var typedCount: Int { typed.count }
  var due: VirtualTime { min(inputDue, typedDue) }

  func hasRoom(for count: Int) -> Bool { typed.count + count <= Self.typedLimit }

  /// Puts typed bytes behind those that wait.
  mutating func type(_ bytes: [UInt8], at now: VirtualTime, _ characterTime: VirtualTime) {
    if typed.isEmpty, !bytes.isEmpty { typedDue = now + characterTime }
    typed += bytes
  }

  /// The next byte that has come in by `now`, and when it did. Configured bytes before typed ones of the same time.
  mutating func next(before now: VirtualTime, _ characterTime: VirtualTime) -> (UInt8, VirtualTime)? {
    guard due <= now else { return nil }
    if let input, inputDue <= typedDue {
      let arrival = (input.bytes[position], inputDue)
      position += 1
      if position == input.bytes.count, input.repeats { position = 0 }
      inputDue = position < input.bytes.count ? inputDue + input.interval : .never
      return arrival
    }
    let arrival = (typed.removeFirst(), typedDue)
    typedDue = typed.isEmpty ? .never : typedDue + characterTime
    return arrival
  }
}
