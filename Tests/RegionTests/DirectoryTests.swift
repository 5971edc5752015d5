import Architecture
import Glibc
import Journal
import Region
import Testing

@Suite struct DirectoryTests {
  private func writer(_ name: String, _ directory: RegionDirectory) throws -> RegionWriter {
    try RegionWriter(
      name: name, vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: directory)
  }

  private func mode(_ path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func `the directory is private and so is the file`() throws {
    let scratch = Scratch()
    let writer = try writer("demo", scratch.directory)
    #expect(mode(scratch.directory.path) == 0o700)
    #expect(mode(writer.path) == 0o600)
  }

  @Test func `the runtime directory is used when it is one of this user's`() {
    let scratch = Scratch()
    mkdir(scratch.directory.path, 0o700)
    let fallback = RegionDirectory(path: "/dev/shm/vtlscope-\(geteuid())")
    let path = scratch.directory.path
    #expect(RegionDirectory.standard(runtimeDirectory: path) == RegionDirectory(path: "\(path)/vtlscope"))
    #expect(RegionDirectory.standard(runtimeDirectory: nil) == fallback)
    #expect(RegionDirectory.standard(runtimeDirectory: "relative") == fallback)
    #expect(RegionDirectory.standard(runtimeDirectory: scratch.path("missing")) == fallback)
    symlink(path, scratch.path("link"))
    #expect(RegionDirectory.standard(runtimeDirectory: scratch.path("link")) == fallback)
  }

  @Test func `a directory that others may enter is refused`() throws {
    let scratch = Scratch()
    mkdir(scratch.directory.path, 0o700)
    chmod(scratch.directory.path, 0o755)
    let refused = RegionError.untrusted(
      path: scratch.directory.path, why: "other users may use it (mode 755)")
    #expect(throws: refused) { try self.writer("demo", scratch.directory) }
    #expect(throws: refused) { try scratch.directory.list(now: 0) }
    #expect(throws: refused) { try scratch.directory.clean() }
  }

  @Test func `a region can stay unseen until its first frame is written`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "late", vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory,
      isNamed: false)
    defer { writer.close() }
    #expect(try scratch.directory.list(now: 0).isEmpty)
    try writer.giveName()
    #expect(try scratch.directory.list(now: 0).map(\.name) == ["late"])
  }

  @Test func `a region that others may read is refused by name, and read by path`() throws {
    let scratch = Scratch()
    let writer = try writer("demo", scratch.directory)
    defer { writer.close() }
    _ = try scratch.directory.reader("demo")
    chmod(writer.path, 0o644)
    #expect(throws: RegionError.untrusted(path: writer.path, why: "other users may use it (mode 644)")) {
      try scratch.directory.reader("demo")
    }
    _ = try RegionReader(path: writer.path)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
  func `another user's directory is refused`() throws {
    let scratch = Scratch()
    mkdir(scratch.directory.path, 0o700)
    chown(scratch.directory.path, 12345, 12345)
    #expect(throws: RegionError.untrusted(path: scratch.directory.path, why: "it belongs to user 12345")) {
      try self.writer("demo", scratch.directory)
    }
  }

  @Test func `symbolic links are not followed`() throws {
    let scratch = Scratch()
    let real = RegionDirectory(path: scratch.path("real"))
    let victim = try writer("demo", real)
    defer {
      victim.close()
      rmdir(real.path)
    }
    symlink(real.path, scratch.directory.path)
    #expect(throws: RegionError.untrusted(path: scratch.directory.path, why: "it is not a directory")) {
      try scratch.directory.list(now: 0)
    }
    unlink(scratch.directory.path)

    let own = try writer("own", scratch.directory)
    let link = "\(scratch.directory.path)/link.1"
    symlink(victim.path, link)
    #expect(throws: RegionError.untrusted(path: link, why: "it is a symbolic link")) {
      try RegionReader(path: link)
    }
    let entries = try scratch.directory.list(now: 0)
    #expect(entries.map(\.name) == ["link", "own"])
    #expect(entries[0].problem == .untrusted(path: link, why: "it is a symbolic link"))
    #expect(try scratch.directory.clean() == [])
    own.close()
  }

  @Test func `what is not a region file is refused`() throws {
    let scratch = Scratch()
    let writer = try writer("demo", scratch.directory)
    writer.close()
    mkfifo(scratch.path("fifo"), 0o600)
    #expect(throws: RegionError.untrusted(path: scratch.path("fifo"), why: "it is not a regular file")) {
      try RegionReader(path: scratch.path("fifo"))
    }
    Scratch.write([], to: scratch.path("empty"))
    #expect(throws: RegionError.notRegion(path: scratch.path("empty"))) {
      try RegionReader(path: scratch.path("empty"))
    }
    Scratch.write(Array("#!/bin/sh\necho hello\n".utf8), to: scratch.path("text"))
    #expect(throws: RegionError.notRegion(path: scratch.path("text"))) {
      try RegionReader(path: scratch.path("text"))
    }
    let missing = RegionError.io("open", path: scratch.path("missing"), errno: ENOENT)
    #expect(throws: missing) { try RegionReader(path: scratch.path("missing")) }
    #expect(missing.exitCode == 66)
  }

  @Test(arguments: ["", ".hidden", "a/b", "../up", "a b", "tab\t", String(repeating: "x", count: 64), "é"])
  func `a name that is not a plain file name is refused`(name: String) {
    let scratch = Scratch()
    #expect(throws: RegionError.badName(name)) { try self.writer(name, scratch.directory) }
  }

  @Test func `a clean exit removes the file and attached readers see it`() throws {
    let scratch = Scratch()
    let writer = try writer("demo", scratch.directory)
    let reader = try RegionReader(path: writer.path)
    writer.beat(.running, now: 1)
    #expect(try reader.liveness(now: 1) == .running)
    writer.close()
    #expect(try reader.liveness(now: 1) == .exited)
    #expect(try scratch.directory.list(now: 0) == [])
  }

  @Test func `one process cannot have two machines of a name`() throws {
    let scratch = Scratch()
    let first = try writer("demo", scratch.directory)
    #expect(throws: RegionError.nameTaken(path: first.path)) { try self.writer("demo", scratch.directory) }
    first.close()
    try writer("demo", scratch.directory).close()
  }

  @Test func `the newest four dead regions of a name stay, and clean removes them`() throws {
    let scratch = Scratch()
    try writer("demo", scratch.directory).close()
    let template = try writer("demo", scratch.directory)
    let bytes = Scratch.bytes(template.path)
    template.close()
    // What six killed processes left behind, oldest first, and one of another name.
    for pid in 1...6 {
      let path = "\(scratch.directory.path)/demo.\(pid)"
      Scratch.write(bytes, to: path)
      var times = [timespec(tv_sec: 1000 + pid, tv_nsec: 0), timespec(tv_sec: 1000 + pid, tv_nsec: 0)]
      utimensat(AT_FDCWD, path, &times, 0)
    }
    Scratch.write(bytes, to: "\(scratch.directory.path)/other.1")
    let writer = try writer("demo", scratch.directory)
    let files = try scratch.directory.list(now: 0).map(\.file)
    #expect(files == ["demo.3", "demo.4", "demo.5", "demo.6", "demo.\(getpid())", "other.1"].sorted())
    #expect(try scratch.directory.clean().count == 5)
    #expect(try scratch.directory.list(now: 0).map(\.file) == ["demo.\(getpid())"])
    writer.close()
  }

  @Test func `a target is a name, a pid, both, a path, or the only one running`() throws {
    let scratch = Scratch()
    let directory = scratch.directory
    #expect(throws: RegionError.noSuchTarget(nil, choices: [])) { try directory.resolve(nil) }
    let a = try writer("alpha", directory)
    #expect(try directory.resolve(nil) == a.path)
    #expect(try directory.resolve("alpha") == a.path)
    #expect(try directory.resolve("\(getpid())") == a.path)
    #expect(try directory.resolve("alpha.\(getpid())") == a.path)
    #expect(try directory.resolve("/some/where") == "/some/where")
    let b = try writer("beta", directory)
    let both = ["alpha.\(getpid())", "beta.\(getpid())"]
    #expect(throws: RegionError.ambiguous(nil, choices: both)) { try directory.resolve(nil) }
    #expect(throws: RegionError.ambiguous("\(getpid())", choices: both)) {
      try directory.resolve("\(getpid())")
    }
    #expect(throws: RegionError.noSuchTarget("gamma", choices: both)) { try directory.resolve("gamma") }
    #expect(try directory.resolve("beta") == b.path)
    // A living machine goes before a dead one of its name; without it the dead one is meant.
    Scratch.write(Scratch.bytes(b.path), to: "\(directory.path)/beta.1")
    #expect(try directory.resolve("beta") == b.path)
    b.close()
    #expect(try directory.resolve("beta") == "\(directory.path)/beta.1")
    a.close()
    #expect(throws: RegionError.noSuchTarget(nil, choices: ["beta.1"])) { try directory.resolve(nil) }
  }

  /// The size of the file system at /dev/shm, in bytes.
  private static var sharedMemory: UInt64 {
    var status = statvfs()
    return statvfs("/dev/shm", &status) == 0 ? UInt64(status.f_blocks) * UInt64(status.f_frsize) : .max
  }

  @Test(.enabled(if: sharedMemory < 1 << 37, "/dev/shm has room for any region"))
  func `a file system without room is one clear error`() throws {
    let directory = RegionDirectory(path: "/dev/shm/vtlscope-tests-\(getpid())")
    defer { rmdir(directory.path) }
    #expect {
      try RegionWriter(
        name: "huge", vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 1 << 37, directory: directory)
    } throws: { error in
      guard case .noSpace(_, let bytes)? = error as? RegionError else { return false }
      return bytes > 1 << 37 && "\(error)".hasSuffix("no space for a region of 131073 MiB")
    }
    #expect(try directory.list(now: 0) == [])
  }
}
