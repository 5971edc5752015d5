import Glibc
import Journal
import Synchronization

/// Where operators leave commands for the machine's thread, and what wakes that thread when it sleeps.
///
/// Posting never blocks on the machine: the flag says that there is something, the machine looks at it between
/// slices, and a byte in a pipe ends its sleep when it is paused or idle.
public final class Mailbox: Sendable {
  private let hasMail = Atomic<Bool>(false)
  private let wantsQuit = Atomic<Bool>(false)
  private let letters = Mutex<[Command]>([])
  /// The ends of the pipe.
  private let reading: Int32
  private let writing: Int32

  public init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe: the process is out of file descriptors")
    (reading, writing) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    close(reading)
    close(writing)
  }

  public func post(_ command: Command) {
    letters.withLock { $0.append(command) }
    hasMail.store(true, ordering: .releasing)
    wake()
  }

  /// Asks the machine's thread to end. Safe in a signal handler.
  public func quit() {
    wantsQuit.store(true, ordering: .releasing)
    wake()
  }

  /// A full pipe will wake the reader as well.
  private func wake() {
    var byte: UInt8 = 1
    _ = write(writing, &byte, 1)
  }

  public var isQuitting: Bool { wantsQuit.load(ordering: .acquiring) }

  func drain() -> [Command] {
    guard hasMail.exchange(false, ordering: .acquiring) else { return [] }
    return letters.withLock { letters in
      defer { letters.removeAll(keepingCapacity: true) }
      return letters
    }
  }

  /// Sleeps until something is posted, or for this long, rounded up to milliseconds.
  func wait(nanoseconds: UInt64) {
    var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
    let milliseconds = min((nanoseconds &+ 999_999) / 1_000_000, 60_000)
    guard poll(&descriptor, 1, Int32(milliseconds)) > 0 else { return }
    var bytes: [UInt8] = Array(repeating: 0, count: 64)
    while read(reading, &bytes, bytes.count) == bytes.count {}
  }
}
