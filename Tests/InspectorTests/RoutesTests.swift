import Architecture
import Inspector
import Interrupts
import Journal
import Testing

struct RoutesTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size) -> InspectorModel {
    var model = Scene.busy(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.strike("9")
    return model
  }

  @Test(arguments: sizes) func `routes are what they were`(size: Size) throws {
    try expectGolden(model(size).draw(size), "routes-\(size.width)x\(size.height)")
  }

  @Test func `a message decoded both ways`() throws {
    var model = model(Size(80, 24))
    model.selection.route = .message(1)
    model.strike("X")
    try expectGolden(model.draw(model.size), "routes-decoded-80x24")
  }

  @Test func `without an IOAPIC the view says so`() throws {
    var model = Scene.model()
    model.size = Size(80, 24)
    model.strike("9")
    try expectGolden(model.draw(model.size), "routes-none-80x24")
  }

  @Test func `a wedged pin is pointed at, stands out and names its signature`() {
    let model = model(Size(80, 24))
    let grid = model.draw(model.size)
    #expect(grid.textRows.contains { $0.hasPrefix(">pin 10") && $0.contains("WEDGED S21") })
    #expect(grid.textRows[22].contains("S21"))
  }

  @Test func `a pin whose vector is in service in its group is not wedged`() {
    var model = model(Size(80, 24))
    var snapshot = model.snapshot
    let place = snapshot.contexts.firstIndex { $0.id == ContextID(3, 1) }!
    Scene.serve(&snapshot.contexts[place], 0x52, since: 0, journey: 1)
    // In another group the EOI is none of the pin's.
    model.apply(Update(snapshot: snapshot))
    #expect(RouteRow.all(model.snapshot).contains { $0.isWedged })
    let member = snapshot.contexts.firstIndex { $0.id == ContextID(3, 0) }!
    Scene.serve(&snapshot.contexts[member], 0x52, since: 0, journey: 1)
    model.apply(Update(snapshot: snapshot))
    #expect(!RouteRow.all(model.snapshot).contains { $0.isWedged })
  }

  @Test func `the extended destination takes seven bits from the address`() throws {
    let model = model(Size(80, 24))
    let row = try #require(RouteRow.all(model.snapshot).first { $0.id == .message(1) })
    let decoding = try #require(RouteDecoding(row, in: model.snapshot))
    // FEE04020h: ID bits 7:0 are 04h, address bit 5 is ID bit 8.
    #expect(decoding.plain.message.command.destination == 0x04)
    #expect(decoding.extended.message.command.destination == 0x104)
    #expect(decoding.plain.check.route.contexts == [ContextID(4, 0)])
    #expect(decoding.extended.check.route.contexts.isEmpty)
    #expect(decoding.plain.check.agrees && decoding.extended.check.agrees)
  }

  @Test func `the history of a pin is its events in the log`() {
    let model = model(Size(120, 40))
    for pin in UInt8(0)..<24 {
      let own = model.events.filter {
        switch $0.body {
        case .pin(pin, _, _, _), .routeWritten(pin, _, _), .remoteIRRCleared(pin, _, _): true
        default: false
        }
      }
      #expect(Array(model.index.routes.events(of: .pin(ioapic: 0, pin: pin))) == own.map(\.sequence))
    }
    #expect(model.index.routes.events(of: .message(0)).count == 1)
  }

  @Test func `J follows the last message of a pin, whose first hop names the pin`() throws {
    var model = model(Size(120, 40))
    model.selection.route = .pin(ioapic: 0, pin: 4)
    model.strike("J")
    let journey = try #require(model.selectedJourney)
    #expect(journey.origin?.text == "pin 4 serial")
    #expect(journey.source == .ioapic)
    let rows = model.draw(model.size).textRows
    #expect(rows.contains { $0.contains("source") && $0.contains("pin 4 serial, line up") })
    try expectGolden(model.draw(model.size), "journey-pin-120x40")
  }

  @Test func `a level-triggered interrupt ends when its pin may send again`() throws {
    var model = model(Size(80, 24))
    model.selection.route = .pin(ioapic: 0, pin: 9)
    model.strike("J")
    #expect(model.selectedJourney?.cleared?.how == .broadcast)
    #expect(model.draw(model.size).textRows.contains { $0.contains("cleared: EOI broadcast") })
  }

  @Test func `the first hop of a message names its route`() throws {
    var model = model(Size(80, 24))
    model.selection.route = .message(0)
    model.strike("J")
    #expect(model.selectedJourney?.origin?.text == "MSI 0 periodic")
  }

  @Test func `a device's name cannot bring control characters into a cell`() {
    var model = model(Size(200, 60))
    var snapshot = model.snapshot
    snapshot.platform.ioapics[0].pins[4].device = "\u{1b}[31m\u{9b}x"
    model.apply(Update(snapshot: snapshot))
    model.selection.route = .pin(ioapic: 0, pin: 4)
    for cell in model.draw(Size(200, 60)).cells { #expect(cell.scalar.value >= 0x20 && cell.scalar.value != 0x9B) }
  }

  @Test func `the report says whom each route reaches`() {
    let model = model(Size(80, 24))
    let report = RoutesReport(model.snapshot)
    #expect(report.routes.count == 24 + 3)
    let serial = report.routes.first { $0.row.id == .pin(ioapic: 0, pin: 4) }
    #expect(serial?.preview?.route.contexts == [ContextID(1, 0)])
    var json = JSONWriter()
    report.write(to: &json)
    #expect(json.text.contains("\"schema\": \"vtlscope.routes\""))
  }
}
