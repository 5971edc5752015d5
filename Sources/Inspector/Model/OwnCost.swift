/// What looking costs: the inspector's own share of a processor and of the line, and what the core spends on being seen.
public struct OwnCost: Hashable, Sendable {
  /// Of one processor, in millionths.
  public var processorPPM: UInt32
  /// Bytes a second to the terminal.
  public var bytesPerSecond: UInt64
  /// Looks a second that it came to, in tenths: fewer than asked for where frames are large or the line is slow.
  public var looksDecihertz: UInt32
  /// Of the core's time, in millionths; nil when nobody measures it, as in a file.
  public var publishingPPM: UInt32?

  public init(processorPPM: UInt32, bytesPerSecond: UInt64, looksDecihertz: UInt32, publishingPPM: UInt32?) {
    self.processorPPM = processorPPM
    self.bytesPerSecond = bytesPerSecond
    self.looksDecihertz = looksDecihertz
    self.publishingPPM = publishingPPM
  }

  /// `own 0.4% 2.1kB/s pub 0.3%`, with `at 6Hz` in it where that is clearly less than was asked for. Two digits, so that
  /// a number that hardly moves is not painted again and again.
  public func text(askedDecihertz: Int) -> String {
    let isSlower = Int(looksDecihertz) * 10 < askedDecihertz * 8
    let rate = isSlower ? " at \((looksDecihertz + 5) / 10)Hz" : ""
    return "own \(Self.percent(ppm: processorPPM)) \(Self.bytes(bytesPerSecond))/s\(rate) pub \(publishing)"
  }

  private var publishing: String { publishingPPM.map { Self.percent(ppm: $0) } ?? "?" }

  /// Below 10 % in tenths.
  public static func percent(ppm: UInt32) -> String {
    let ppm = UInt64(ppm)
    return ppm < 99_500 ? "\((ppm + 500) / 10_000).\((ppm + 500) / 1_000 % 10)%" : "\((ppm + 5_000) / 10_000)%"
  }

  private static func bytes(_ count: UInt64) -> String {
    switch count {
    case ..<100: "\(count)B"
    case ..<1_000: "\(count / 10 * 10)B"
    case ..<10_000: "\(count / 1_000).\(count % 1_000 / 100)kB"
    case ..<1_000_000: "\(count / 1_000)kB"
    default: "\(count / 1_000_000)MB"
    }
  }
}
