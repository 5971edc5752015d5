/// All keys, from the key map.
enum HelpPage {
  static var status: Line { "every command has a plain key; function keys are never the only way" }

  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let inside = grid.box("Help", area)
    var keys = inside
    let width = keys.width / 3
    for purpose in KeyPurpose.allCases {
      grid.put(lines(purpose, width), in: keys.takeLeft(width))
    }
  }

  private static func lines(_ purpose: KeyPurpose, _ width: Int) -> [Line] {
    var lines = [Line(purpose.title, .bold)]
    for binding in KeyMap.bindings where binding.purpose == purpose {
      let keys = binding.keys.map(\.name).joined(separator: " ")
      lines.append(Line(keys.left(9), .bold) + Line(binding.help.clipped(to: width - 10)))
    }
    return lines
  }
}
