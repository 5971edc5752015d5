import CVTLScope

/// What the writer's thread is doing, as it says itself with every heartbeat.
public enum HostState: UInt32, Hashable, Sendable, CaseIterable {
  case running = 1
  /// Every VP waits, and nothing is due yet.
  case idle = 2
  case paused = 3
  /// The machine is over and was closed in good order.
  case exited = 4
}

/// What a reader can tell about a region's writer.
public enum Liveness: Hashable, Sendable {
  case running
  case idle
  case paused
  /// The process lives but its machine thread has not beaten for so many nanoseconds.
  case wedged(UInt64)
  /// The process is stopped: SIGSTOP, or a debugger holds it.
  case stopped
  /// The process is gone without having closed the region; or this is a copy of one.
  case dead
  case exited

  /// There is a process behind it.
  public var isAlive: Bool {
    switch self {
    case .running, .idle, .paused, .wedged, .stopped: true
    case .dead, .exited: false
    }
  }

  /// The word for it in a list.
  public var name: String {
    switch self {
    case .running: "running"
    case .idle: "idle"
    case .paused: "paused"
    case .wedged: "wedged"
    case .stopped: "stopped"
    case .dead: "dead"
    case .exited: "exited"
    }
  }
}

extension RegionReader {
  /// What the writer is doing, with `now` of CLOCK_MONOTONIC in nanoseconds.
  ///
  /// The lock is asked first: the kernel frees it with the process, whatever became of the process.
  public func liveness(now: UInt64) throws(RegionError) -> Liveness {
    let live = try readLive()
    if live.hostState == HostState.exited.rawValue { return .exited }
    guard source.isLocked, identity.bootID == ProcessIdentity.currentBootID(),
      let process = ProcessStatus(pid: identity.pid), process.startTime == identity.startTime
    else { return .dead }
    switch process.state {
    case "T", "t": return .stopped
    case "Z", "X", "x": return .dead
    default: break
    }
    // Between its creation and its first beat a writer has said nothing yet.
    let age = live.heartbeat != 0 && now > live.heartbeat ? now - live.heartbeat : 0
    if age > RegionLimits.heartbeatAge { return .wedged(age) }
    switch HostState(rawValue: live.hostState) {
    case .running: return .running
    case .idle: return .idle
    case .paused: return .paused
    case .exited: return .exited
    case nil: throw damaged("host state \(live.hostState)")
    }
  }
}
