import Architecture
import Foundation
import Inspector
import Journal
import Testing

@Suite struct `Views for scripts` {
  private static let pages: [(Page, String)] = [
    (.snap, "snap"), (.groups, "groups"), (.timers, "timers"), (.sched(last: .milliseconds(4)), "sched"),
    (.memory, "memory"), (.routes, "routes"), (.vsm, "vsm"),
  ]

  private func model() -> InspectorModel {
    var model = Scene.model()
    model.glyphs = .ascii
    return model
  }

  @Test(arguments: pages) func `the tables of a view, without a screen`(page: Page, name: String) throws {
    try expectGolden(model().text(of: page, width: 100), "page-\(name)")
  }

  @Test(arguments: pages, [40, 80, 100, 200]) func `no line is longer than what there is room for`(
    page: (Page, String), width: Int
  ) {
    let lines = model().text(of: page.0, width: width)
    #expect(!lines.isEmpty)
    #expect(lines.allSatisfy { $0.allSatisfy(\.isASCII) })
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    // The sentences above and below the tables are for whoever wraps them.
    #expect(lines.filter { $0.hasPrefix(" ") }.allSatisfy { $0.count <= width })
  }

  @Test func `what the operator filters, selects and holds on a screen changes nothing`() {
    var model = model()
    let pages = Self.pages.map { model.text(of: $0.0, width: 100) }
    _ = model.execute("select 5.0")
    _ = model.execute("filter ctx=0.0")
    _ = model.execute("view sched")
    _ = model.handle("h")
    #expect(Self.pages.map { model.text(of: $0.0, width: 100) } == pages)
  }

  @Test(arguments: pages.map(\.0) + [.lapic(ContextID(5, 0))]) func `JSON is one document with its schema and version`(
    page: Page
  ) throws {
    let text = model().json(of: page)
    let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((object["schema"] as? String)?.hasPrefix("vtlscope.") == true)
    #expect(object["version"] as? Int == 1)
    #expect(object["time"] as? Int == Int(Scene.now.rawValue))
    #expect(text.hasSuffix("}\n"))
  }

  @Test func `the numbers of the text are those of the JSON`() throws {
    let model = model()
    let text = model.text(of: .snap, width: 100).joined(separator: "\n")
    let object = try #require(JSONSerialization.jsonObject(with: Data(model.json(of: .snap).utf8)) as? [String: Any])
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.count == model.findings.count)
    for finding in findings { #expect(text.contains("\(finding["code"] as? String ?? "?")  ")) }
  }

  // MARK: - One local APIC in the words of its mode

  private func lapic(_ change: (inout ContextSnapshot) -> Void) -> [String] {
    var snapshot = Scene.snapshot(vps: 2, at: Scene.now)
    change(&snapshot.contexts[0])
    var model = InspectorModel(name: "demo.4711", snapshot: snapshot)
    model.glyphs = .ascii
    return model.text(of: .lapic(snapshot.contexts[0].id), width: 100)
  }

  @Test func `xAPIC, flat`() throws {
    let lines = lapic {
      $0.apicBase = 0xFEE0_0900
      $0.apic[0x20] = 0x0300_0000
      $0.apic[0xD0] = 0x0800_0000
      $0.apic[0xE0] = 0xFFFF_FFFF
      // Logical, fixed 51h, to the APICs 0 and 2.
      $0.apic[0x300] = 0x0000_0851
      $0.apic[0x310] = 0x0500_0000
    }
    try expectGolden(lines, "page-lapic-xapic-flat")
    #expect(lines.contains { $0.contains("flat 08") })
    #expect(lines.contains { $0.contains("51 fixed logical 5") })
  }

  @Test func `xAPIC, cluster`() throws {
    let lines = lapic {
      $0.apicBase = 0xFEE0_0900
      $0.apic[0x20] = 0x0300_0000
      $0.apic[0xD0] = 0x1800_0000
      $0.apic[0xE0] = 0x0FFF_FFFF
    }
    try expectGolden(lines, "page-lapic-xapic-cluster")
    #expect(lines.contains { $0.contains("cluster 1 bit 3") })
  }

  /// The same register that reads as eight flat bits in xAPIC mode.
  @Test func `x2APIC, with a logical destination of 32 bits`() throws {
    let lines = lapic {
      $0.apicBase = 0xFEE0_0D00
      $0.apic[0x20] = 0x0000_0023
      $0.apic[0xD0] = 0x0002_0008
      $0.apic[0x300] = 0x0000_0851
      $0.apic[0x310] = 0x0002_000A
    }
    try expectGolden(lines, "page-lapic-x2apic-logical")
    #expect(lines.contains { $0.contains("cluster 2 bit 3") })
    #expect(lines.contains { $0.contains("0002000a`00000851") })
    #expect(lines.contains { $0.contains("id   00000023") })
  }

  @Test func `off in IA32_APIC_BASE, and off in the SVR`() throws {
    let disabled = lapic { $0.apicBase = 0xFEE0_0100 }
    try expectGolden(disabled, "page-lapic-disabled")
    #expect(disabled.contains { $0.contains("mode disabled") })
    let software = lapic {
      $0.apicBase = 0xFEE0_0D00
      $0.apic[0xF0] = 0xFF
    }
    try expectGolden(software, "page-lapic-software-disabled")
    #expect(software.contains { $0.contains("SOFTWARE-DISABLED") })
  }

  // MARK: - Events

  @Test func `events stand on lines, oldest first, each with the time since the one before`() throws {
    let model = model()
    var lines = EventLines(model, width: 120)
    let header = lines.header
    try expectGolden([header] + Scene.events.map { lines.line($0) }, "page-events")
  }

  @Test func `the filter is the one of the list, and says where it goes wrong`() throws {
    let model = model()
    let filter = try EventFilter("kind=IRR vec=4f", model)
    #expect(Scene.events.filter(filter.passes).allSatisfy { $0.kindText == "IRR" })
    #expect(Scene.events.filter(filter.passes).count == 2)
    #expect(try Scene.events.allSatisfy(EventFilter("", model).passes))
    #expect(throws: PaletteError.self) { try EventFilter("kind=FOO", model) }
  }

  @Test func `an event is one JSON object on one line`() throws {
    for event in Scene.events {
      let line = event.jsonLine
      #expect(!line.contains("\n"))
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["sequence"] as? Int == Int(event.sequence))
    }
    let report = EventsReport(Scene.events, missed: 7).json
    let object = try #require(JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any])
    #expect(object["missed"] as? Int == 7)
    #expect((object["events"] as? [Any])?.count == Scene.events.count)
  }
}
