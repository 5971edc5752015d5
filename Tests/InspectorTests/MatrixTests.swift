import Architecture
import Foundation
import Inspector
import Testing

/// Every view at nine sizes in four themes, as one line of fingerprints for each: text, then how it looks in each
/// theme. The pictures to read are the other goldens; a difference here and not there is in a size or a theme that
/// has none.
struct MatrixTests {
  static let sizes = [
    Size(40, 10), Size(60, 15), Size(80, 24), Size(81, 25), Size(100, 30), Size(120, 40), Size(132, 43), Size(200, 60),
    Size(300, 100),
  ]

  /// The screens, by what is typed to get to them.
  static let screens: [(name: String, keys: [Key])] = [
    ("over", ["1"]), ("groups", ["2"]), ("lapic", ["3"]), ("events", ["6", .down, .down]),
    ("journey", ["6", .end, .up, "J"]), ("help", ["?"]), ("grid", ["t"]), ("folded", ["-"]),
    ("palette", [":", "f", "i"]),
    ("diff", ["d"]), ("sort", [">"]), ("options", ["O"]), ("timers", ["4"]), ("sched", ["5"]), ("routes", ["9"]),
    ("stuck", ["7"]), ("memory", ["8"]), ("vsm", ["o"]),
  ]

  /// The machine on the screen: one with devices and a full log where those are looked at.
  static func model(_ size: Size, _ keys: [Key]) -> InspectorModel {
    let isBusy = keys == ["4"] || keys == ["5"] || keys == ["9"]
    if keys == ["8"] {
      var model = Scene.secured(vps: size.width >= 200 ? 64 : 16)
      model.size = size
      model.strike("8")
      return model
    }
    if keys == ["o"] {
      var model = Scene.virtualSecureMode(vps: size.width >= 200 ? 64 : 16)
      model.size = size
      model.select(ContextID(1, 1))
      model.strike("o")
      return model
    }
    var model = isBusy ? Scene.busy(vps: size.width >= 200 ? 64 : 16) : GoldenTests.model(size)
    model.size = size
    for key in keys { _ = model.handle(key) }
    return model
  }

  @Test(arguments: screens.map(\.name)) func `each screen looks what it looked like`(name: String) throws {
    let screen = Self.screens.first { $0.name == name }!
    var lines: [String] = []
    for size in Self.sizes {
      lines.append(Self.line(size, Self.model(size, screen.keys)))
    }
    try expectGolden(lines, "matrix-\(name)")
  }

  private static func line(_ size: Size, _ model: InspectorModel) -> String {
    let grid = model.draw(size)
    var plain = model
    plain.glyphs = .ascii
    let themes: [(String, Theme, Int)] = [("dark", .dark, 8), ("light", .light, 8), ("mono", .mono, 256)]
    let looks = themes.map { name, theme, colours in
      "\(name) \(fingerprint(grid.cells.map { "\(theme.appearance(of: $0.style, colours: colours))" }))"
    }
    let ascii = "ascii \(fingerprint(plain.draw(size).textRows))"
    return (["\(size.width)x\(size.height)", "text \(fingerprint(grid.textRows))"] + looks + [ascii]).joined(
      separator: "  ")
  }

  /// FNV-1a, 32 bits.
  private static func fingerprint(_ parts: [String]) -> String {
    var hash: UInt32 = 2_166_136_261
    for part in parts {
      for byte in part.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
      hash = (hash ^ 10) &* 16_777_619
    }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }

  @Test(arguments: sizes) func `no word of the frame is cut at any size`(size: Size) {
    for screen in Self.screens where screen.name != "palette" {
      let rows = Self.model(size, screen.keys).draw(size).textRows
      // The header and the last line give up parts, never letters.
      #expect(!rows[0].contains("…") || size.width < 60, "\(screen.name) \(rows[0])")
      #expect(!rows[size.height - 1].contains("…"), "\(screen.name) \(rows[size.height - 1])")
    }
  }

  @Test func `40 by 10 has a header, a table with three columns, and the way to everything else`() {
    let rows = GoldenTests.model(Size(40, 10)).draw(Size(40, 10)).textRows
    #expect(rows.count == 10)
    #expect(rows[0].hasPrefix(" vtlscope demo.4711  RUN"))
    #expect(rows[1].split(separator: " ") == ["CTX", "St", "NOTE"])
    #expect(rows[9].hasPrefix("? Help  : Cmd") && rows[9].hasSuffix("q Quit"))
  }
}
