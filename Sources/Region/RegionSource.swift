import Glibc

/// Where a reader's bytes come from: a file, or memory that holds a copy of one.
enum RegionSource {
  case file(Int32)
  case memory(UnsafeRawBufferPointer)

  /// Copies exactly `buffer.count` bytes from `offset`; false when there are fewer.
  ///
  /// A file is copied with pread and never mapped, so one that shrinks meanwhile is an error and not a
  /// SIGBUS.
  func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, path: String) throws(RegionError) {
    switch self {
    case .memory(let bytes):
      guard offset <= UInt64(bytes.count), buffer.count <= bytes.count - Int(offset) else {
        throw .truncated(path: path, needed: Self.end(buffer, offset))
      }
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + buffer.count]))
    case .file(let descriptor):
      guard offset <= UInt64(Int64.max) else { throw .truncated(path: path, needed: offset) }
      var done = 0
      while done < buffer.count {
        let count = pread(
          descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
        if count > 0 {
          done += count
        } else if count == 0 {
          throw .truncated(path: path, needed: Self.end(buffer, offset))
        } else if errno != EINTR {
          throw .io("read", path: path, errno: errno)
        }
      }
    }
  }

  private static func end(_ buffer: UnsafeMutableRawBufferPointer, _ offset: UInt64) -> UInt64 {
    offset &+ UInt64(buffer.count)
  }

  var size: UInt64 {
    switch self {
    case .memory(let bytes): return UInt64(bytes.count)
    case .file(let descriptor):
      var status = stat()
      return fstat(descriptor, &status) == 0 ? UInt64(clamping: status.st_size) : 0
    }
  }

  /// A writer holds the exclusive lock.
  var isLocked: Bool {
    guard case .file(let descriptor) = self else { return false }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
      _ = flock(descriptor, LOCK_UN)
      return false
    }
    return errno == EWOULDBLOCK
  }
}
