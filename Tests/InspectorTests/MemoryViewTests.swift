import Architecture
import Foundation
import Inspector
import Journal
import Testing

struct MemoryViewTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size) -> InspectorModel {
    var model = Scene.secured(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.strike("8")
    return model
  }

  @Test(arguments: sizes) func `protected memory is what it was`(size: Size) throws {
    try expectGolden(model(size).draw(size), "memory-\(size.width)x\(size.height)")
  }

  @Test(arguments: sizes) func `memory that nobody protects`(size: Size) throws {
    var model = Scene.model()
    model.size = size
    model.strike("8")
    try expectGolden(model.draw(size), "memory-none-\(size.width)x\(size.height)")
  }

  @Test func `an empty list says why it is empty`() {
    func status(_ change: (inout Snapshot) -> Void) -> String {
      var model = Scene.model()
      var snapshot = model.snapshot
      change(&snapshot)
      model.apply(Update(snapshot: snapshot))
      model.size = Size(120, 40)
      model.strike("8")
      return model.draw(model.size).textRows[38]
    }
    #expect(status { $0.contexts.removeAll { $0.id.vtl == .vtl1 } }.contains("only VTL0 is enabled"))
    #expect(status { _ in }.contains("has not set EnableVtlProtection"))
    #expect(
      status { snapshot in
        for i in snapshot.contexts.indices { snapshot.contexts[i].vsm.partitionConfig = 1 }
      }.contains("allows everything"))
  }

  @Test func `a run is explained in words, with who was denied last`() {
    var model = model(Size(200, 60))
    model.strike("j")
    let status = model.draw(model.size).textRows[58]
    #expect(status.contains("VTL0 may read, not write or execute 16 pages from 1f3c000"))
    #expect(status.contains("set by 0.1"))
    #expect(status.contains("2 denied, last 2.0 write of 1f3d020"))
  }

  @Test func `only runs with denials, and back`() {
    var model = model(Size(120, 40))
    #expect(model.draw(model.size).textRows.filter { $0.contains("VTL0 ") && $0.contains("-00") }.count >= 3)
    model.strike("D")
    let rows = model.draw(model.size).textRows
    #expect(rows.contains { $0.hasPrefix(">001f3c000-001f4bfff") })
    #expect(!rows.contains { $0.contains("000400000-0004fffff") })
    model.strike("D")
    #expect(model.draw(model.size).textRows.contains { $0.contains("000400000-0004fffff") })
  }

  @Test func `runs that lie about their place and length do no harm`() {
    var model = model(Size(80, 24))
    var snapshot = model.snapshot
    snapshot.memory.protections = [
      ProtectionRun(vtl: .vtl0, firstPage: .max, count: .max, access: 0xFF),
      ProtectionRun(vtl: .vtl0, firstPage: 0, count: .max, access: 2),
      ProtectionRun(vtl: .vtl0, firstPage: 1, count: 0, access: 0),
    ]
    snapshot.machine.memoryBytes = .max
    model.apply(Update(snapshot: snapshot))
    for size in Self.sizes { #expect(model.draw(size).textRows.count == size.height) }
    _ = model.json(of: .memory)
    snapshot.machine.memoryBytes = 0
    model.apply(Update(snapshot: snapshot))
    for size in Self.sizes { #expect(model.draw(size).textRows.count == size.height) }
  }

  @Test func `scripts get the same runs`() throws {
    var model = Scene.secured()
    model.glyphs = .ascii
    try expectGolden(model.text(of: .memory, width: 100), "page-memory-protected")
    let text = model.json(of: .memory)
    let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let runs = try #require(object["protections"] as? [[String: Any]])
    #expect(runs.map { $0["access"] as? String } == ["r-x", "r--", "r-u", "---"])
    #expect(runs.map { $0["denied"] as? Int } == [0, 2, 0, 0])
  }
}
