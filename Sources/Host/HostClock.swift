import Glibc

/// The host's monotonic clock, in nanoseconds. This room is the only place that reads one.
///
/// CLOCK_MONOTONIC stands still while the host is suspended, which is what pacing wants.
public enum HostClock {
  public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// What the calling thread has had of a processor, in nanoseconds.
  public static func ownProcessorTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
