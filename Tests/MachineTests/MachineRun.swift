import Architecture
import Interrupts
import Journal
import Machine
import Scenarios
import Testing

/// A machine with a guest in it, and everything it has logged.
final class MachineRun {
  let recorder = Recorder()
  let partition: Partition

  init(
    _ guest: CodeGuest, vps: Int = 1, vtls: Int = 2, configure: (inout Configuration) -> Void = { _ in }
  ) throws {
    var configuration = Configuration(vpCount: vps, vtlCount: vtls, memoryBytes: CodeGuest.memoryBytes)
    configure(&configuration)
    partition = try recorder.partition(configuration)
    try partition.load(try guest.image)
  }

  init(_ scenario: Scenario) throws {
    partition = try recorder.partition(scenario.configuration)
    try partition.load(try ELFImage(scenario.image))
  }

  convenience init(scenario: String) throws { try self.init(try #require(Scenario.named(scenario))) }

  var events: [Event] { recorder.events }

  /// Runs until this time, through idle waits, some slices at a time. Stops where nothing is armed.
  func run(until time: VirtualTime, slices: Int = 1_000) {
    while partition.clock < time {
      switch partition.advance(slices: slices, before: time) {
      case .ran: continue
      case .idle(let until?): partition.warp(to: min(until, time))
      case .idle(nil), .halted: return
      }
    }
  }

  func run(for time: VirtualTime, slices: Int = 1_000) { run(until: partition.clock + time, slices: slices) }

  /// What `body` adds to the event log.
  func events(of body: () throws -> Void) rethrows -> [Event] {
    let before = recorder.events.count
    try body()
    return Array(recorder.events[before...])
  }

  /// Carries a command out and gives what it caused at once.
  @discardableResult func perform(_ command: Command) -> [Event] {
    events { #expect(partition.perform(command) == nil) }
  }

  func context(_ vp: Int, _ vtl: Int) throws -> ContextSnapshot {
    try #require(partition.snapshot()[ContextID(vp, vtl)])
  }
}

/// As a message into a group.
func fire(
  _ vector: UInt8, to id: UInt32 = 0, group: Int = 0, mode: DeliveryMode = .fixed
) -> Command {
  var message = InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(rawValue: id))
  message.command.deliveryMode = mode
  return .fire(FireRequest(origin: .message(GroupID(group)), message: message))
}

extension [Event] {
  /// The vectors a context took, in order.
  func taken(by id: ContextID) -> [UInt8] {
    compactMap { event in
      guard case .acknowledged(let vector, _) = event.body, event.context == id else { return nil }
      return vector.rawValue
    }
  }

  /// The VTLs a VP was switched to, in order, and why.
  func switches(of vp: Int) -> [VTLSwitch] {
    compactMap { event in
      guard case .vtlSwitched(let from, let to, let reason, _) = event.body, event.context?.vp.index == vp else {
        return nil
      }
      return VTLSwitch(from: from, to: to, reason: reason)
    }
  }

  var acceptances: [Acceptance] {
    compactMap { if case .accepted(_, _, let acceptance) = $0.body { acceptance } else { nil } }
  }

  func count(of body: Event.Body) -> Int { count { $0.body == body } }
}

struct VTLSwitch: Hashable {
  var from: VTL
  var to: VTL
  var reason: VTLSwitchReason
}

/// A fixed sequence of numbers from a seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}
