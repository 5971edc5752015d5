import CVTLScope
import Glibc

/// The file under a writer: allocated, locked, mapped and named, in this order.
///
/// It gets its name last, so nobody ever finds a region that is half made or not yet locked.
final class RegionFile {
  let path: String
  let base: UnsafeMutableRawPointer
  let size: Int
  private let descriptor: Int32
  private let directory: OpenDirectory
  private let name: String

  init(name: String, in directory: OpenDirectory, header: vtlscope_header) throws(RegionError) {
    path = "\(directory.path)/\(name)"
    self.name = name
    self.directory = directory
    size = Int(header.file_size)
    descriptor = openat(directory.descriptor, ".", O_RDWR | Self.unnamed | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .io("create", path: path, errno: errno) }
    do throws(RegionError) {
      base = try Self.map(descriptor, size, path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    munmap(base, size)
    close(descriptor)
  }

  /// O_TMPFILE, which the importer leaves out: a file without a name, gone unless it gets one.
  private static var unnamed: Int32 { 0o20000000 | O_DIRECTORY }

  private static func map(_ descriptor: Int32, _ size: Int, _ path: String) throws(RegionError)
    -> UnsafeMutableRawPointer
  {
    // Really allocated: a full file system is an error here and not a SIGBUS at some later store.
    var code: Int32
    repeat { code = posix_fallocate(descriptor, 0, off_t(size)) } while code == EINTR
    guard code == 0 else {
      throw code == ENOSPC
        ? .noSpace(path: path, bytes: UInt64(size)) : .io("allocate", path: path, errno: code)
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .io("lock", path: path, errno: errno) }
    }
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
    else {
      throw .io("map", path: path, errno: errno)
    }
    return base
  }

  /// Gives the file its name.
  ///
  /// A dead file of the same name and pid is replaced.
  func publish() throws(RegionError) {
    for _ in 0..<2 {
      if linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", directory.descriptor, name, AT_SYMLINK_FOLLOW) == 0 {
        return
      }
      guard errno == EEXIST else { throw .io("link", path: path, errno: errno) }
      guard directory.dead().contains(where: { $0.name == name }) else { throw .nameTaken(path: path) }
      unlinkat(directory.descriptor, name, 0)
    }
    throw .nameTaken(path: path)
  }

  func remove() { unlinkat(directory.descriptor, name, 0) }
}
