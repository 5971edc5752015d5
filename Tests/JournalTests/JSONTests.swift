import Architecture
import Foundation
import Journal
import Testing

@Suite struct JSONTests {
  @Test func `objects are indented and lines are not`() {
    var json = JSONWriter()
    json.object { json in
      json.field("a", 1)
      json.field("b", hex: UInt64.max)
      json.field("none", nil as String?)
      json.field("lines", lines: [1, 2]) { n, json in
        json.object { json in
          json.field("n", n)
          json.field("odd", n % 2 == 1)
        }
      }
      json.field("empty", lines: [] as [Int]) { _, _ in }
      json.field("object") { _ in }
    }
    #expect(
      json.text == """
        {
          "a": 1,
          "b": "0xffffffffffffffff",
          "none": null,
          "lines": [
            {"n": 1, "odd": true},
            {"n": 2, "odd": false}
          ],
          "empty": [],
          "object": {}
        }
        """)
  }

  @Test func `text is escaped, and control characters never get through`() {
    var json = JSONWriter()
    json.value("\"\\\n\t\u{1B}[31m\u{9B}é\u{0}")
    #expect(json.text == #""\"\\\n\t\u001b[31m\u009bé\u0000""#)
  }

  @Test func `an event is one line with its own fields and its words`() {
    let event = Event(
      sequence: 3, time: VirtualTime(ticks: 1_000), journey: JourneyID(rawValue: 5), context: ContextID(5, 0),
      rip: 0xFFFF_8000_0000_1000, .endOfInterrupt(VectorNumber(0x4F), inService: VirtualTime(ticks: 850)))
    var json = JSONWriter()
    json.value(event)
    #expect(
      json.text == """
        {"sequence": 3, "time": 1000, "journey": 5, "context": "5.0", "rip": "0xffff800000001000", \
        "kind": "endOfInterrupt", "vector": "0x4f", "inService": 850, "text": "4f in service 850ns"}
        """)
  }

  @Test func `a command keeps everything that a replay needs`() {
    let message = InterruptMessage(vector: VectorNumber(0x31), to: ApicID(3))
    let record = CommandRecord(
      time: VirtualTime(ticks: 9), instructions: 4,
      command: .fire(FireRequest(origin: .context(ContextID(2, 0)), message: message)), refusal: .apicDisabled
    )
    var json = JSONWriter()
    json.value(record)
    #expect(
      json.text == """
        {"time": 9, "instructions": 4, "command": "fire", "from": "2.0", "icr": "0x300004031", "narrow": false, \
        "vector": "0x31", "mode": "fixed", "shorthand": "none", "logical": false, "destination": "0x3", \
        "refusal": "apicDisabled"}
        """)
  }

  @Test func `typed bytes are kept as they were typed`() {
    var json = JSONWriter()
    json.value(CommandRecord(time: .zero, instructions: 0, command: .serialInput([0x1B, 0x5B, 0x41, 7]), refusal: nil))
    #expect(
      json.text
        == #"{"time": 0, "instructions": 0, "command": "serialInput", "bytes": "1b5b4107", "refusal": null}"#)
  }

  @Test func `a dump is valid JSON, says its version first, and does not depend on the host`() throws {
    var machine = MachineSnapshot(vpCount: 1, vtlCount: 2, memoryBytes: 1 << 20)
    var context = ContextSnapshot(id: ContextID(0, 1), group: GroupID(1))
    context.pending = [
      VectorState(
        vector: VectorNumber(0x4F), since: .zero, journey: JourneyID(rawValue: 1), isLevelTriggered: false)
    ]
    context.lastHalt = LastWrite(time: .zero, rip: 1, value: 2)
    var group = GroupSnapshot(id: GroupID(1), vtl: .vtl1)
    group.physical = [MapEntry(key: 3, vp: VPIndex(0))]
    let commands = [
      CommandRecord(time: .zero, instructions: 0, command: .pause, refusal: nil),
      CommandRecord(
        time: .zero, instructions: 0, command: .switchVTL(VPIndex(0), to: .vtl1), refusal: .notPaused),
      CommandRecord(time: .zero, instructions: 0, command: .endOfInterrupt(ContextID(0, 0)), refusal: nil),
      CommandRecord(time: .zero, instructions: 0, command: .serialInput([10]), refusal: .serialInputFull),
    ]
    var platform = PlatformSnapshot()
    var pin = PinSnapshot(index: 17, entry: RedirectionEntry(rawValue: 0x4000_C051))
    pin.device = "\u{1B}[31m"
    platform.ioapics = [IOAPICSnapshot(id: 0, version: 0x11, base: 0xFEC0_0000, pins: [pin])]
    platform.messageRoutes = [
      MessageRouteSnapshot(
        device: "periodic", isEnabled: true, signal: MessageSignal(address: 0xFEE0_0000, data: 0x61),
        group: GroupID(1))
    ]
    (platform.pic, platform.pit, platform.serial) = (PICSnapshot(), PITSnapshot(), SerialSnapshot())
    func dump() -> Dump {
      Dump(
        snapshot: Snapshot(
          machine: machine, contexts: [ContextSnapshot(id: ContextID(0, 0), group: GroupID(0)), context],
          groups: [group], platform: platform),
        events: EventRecordTests.bodies.map { Event($0) }, overwritten: 12, commands: commands)
    }
    let text = dump().json
    #expect(text.hasPrefix("{\n  \"schema\": \"vtlscope.dump\",\n  \"version\": 1,\n"))
    let parsed = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((parsed["events"] as? [Any])?.count == EventRecordTests.bodies.count)
    let snapshot = try #require(parsed["snapshot"] as? [String: Any])
    let contexts = try #require(snapshot["contexts"] as? [[String: Any]])
    #expect(contexts[1]["context"] as? String == "0.1")
    #expect((contexts[1]["pending"] as? [[String: Any]])?.first?["vector"] as? String == "0x4f")
    let hardware = try #require(snapshot["platform"] as? [String: Any])
    let pins = try #require((hardware["ioapics"] as? [[String: Any]])?.first?["pins"] as? [[String: Any]])
    #expect(pins[0]["device"] as? String == "\u{1B}[31m" && pins[0]["remoteIRR"] as? Bool == true)
    #expect((hardware["messageRoutes"] as? [[String: Any]])?.first?["data"] as? String == "0x61")
    #expect(hardware["pic"] is [String: Any] && hardware["pit"] is [String: Any])
    #expect((hardware["serial"] as? [String: Any])?["lineStatus"] as? String == "0x60")

    machine.paceMilli = 77
    machine.epoch = 99
    #expect(dump().json == text)
  }
}
