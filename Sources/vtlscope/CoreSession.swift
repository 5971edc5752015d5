import Architecture
import ArgumentParser
import Glibc
import Host
import Journal
import Machine
import Memory
import Region
import Synchronization

/// A core of this process: the partition, its region, and the host that runs it.
struct CoreSession {
  let host: MachineHost
  let region: RegionWriter
  let partition: Partition
  let mailbox = Mailbox()

  init(
    _ guest: Guest, name: String, limit: (VirtualTime, StopCause)?, pace: Pace, isHeadless: Bool
  ) throws {
    let image: ELFImage
    do throws(ImageError) { image = try ELFImage(guest.image) } catch {
      throw fail(.badInput, "\(guest.source): \(error.description)")
    }
    let configuration = guest.configuration
    do throws(RegionError) {
      region = try RegionWriter(
        name: name, vpCount: configuration.vpCount, vtlCount: configuration.vtlCount,
        groupCount: configuration.vtlCount, platform: configuration.platform, symbols: image.symbols, isNamed: false)
    } catch {
      throw fail(error)
    }
    let serial = isHeadless ? SerialOutput.toStandardOutput : { _ in }
    do throws(MemoryError) {
      partition = try Partition(configuration, sink: { [region] in region.append($0) }, serial: serial)
    } catch {
      region.close()
      throw fail(.hostIO, "memory: \(error)")
    }
    do throws(ImageError) { try partition.load(image, name: guest.source, module: guest.module) } catch {
      region.close()
      throw fail(.badInput, "\(guest.source): \(error.description)")
    }
    if let limit { partition.timeLimit = (at: limit.0, cause: limit.1) }
    host = MachineHost(
      partition, region: region, mailbox: mailbox,
      options: .init(pace: pace, staysAfterStop: !isHeadless))
    host.publishNow()
    do throws(RegionError) { try region.giveName() } catch {
      throw fail(error)
    }
  }

  /// Runs on this thread until the machine stops; the guest's serial port goes to standard output.
  func runHeadless(dump: String?) throws {
    Signals.quit(mailbox)
    Signals.explainLostRegion()
    host.run()
    SerialOutput.flush()
    defer { region.close() }
    if let dump { try writeDump(dump) }
    let (status, line) = outcome()
    if let line { complain(line) }
    if status != 0 { throw ExitCode(status) }
  }

  /// The exit code, and the line that says why it ended.
  private func outcome() -> (Int32, String?) {
    let at = "at \(partition.clock.pointText) s of virtual time"
    switch partition.stopCause {
    case .debugExit:
      let value = partition.exitStatus
      return (Int32(truncatingIfNeeded: value << 1 | 1) & 0xFF, "the guest exited with value \(value) \(at)")
    case .tripleFault: return (ExitStatus.tripleFault.rawValue, "triple fault \(tripleFaultPlace) \(at)")
    case .nothingCanHappen:
      return (ExitStatus.gaveUp.rawValue, "every VP waits and nothing is armed: nothing can happen any more, \(at)")
    case .limitReached: return (ExitStatus.gaveUp.rawValue, "gave up \(at): the limit is reached")
    case .timeReached: return (0, nil)
    case .guestReset: return (0, "the guest asked for a reset \(at)")
    case .quit, nil: return (ExitStatus.gaveUp.rawValue, "interrupted \(at)")
    }
  }

  /// Where the context that shut down stands.
  private var tripleFaultPlace: String {
    guard let context = partition.snapshot().contexts.first(where: { $0.activity == .shutdown }) else { return "" }
    let symbol = partition.symbols.describe(context.rip).map { " (\($0))" } ?? ""
    return "of \(context.id) at RIP 0x\(String(context.rip, radix: 16))\(symbol)"
  }

  /// The final snapshot, the events that are still in the ring, and the command log.
  func writeDump(_ path: String) throws {
    do {
      let reader = try RegionReader(path: region.path)
      let batch = try reader.allEvents()
      let dump = Dump(
        snapshot: partition.snapshot(), events: batch.events, overwritten: batch.missed,
        commands: partition.commandLog)
      try writeFile(path, dump.json)
    } catch let error as RegionError {
      throw fail(.hostIO, error.description)
    } catch let error as FileError {
      throw fail(.hostIO, error.description)
    }
  }
}

extension RegionReader {
  /// Every event that is still there, from the first, and how many are not.
  func allEvents() throws(RegionError) -> EventBatch {
    var all = EventBatch(events: [], missed: 0, unreadable: 0, next: 0)
    let end = try nextEvent()
    while all.next < end {
      let batch = try events(from: all.next, limit: 65_536)
      guard batch.next > all.next else { break }
      all.events += batch.events
      all.missed += batch.missed
      all.unreadable += batch.unreadable
      all.next = batch.next
    }
    return all
  }
}

/// The guest's serial port on standard output, a line at a time.
enum SerialOutput {
  nonisolated(unsafe) private static var buffer: [UInt8] = []

  /// Only the machine's thread calls it.
  static func toStandardOutput(_ byte: UInt8) {
    buffer.append(byte)
    if byte == UInt8(ascii: "\n") || buffer.count >= 4096 { flush() }
  }

  /// A reader that has gone away does not end the machine.
  static func flush() {
    var rest = buffer[...]
    while !rest.isEmpty {
      // A reader that has stopped reading must not keep the machine from ending.
      var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
      if poll(&descriptor, 1, 100) == 0 {
        if Signals.isQuitting { break }
        continue
      }
      if Int32(descriptor.revents) & POLLOUT == 0 { break }
      let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, min($0.count, Int(PIPE_BUF))) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// SIGINT, SIGTERM and SIGHUP end the machine in good order.
enum Signals {
  nonisolated(unsafe) private static var mailbox: Mailbox?

  static var isQuitting: Bool { mailbox?.isQuitting ?? false }

  /// Somebody cut the region's file short under the running core: one line, and the code for host I/O.
  static func explainLostRegion() {
    signal(SIGBUS) { _ in
      let line: StaticString = "vtlscope: the region's file was truncated while the core ran\n"
      _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
      _exit(ExitStatus.hostIO.rawValue)
    }
  }

  static func quit(_ target: Mailbox) {
    mailbox = target
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in Signals.mailbox?.quit() } }
  }
}
