import Architecture
import Glibc
import Journal
import Region
import Testing

@Suite struct LivenessTests {
  /// Runs another process that writes a region until it is killed.
  private final class Victim {
    let pid: pid_t

    init(_ directory: RegionDirectory, _ name: String) throws {
      // SwiftPM puts all programs of a build beside each other.
      var buffer = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
      let own = String(decoding: buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
        separator: "/")
      let words = ["\(folder)/RegionVictim", directory.path, name]
      let arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) } + [nil]
      defer { for argument in arguments { free(argument) } }
      var pid: pid_t = 0
      let code = posix_spawn(&pid, "\(folder)/RegionVictim", nil, nil, arguments, environ)
      self.pid = pid
      try #require(code == 0, "cannot start \(folder)/RegionVictim")
    }

    func signal(_ number: Int32) { kill(pid, number) }

    func reap() {
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
    }

    deinit { reap() }
  }

  /// Asks until it is so, for at most ten seconds.
  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<10_000 {
      if condition() { return true }
      usleep(1000)
    }
    return false
  }

  private func open(_ scratch: Scratch, _ name: String, _ pid: pid_t) -> RegionReader? {
    guard let reader = try? RegionReader(path: "\(scratch.directory.path)/\(name).\(pid)"),
      (try? reader.currentFrame()) ?? 0 > 0
    else { return nil }
    return reader
  }

  @Test func `running, idle, paused and wedged look different`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    for (state, liveness) in [(HostState.running, Liveness.running), (.idle, .idle), (.paused, .paused)] {
      writer.beat(state, now: 1_000_000_000)
      #expect(try reader.liveness(now: 1_000_000_000) == liveness)
      #expect(try reader.liveness(now: 3_000_000_000) == liveness)
      #expect(try reader.liveness(now: 3_000_000_001) == .wedged(2_000_000_001))
      #expect(try reader.liveness(now: 0) == liveness)
    }
  }

  @Test func `a copy is dead, and can be read anywhere`() throws {
    let scratch = Scratch()
    var random = Seeded(5)
    let snapshot = random.snapshot(vps: 2, vtls: 1, groups: 1)
    let copy = scratch.path("copy")
    do {
      let writer = try RegionWriter(
        name: "demo", vpCount: 2, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
      writer.write(snapshot)
      writer.append(Event(.nmiTaken))
      Scratch.write(Scratch.bytes(writer.path), to: copy)
      writer.close()
    }
    chmod(copy, 0o444)
    let reader = try RegionReader(path: copy)
    #expect(try reader.liveness(now: 0) == .dead)
    #expect(try reader.snapshot() == snapshot)
    #expect(try reader.events(from: 0).events == [Event(.nmiTaken)])
  }

  @Test func `a stopped process looks stopped, and a killed one dead`() throws {
    let scratch = Scratch()
    let victim = try Victim(scratch.directory, "victim")
    var found: RegionReader?
    #expect(
      eventually {
        found = open(scratch, "victim", victim.pid); return found != nil
      })
    let reader = try #require(found)
    // The victim's heartbeat counts from 0, so a `now` of 0 is never late.
    #expect(try reader.liveness(now: 0) == .running)
    victim.signal(SIGSTOP)
    #expect(eventually { (try? reader.liveness(now: 0)) == .stopped })
    #expect(throws: Never.self) { try reader.snapshot() }
    #expect(try scratch.directory.list(now: 0).map(\.liveness) == [.stopped])
    victim.signal(SIGCONT)
    #expect(eventually { (try? reader.liveness(now: 0)) == .running })
    victim.reap()
    #expect(try reader.liveness(now: 0) == .dead)
    #expect(try scratch.directory.list(now: 0).map(\.liveness) == [.dead])
    #expect(try scratch.directory.clean() == ["\(scratch.directory.path)/victim.\(victim.pid)"])
  }

  @Test func `whenever a writer is killed, its last frame is whole and its events are complete`() throws {
    let scratch = Scratch()
    var random = Seeded(3)
    for round in 0..<25 {
      let victim = try Victim(scratch.directory, "v\(round)")
      var found: RegionReader?
      #expect(
        eventually {
          found = open(scratch, "v\(round)", victim.pid); return found != nil
        })
      usleep(UInt32(random.below(3000)))
      victim.reap()
      let reader = try #require(found)
      let snapshot = try reader.snapshot()
      let n = snapshot.machine.epoch
      #expect(n > 0 && snapshot.machine.time.rawValue == n)
      for context in snapshot.contexts {
        #expect(context.rip == n && context.instructions == n && context.counters.exceptions == n)
        #expect(context.pending.map(\.journey.rawValue) == [n])
      }
      let batch = try reader.events(from: 0)
      #expect(batch.unreadable == 0)
      // A frame is made before each ten events: those of the frames before are there, and at most ten more.
      #expect(batch.next >= snapshot.machine.nextEvent && batch.next <= snapshot.machine.nextEvent + 10)
      #expect(batch.missed + UInt64(batch.events.count) == batch.next)
      for (i, event) in batch.events.enumerated() {
        let number = batch.missed + UInt64(i)
        #expect(event.sequence == number && event.rip == number)
        #expect(event.body == .apicBaseChanged(from: number, to: ~number))
      }
    }
  }
}
