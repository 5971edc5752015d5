import Glibc
import Inspector

/// Where the commands that print go.
enum Output {
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The terminal's width, at least 40; 100 where there is none.
  static var width: Int {
    var size = winsize()
    guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return max(40, Int(size.ws_col))
  }

  /// ASCII for files and pipes: what reads them need not know of locales.
  static var glyphs: Glyphs { isTerminal && hasUTF8 ? .unicode : .ascii }

  /// After setlocale(3): LC_ALL goes before LC_CTYPE, which goes before LANG.
  static var hasUTF8: Bool {
    let names: [String] = ["LC_ALL", "LC_CTYPE", "LANG"]
    let values = names.compactMap { name in getenv(name).map { String(cString: $0) } }
    let locale = (values.first { !$0.isEmpty } ?? "").uppercased()
    return locale.hasSuffix("UTF-8") || locale.hasSuffix("UTF8")
  }

  /// A reader that goes away is no error: writing ends then. SIGPIPE would say so with a signal.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Prints lines, and sends them off; false when nobody reads any more.
  static func send(_ lines: some Sequence<String>) throws -> Bool {
    for line in lines { print(line) }
    guard fflush(nil) != 0 else { return true }
    guard errno == EPIPE else { throw fail(.hostIO, "standard output: \(String(cString: strerror(errno)))") }
    return false
  }

  /// Writes text at once; false when nobody reads any more, or when a signal asks to end meanwhile.
  static func write(_ text: String) throws -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      if Interruption.hasCome { return false }
      // A reader that has stopped reading must not keep the program from ending.
      var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
      if poll(&descriptor, 1, 100) <= 0 { continue }
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, min($0.count, Int(PIPE_BUF))) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EPIPE || errno == EIO {
        return false
      } else if errno != EINTR && errno != EAGAIN {
        throw fail(.hostIO, "standard output: \(String(cString: strerror(errno)))")
      }
    }
    return true
  }

  /// The other end of the pipe is closed.
  static var isAbandoned: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&descriptor, 1, 0) > 0 && Int32(descriptor.revents) & (POLLERR | POLLHUP) != 0
  }
}
