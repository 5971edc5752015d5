import Architecture

/// How old something must be before it is a finding, in virtual time.
///
/// Healthy guests do all of these things for a short time. The Stuck view lets people change them.
public struct Thresholds: Hashable, Sendable {
  /// A vector waits, a line is up, an INIT is latched, a request has had no answer.
  public var blocked: VirtualTime = .milliseconds(10)
  /// The same where the guest is still at work on it: it rewrites its TPR, or its handler has not returned.
  public var slow: VirtualTime = .milliseconds(100)
  /// A higher VTL keeps a lower one from an interrupt, and stays much longer than it mostly does.
  public var preempted: VirtualTime = .milliseconds(2)
  /// INIT has had no SIPI. The start-up protocol waits 10 ms between them (SDM Vol. 3A, 10.4).
  public var startup: VirtualTime = .milliseconds(20)
  /// The second SIPI of the start-up protocol comes this long after the first, which started the processor; the protocol
  /// waits 200 us between them.
  public var secondStartup: VirtualTime = .milliseconds(5)
  /// A processor was never touched while the others have long been started.
  public var untouched: VirtualTime = .seconds(1)
  /// No guest sleeps for longer.
  public var sleep: VirtualTime = .seconds(60)

  public init() {}
}
