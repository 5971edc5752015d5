import Glibc

/// The directory in which the regions of one user are found, as NAME.PID.
public struct RegionDirectory: Hashable, Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// Where machines of this user are found when nothing else is said.
  public static var standard: RegionDirectory {
    standard(runtimeDirectory: getenv("XDG_RUNTIME_DIR").map { String(cString: $0) })
  }

  /// `vtlscope` in the XDG runtime directory when that is a directory of this user's, else
  /// `/dev/shm/vtlscope-UID`.
  ///
  /// The variable is not believed further than that: after su or sudo it often names another user's
  /// directory.
  public static func standard(runtimeDirectory: String?) -> RegionDirectory {
    let user = geteuid()
    var status = stat()
    if let runtimeDirectory, runtimeDirectory.hasPrefix("/"), lstat(runtimeDirectory, &status) == 0,
      status.st_mode & S_IFMT == S_IFDIR, status.st_uid == user
    {
      return RegionDirectory(path: "\(runtimeDirectory)/vtlscope")
    }
    return RegionDirectory(path: "/dev/shm/vtlscope-\(user)")
  }

  /// Opens the directory after checking that it is this user's alone; nil when there is none.
  ///
  /// Everything after this goes through the descriptor, so swapping the path afterwards changes nothing.
  func open(create: Bool) throws(RegionError) -> OpenDirectory? {
    if create, mkdir(path, 0o700) != 0, errno != EEXIST { throw .io("mkdir", path: path, errno: errno) }
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT where !create: return nil
      case ELOOP: throw .untrusted(path: path, why: "it is a symbolic link")
      case ENOTDIR: throw .untrusted(path: path, why: "it is not a directory")
      case let code: throw .io("open", path: path, errno: code)
      }
    }
    let directory = OpenDirectory(descriptor: descriptor, path: path)
    if let why = distrust(descriptor) { throw .untrusted(path: path, why: why) }
    return directory
  }

  /// Whether `name` can be part of a file name here and is readable in a list.
  static func isName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    return isPlain && (1...RegionLimits.name).contains(name.utf8.count) && !name.hasPrefix(".")
  }

  /// Splits `demo.1234`; nil when a file is not called like a region.
  static func split(_ file: String) -> (name: String, pid: Int32)? {
    guard let dot = file.lastIndex(of: "."), let pid = Int32(file[file.index(after: dot)...]), pid > 0 else {
      return nil
    }
    let name = String(file[..<dot])
    return isName(name) ? (name, pid) : nil
  }
}

/// Why a file or directory must not be used: it belongs to another user, or others may enter.
///
/// Nil when it may be.
func distrust(_ descriptor: Int32) -> String? {
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
  guard status.st_uid == geteuid() else { return "it belongs to user \(status.st_uid)" }
  guard status.st_mode & 0o077 == 0 else {
    return "other users may use it (mode \(String(status.st_mode & 0o777, radix: 8)))"
  }
  return nil
}

/// A checked directory, held open.
final class OpenDirectory {
  let descriptor: Int32
  let path: String

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// The names of what is in it, in order.
  func names() throws(RegionError) -> [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { throw .io("opendir", path: path, errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Opens a region in it for reading.
  func reader(_ name: String) throws(RegionError) -> RegionReader {
    let file = try openRegularFile(name, in: descriptor, path: "\(path)/\(name)")
    if let why = distrust(file) {
      close(file)
      throw .untrusted(path: "\(path)/\(name)", why: why)
    }
    return try RegionReader(descriptor: file, path: "\(path)/\(name)")
  }
}

/// Opens a regular file for reading, without following a link and without waiting for a FIFO's other end.
func openRegularFile(_ name: String, in directory: Int32, path: String) throws(RegionError) -> Int32 {
  let file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
  guard file >= 0 else {
    if errno == ELOOP { throw .untrusted(path: path, why: "it is a symbolic link") }
    throw .io("open", path: path, errno: errno)
  }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    close(file)
    throw .untrusted(path: path, why: "it is not a regular file")
  }
  return file
}
