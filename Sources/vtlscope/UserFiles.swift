import Glibc

/// This user's own files: what is kept of sessions, and what was configured (XDG Base Directory Specification).
enum UserFiles {
  enum Place: String {
    /// What was typed and copied, and reports.
    case state = "XDG_STATE_HOME"
    case configuration = "XDG_CONFIG_HOME"

    var fallback: String {
      switch self {
      case .state: ".local/state"
      case .configuration: ".config"
      }
    }
  }

  /// Larger ones are none of ours.
  static var limit: Int { 1 << 20 }

  /// `vtlscope` in the directory that the environment names, where that is an absolute path, else in the home
  /// directory; nil where there is none.
  static func directory(_ place: Place) -> String? {
    if let named = environment(place.rawValue), named.hasPrefix("/") { return named + "/vtlscope" }
    guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
    return "\(home)/\(place.fallback)/vtlscope"
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A path as its owner writes it.
  static func shown(_ path: String) -> String {
    guard let home = environment("HOME"), home.hasPrefix("/"), path.hasPrefix(home + "/") else { return path }
    return "~" + path.dropFirst(home.count)
  }

  /// A whole file of a place; nil when it is not there.
  static func read(_ name: String, of place: Place) throws(FileError) -> (text: String, path: String)? {
    guard let directory = directory(place) else { return nil }
    let path = "\(directory)/\(name)"
    var status = stat()
    if stat(path, &status) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(description: "\(path): not a regular file") }
    let bytes = try readFile(path, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileError(description: "\(path): not UTF-8 text")
    }
    return (text, path)
  }

  /// Replaces a file of a place, in one step, and makes the directories it needs; returns its path.
  @discardableResult
  static func write(_ text: String, _ name: String, to place: Place) throws(FileError) -> String {
    guard let directory = directory(place) else {
      throw FileError(description: "there is no home directory for \(name)")
    }
    try make(directory)
    let path = "\(directory)/\(name)"
    let draft = "\(path).\(getpid())"
    unlink(draft)
    try writeNew(draft, text)
    guard rename(draft, path) == 0 else {
      let why = String(cString: strerror(errno))
      unlink(draft)
      throw FileError(description: "\(path): \(why)")
    }
    return path
  }

  /// Writes a file that must not be there yet, for this user alone.
  static func writeNew(_ path: String, _ text: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    try writeAll(text, to: descriptor, path)
  }

  /// Each directory that is missing on the way, for this user alone; the last one must be this user's.
  private static func make(_ path: String) throws(FileError) {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      let part = String(path[..<end])
      if mkdir(part, 0o700) != 0, errno != EEXIST {
        throw FileError(description: "\(part): \(String(cString: strerror(errno)))")
      }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_uid == geteuid() else {
      throw FileError(description: "\(path): it belongs to another user")
    }
  }
}
