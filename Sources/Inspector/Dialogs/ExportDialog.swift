import Diagnosis
import Journal

/// `e`: what is seen, for other programs, into a file: the documents that `vtlscope snap --json` and its like print.
struct ExportDialog: Dialog {
  private enum Form: UInt8, CaseIterable {
    case view, snapshot, events

    func text(_ view: ViewID) -> String {
      switch self {
      case .view: "the \(view.name) view, as JSON"
      case .snapshot: "every context and finding, as JSON"
      case .events: "the events, one line of JSON each"
      }
    }
  }

  private var menu = Menu(at: 0)
  private let forms: [Form]

  init(_ model: InspectorModel) {
    forms = Form.allCases.filter { $0 != .view || Self.document(model) != nil }
  }

  var title: String { "Export" }

  func size(in model: InspectorModel) -> Size { Size(min(44, model.size.width - 2), forms.count + 2) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    menu.draw(forms.map { Line($0.text(model.view)) }, into: &grid, area)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [FooterItem("Enter", "Save"), FooterItem("j k", "Choose"), FooterItem("Esc", "Cancel")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    if menu.move(key, count: forms.count) { return .stay }
    switch key {
    case .escape, .backspace, "q", "e": return .close
    case .enter: return .act(.save(saved(forms[min(menu.place, forms.count - 1)], model)))
    default: return .stay
    }
  }

  private func saved(_ form: Form, _ model: InspectorModel) -> SavedText {
    switch form {
    case .view: SavedText(text: Self.document(model) ?? "", name: model.fileName(model.view.name, "json"))
    case .snapshot: SavedText(text: model.json(of: .snap), name: model.fileName("snap", "json"))
    case .events: SavedText(text: Self.lines(model.events), name: model.fileName("events", "ndjson"))
    }
  }

  /// The document of the view; nil where it has none of its own.
  private static func document(_ model: InspectorModel) -> String? {
    switch model.view {
    case .groups: model.json(of: .groups)
    case .lapic: model.json(of: .lapic(model.selection.context))
    case .timers: model.json(of: .timers)
    case .sched: model.json(of: .sched(last: model.sched.span))
    case .routes: model.json(of: .routes)
    case .vsm: model.json(of: .vsm)
    case .stuck: Report(model.snapshot, findings: model.findings).json
    default: nil
    }
  }

  private static func lines(_ events: EventBuffer) -> String {
    var text = EventsReport.heading + "\n"
    for event in events { text += event.jsonLine + "\n" }
    return text
  }
}
