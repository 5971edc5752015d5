/// The options with one value, to change and to save.
struct OptionsDialog: Dialog {
  private var menu = Menu()

  var title: String { "Options" }

  func size(in model: InspectorModel) -> Size { Size(min(64, model.size.width - 2), Options.names.count + 5) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let options = model.options
    var area = area
    menu.draw(
      Options.names.map { Line($0.left(10)) + Line(options.value($0).left(12), .bold) + Line(Self.about($0), .dim) },
      into: &grid, area.takeTop(Options.names.count))
    _ = area.takeTop(1)
    grid.put("columns: c in each view; thresholds: S in Stuck", .dim, 0, in: area)
    grid.put("s saves all to \(Options.fileName), where [keys] is yours", .dim, 1, in: area)
  }

  private static func about(_ name: String) -> String {
    switch name {
    case "theme": "auto, dark, light, mono"
    case "rate": "looks a second"
    case "glyphs": "auto, ascii"
    case "time": "absolute, relative, delta"
    case "mouse": "clicks and the wheel"
    default: ""
    }
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [FooterItem("Space", "Change"), FooterItem("s", "Save"), FooterItem("j k", "Choose"), FooterItem("Esc", "Close")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    if menu.move(key, count: Options.names.count) { return .stay }
    switch key {
    case .escape, .backspace, "q", "O": return .close
    case "s": return .actAndStay(.keepOptions(model.options))
    case " ", .enter, .right, "l": return change(forwards: true, &model)
    case .left, "h": return change(forwards: false, &model)
    default: return .stay
    }
  }

  private func change(forwards: Bool, _ model: inout InspectorModel) -> DialogOutcome {
    switch Options.names[menu.place] {
    case "theme": model.theme = forwards ? model.theme.next : model.theme.next.next.next
    case "rate": model.changeRate(by: forwards ? 1 : -1)
    case "glyphs": model.wantsASCII.toggle()
    case "time": model.timeMode = forwards ? model.timeMode.next : model.timeMode.next.next
    case "mouse": return .actAndStay(model.toggleMouse())
    default: break
    }
    return .stay
  }
}
