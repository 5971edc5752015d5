import Architecture
import Journal
import Machine
import Testing

/// A partition that has not run yet, and what it has logged.
final class Recorder {
  var events: [Event] = []
  var output: [UInt8] = []

  func partition(_ configuration: Configuration = Configuration()) throws -> Partition {
    try Partition(configuration, sink: { self.events.append($0) }, serial: { self.output.append($0) })
  }

  var text: String { String(decoding: output, as: UTF8.self) }
}

@Suite struct DeliveryTests {
  private func fire(_ vector: UInt8, to id: UInt32, mode: DeliveryMode = .fixed) -> Command {
    var message = InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(rawValue: id))
    message.command.deliveryMode = mode
    return .fire(FireRequest(origin: .message(GroupID(0)), message: message))
  }

  @Test func `events are numbered without a gap from 0`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    for id in 0..<6 { partition.perform(fire(0x40, to: UInt32(id))) }
    #expect(recorder.events.map(\.sequence) == Array(0..<UInt64(recorder.events.count)))
    #expect(partition.nextEvent == UInt64(recorder.events.count))
  }

  @Test func `an interrupt to an ID that nobody has is counted and says why`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    partition.perform(fire(0x40, to: 9))
    guard case .requested(.message, _, let route)? = recorder.events.last?.body else {
      Issue.record("no request in the log")
      return
    }
    #expect(route.delivered == 0)
    #expect(route.reason == .noSuchID)
    #expect(partition.undelivered == 1)
  }

  @Test func `a software-disabled local APIC is not sent a fixed interrupt (SDM 12.4.7.2)`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    partition.perform(fire(0x40, to: 1))
    #expect(partition.undelivered == 1)
    #expect(partition.snapshot().contexts.allSatisfy { $0.pending.isEmpty })
  }

  @Test func `INIT reaches a software-disabled local APIC and is processed at once`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    partition.perform(fire(0, to: 1, mode: .initialize))
    #expect(recorder.events.contains { $0.body == .initialized && $0.context == ContextID(1, 0) })
    #expect(partition.snapshot()[ContextID(1, 0)]?.activity == .waitForStartup)
    #expect(partition.snapshot()[ContextID(1, 0)]?.lastInit == .zero)
  }

  @Test func `a SIPI starts a VP that waits for one at its vector times 1000h`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    partition.perform(fire(8, to: 1, mode: .startup))
    let context = try #require(partition.snapshot()[ContextID(1, 0)])
    #expect(context.activity == .running)
    #expect(context.codeSelector == 0x800)
    #expect(context.rip == 0)
  }

  @Test func `a SIPI to a VP that runs is ignored, and the log says so`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    partition.perform(fire(8, to: 0, mode: .startup))
    #expect(
      recorder.events.contains {
        $0.body == .accepted(VectorNumber(8), .startup, .rejected(.notWaitingForStartup))
      })
  }

  @Test func `commands that cannot be carried out are refused with their reason, and logged`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition()
    let outside = FireRequest(
      origin: .message(GroupID(7)), message: InterruptMessage(vector: VectorNumber(64), to: ApicID(0)))
    #expect(partition.perform(.switchVTL(VPIndex(0), to: .vtl1)) == .vtlNotEnabled)
    #expect(partition.perform(.switchVTL(VPIndex(9), to: .vtl0)) == .noSuchContext)
    #expect(partition.perform(.switchVTL(VPIndex(0), to: .vtl0)) == .alreadyActive)
    #expect(partition.perform(.endOfInterrupt(ContextID(0, 0))) == .nothingInService)
    #expect(partition.perform(.endOfInterrupt(ContextID(0, 1))) == .noSuchContext)
    #expect(partition.perform(.fire(outside)) == .noSuchGroup)
    #expect(partition.perform(.stepEvent) == .notPaused)
    #expect(partition.commandLog.count == 7)
    #expect(partition.commandLog.allSatisfy { $0.refusal != nil })
  }

  @Test func `a snapshot has every context in order, and marks those that do not exist yet`() throws {
    let partition = try Recorder().partition(Configuration(vpCount: 3, vtlCount: 2))
    let snapshot = partition.snapshot()
    #expect(snapshot.contexts.map(\.id.description) == ["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"])
    #expect(snapshot.contexts.map(\.isEnabled) == [true, false, true, false, true, false])
    #expect(snapshot.contexts.map(\.activity.rawValue)[2] == Activity.waitForStartup.rawValue)
    #expect(snapshot.groups.map(\.members) == [3, 0])
  }
}
