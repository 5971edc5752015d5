import Architecture
import Inspector
import Journal
import Testing

struct GoldenTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  /// The machine that is drawn at `size`: larger where there is more room.
  static func model(_ size: Size) -> InspectorModel {
    var model = Scene.model(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    return model
  }

  private func golden(_ name: String, _ model: InspectorModel, _ size: Size) throws {
    try expectGolden(model.draw(size), "\(name)-\(size.width)x\(size.height)")
  }

  @Test(arguments: sizes) func `the overview`(size: Size) throws {
    try golden("over", Self.model(size), size)
  }

  @Test(arguments: sizes) func `a local APIC whose TPR blocks a vector`(size: Size) throws {
    var model = Self.model(size)
    model.select(ContextID(5, 0))
    _ = model.handle("3")
    try golden("lapic", model, size)
  }

  @Test(arguments: sizes) func `the groups`(size: Size) throws {
    var model = Self.model(size)
    model.select(ContextID(2, 0))
    _ = model.handle("2")
    try golden("groups", model, size)
  }

  @Test(arguments: sizes) func `the help`(size: Size) throws {
    var model = Self.model(size)
    _ = model.handle("?")
    try golden("help", model, size)
  }

  @Test func `a local APIC in xAPIC mode with a flat logical id`() throws {
    var model = Self.model(Size(80, 24))
    model.select(ContextID(0, 1))
    _ = model.handle("3")
    try golden("lapic-flat", model, Size(80, 24))
  }

  @Test func `a local APIC that is off in SVR, of a VP that waits for its SIPI`() throws {
    var model = Self.model(Size(80, 24))
    model.select(ContextID(9, 0))
    _ = model.handle("3")
    try golden("lapic-off", model, Size(80, 24))
  }

  @Test func `a local APIC that is off in APIC_BASE`() throws {
    var model = Self.model(Size(80, 24))
    var snapshot = model.snapshot
    let place = snapshot.contexts.firstIndex { $0.id == ContextID(3, 0) }!
    snapshot.contexts[place].apicBase = 0xFEE0_0000
    snapshot.contexts[place].apic = APICPage()
    snapshot.contexts[place].timer = TimerSnapshot()
    model.apply(Update(snapshot: snapshot))
    model.select(ContextID(3, 0))
    _ = model.handle("3")
    try golden("lapic-disabled", model, Size(80, 24))
  }

  @Test func `the overview where the locale is not UTF-8`() throws {
    var model = Self.model(Size(120, 40))
    model.glyphs = .ascii
    try golden("over-ascii", model, Size(120, 40))
  }
}
