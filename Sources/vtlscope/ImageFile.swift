import Glibc

/// Why a file could not be read: one line.
struct FileError: Error, CustomStringConvertible {
  var description: String
}

/// Reads a whole file of at most `limit` bytes.
func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    guard count >= 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
    guard bytes.count <= limit else { throw FileError(description: "\(path): larger than \(limit >> 20) MiB") }
  }
}

/// Whether a file can be written, without changing what is in it.
func checkWritable(_ path: String) throws(FileError) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
  close(descriptor)
}

/// Writes a whole file, replacing what is there.
func writeFile(_ path: String, _ text: String) throws(FileError) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
  defer { close(descriptor) }
  try writeAll(text, to: descriptor, path)
}

/// Writes all of a text to an open file.
func writeAll(_ text: String, to descriptor: Int32, _ path: String) throws(FileError) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw FileError(description: "\(path): \(String(cString: strerror(errno)))") }
    rest = rest.dropFirst(count)
  }
}
