import Glibc

/// A process of the test's, ended with it.
final class ChildProcess {
  let pid: pid_t
  /// As waitpid gives it, once it has ended.
  private var status: Int32?

  /// `terminal` becomes its controlling terminal and its three streams; without one they go nowhere.
  init(
    _ arguments: [String], environment: [String: String] = [:], terminal: String? = nil, ignoresHangup: Bool = false
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let place = terminal ?? "/dev/null"
    posix_spawn_file_actions_addopen(&actions, 0, place, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A leader of a new session gets the first terminal it opens as its own. The importer leaves POSIX_SPAWN_SETSID out.
    let flags = 0x80 | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))
    // The threads that tests run on block signals, and a child would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGHUP)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)

    var words = arguments
    if ignoresHangup { words = ["/bin/sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""] + words }
    let argv = words.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in argv + envp { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, words[0], &actions, &attributes, argv, envp)
    guard code == 0 else { throw TestError("\(words[0]): \(String(cString: strerror(code)))") }
    self.pid = pid
  }

  deinit { end() }

  func signal(_ number: Int32) { kill(pid, number) }

  var hasEnded: Bool {
    if status != nil { return true }
    var code: Int32 = 0
    guard waitpid(pid, &code, WNOHANG) == pid else { return false }
    status = code
    return true
  }

  /// Its exit code, or 128 and the signal that ended it; nil while it runs.
  var code: Int32? { status.map { $0 & 0x7F == 0 ? $0 >> 8 & 0xFF : 128 + $0 & 0x7F } }

  func end() {
    guard status == nil else { return }
    kill(pid, SIGKILL)
    var code: Int32 = 0
    waitpid(pid, &code, 0)
    status = code
  }

  /// Processor time that all of its threads have had, in seconds: the first number of each schedstat is nanoseconds.
  var processorTime: Double {
    var sum = 0.0
    guard let tasks = opendir("/proc/\(pid)/task") else { return 0 }
    defer { closedir(tasks) }
    while let entry = readdir(tasks) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard Int(name) != nil, let text = contents("/proc/\(pid)/task/\(name)/schedstat"),
        let first = text.split(separator: " ").first, let nanoseconds = Double(first)
      else { continue }
      sum += nanoseconds / 1e9
    }
    return sum
  }
}

/// A small file's text.
func contents(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = fread(&bytes, 1, bytes.count, file)
  return String(decoding: bytes[..<count], as: UTF8.self)
}
