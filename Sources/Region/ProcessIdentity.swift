import Glibc

/// What tells one process from every other, even after its number has been used again.
struct ProcessIdentity: Hashable, Sendable {
  var pid: Int32
  /// Clock ticks since boot: field 22 of /proc/PID/stat (proc(5)).
  var startTime: UInt64
  var bootID: String

  static func current() -> ProcessIdentity {
    let pid = getpid()
    return ProcessIdentity(
      pid: pid, startTime: ProcessStatus(pid: pid)?.startTime ?? 0, bootID: currentBootID())
  }

  static func currentBootID() -> String {
    let text = readSmallFile("/proc/sys/kernel/random/boot_id") ?? ""
    return String(text.prefix { $0.isHexDigit || $0 == "-" }.prefix(39))
  }
}

/// A process as /proc shows it.
struct ProcessStatus {
  /// R, S, D, T stopped, t traced, Z zombie, X dead (proc(5)).
  var state: Character
  var startTime: UInt64

  /// Nil when there is no such process.
  init?(pid: Int32) {
    guard pid > 0, let text = readSmallFile("/proc/\(pid)/stat") else { return nil }
    // The second field is the command in parentheses, and may itself contain both spaces and parentheses.
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let start = UInt64(fields[19]) else { return nil }
    self.state = state
    startTime = start
  }
}

/// Up to 4 KiB of a file of /proc; nil when it cannot be read.
private func readSmallFile(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 4096)
  let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
  return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
}
