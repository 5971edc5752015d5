import Glibc

/// One file of a `RegionDirectory`.
public struct RegionEntry: Hashable, Sendable {
  public var name: String
  public var pid: Int32
  public var path: String
  /// What its writer does; nil when the file cannot be read, and then `problem` says why.
  public var liveness: Liveness?
  public var problem: RegionError?
  public var vpCount: Int
  public var vtlCount: Int
  /// Which part of its last second its writer spent on frames, in millionths; nil when nobody knows.
  public var publishingPPM: UInt32?

  /// The file's name, NAME.PID: what tells several of one name apart.
  public var file: String { "\(name).\(pid)" }
  public var isAlive: Bool { liveness?.isAlive ?? false }
}

extension RegionDirectory {
  /// Everything in it that is called like a region, ordered by file name; empty when there is no directory.
  ///
  /// `now` is CLOCK_MONOTONIC in nanoseconds.
  public func list(now: UInt64) throws(RegionError) -> [RegionEntry] {
    guard let directory = try open(create: false) else { return [] }
    var entries: [RegionEntry] = []
    for file in try directory.names() {
      guard let (name, pid) = Self.split(file) else { continue }
      var entry = RegionEntry(
        name: name, pid: pid, path: "\(path)/\(file)", liveness: nil, problem: nil, vpCount: 0, vtlCount: 0)
      do throws(RegionError) {
        let reader = try directory.reader(file)
        entry.vpCount = reader.vpCount
        entry.vtlCount = reader.vtlCount
        entry.liveness = try reader.liveness(now: now)
        if entry.isAlive { entry.publishingPPM = try reader.publishingPPM() }
      } catch {
        // It was there when the directory was read and is gone now: it exited.
        if case .io(_, _, ENOENT) = error { continue }
        entry.problem = error
      }
      entries.append(entry)
    }
    return entries
  }

  /// The path of the region that `target` means: a path, NAME.PID, a pid or a name; nil means the only one
  /// running.
  ///
  /// Living machines go before dead ones of the same name.
  public func resolve(_ target: String?) throws(RegionError) -> String {
    if let target, target.contains("/") { return target }
    let all = try list(now: 0)
    guard let target else {
      let running = all.filter(\.isAlive)
      if running.count == 1 { return running[0].path }
      guard running.isEmpty else { throw .ambiguous(nil, choices: running.map(\.file)) }
      throw .noSuchTarget(nil, choices: all.map(\.file))
    }
    if let exact = all.first(where: { $0.file == target }) { return exact.path }
    let matching = all.filter { $0.name == target || String($0.pid) == target }
    let living = matching.filter(\.isAlive)
    let candidates = living.isEmpty ? matching : living
    if candidates.count == 1 { return candidates[0].path }
    guard candidates.isEmpty else { throw .ambiguous(target, choices: candidates.map(\.file)) }
    if access(target, F_OK) == 0 { return "./\(target)" }
    throw .noSuchTarget(target, choices: all.map(\.file))
  }

  /// Opens what `target` means; one that is found in the directory only when it is this user's alone.
  public func reader(_ target: String?) throws(RegionError) -> RegionReader {
    let place = try resolve(target)
    guard place.hasPrefix(path + "/"), let directory = try open(create: false) else {
      return try RegionReader(path: place)
    }
    return try directory.reader(String(place.dropFirst(path.count + 1)))
  }

  /// Removes what no living writer holds, and returns the paths.
  @discardableResult
  public func clean() throws(RegionError) -> [String] {
    guard let directory = try open(create: false) else { return [] }
    return directory.dead().map { file in
      unlinkat(directory.descriptor, file.name, 0)
      return "\(path)/\(file.name)"
    }
  }

  /// Removes all but the newest dead regions of a name.
  func prune(_ name: String, in directory: OpenDirectory) {
    let dead = directory.dead().filter { RegionDirectory.split($0.name)?.name == name }
    let newestFirst = dead.sorted { ($0.created, $0.name) > ($1.created, $1.name) }
    for file in newestFirst.dropFirst(RegionLimits.deadKept) { unlinkat(directory.descriptor, file.name, 0) }
  }
}

extension OpenDirectory {
  struct DeadFile {
    var name: String
    /// Nanoseconds since the epoch.
    var created: Int64
  }

  /// The regions whose lock is free.
  ///
  /// A writer names its file only after locking it, so none of these is just starting.
  func dead() -> [DeadFile] {
    guard let names = try? names() else { return [] }
    return names.compactMap { name in
      guard RegionDirectory.split(name) != nil,
        let file = try? openRegularFile(name, in: descriptor, path: "\(path)/\(name)")
      else { return nil }
      defer { close(file) }
      var status = stat()
      guard distrust(file) == nil, !RegionSource.file(file).isLocked, fstat(file, &status) == 0 else {
        return nil
      }
      return DeadFile(
        name: name, created: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }
  }
}
