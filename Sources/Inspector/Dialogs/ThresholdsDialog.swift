import Architecture
import Diagnosis
import Journal

/// How old something must be before it is a finding.
struct ThresholdsDialog: Dialog {
  private var place = 0

  /// 1 ms to 1 hour, in steps people think in.
  private static let steps: [VirtualTime] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500].map { .milliseconds($0) }
    + [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600].map { .seconds($0) }

  var title: String { "Thresholds, in virtual time" }

  func size(in model: InspectorModel) -> Size { Size(min(72, model.size.width - 2), Threshold.all.count + 2) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    for (row, item) in Threshold.all.enumerated() {
      let value = model.thresholds[keyPath: item.path]
      let isChanged = value != Thresholds()[keyPath: item.path]
      let line =
        Line(" \(item.name.left(12))", .bold) + Line(value.spanText.right(8), isChanged ? .waiting : .plain)
        + Line("  " + item.help, .dim)
      grid.put(line, row, in: area)
      if row == place { grid.select(row, in: area) }
    }
  }

  func status(_ model: InspectorModel) -> Line? {
    model.thresholds == Thresholds() ? "as they come" : "changed: d takes all of them back"
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [
      FooterItem("j k", "Choose"), FooterItem("h l", "Less, more"), FooterItem("d", "Defaults"),
      FooterItem("Esc", "Close"),
    ]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape, .backspace, .enter, "q", "S": return .close
    case .up, "k", .backTab: place = max(0, place - 1)
    case .down, "j", .tab: place = min(Threshold.all.count - 1, place + 1)
    case .left, "h", "-": change(by: -1, &model)
    case .right, "l", "+": change(by: 1, &model)
    case "d": model.setThresholds(Thresholds())
    default: break
    }
    return .stay
  }

  private func change(by step: Int, _ model: inout InspectorModel) {
    let path = Threshold.all[place].path
    var thresholds = model.thresholds
    let here = Self.steps.lastIndex { $0 <= thresholds[keyPath: path] } ?? 0
    thresholds[keyPath: path] = Self.steps[min(Self.steps.count - 1, max(0, here + step))]
    model.setThresholds(thresholds)
  }
}
