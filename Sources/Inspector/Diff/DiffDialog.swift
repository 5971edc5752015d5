import Architecture
import Journal

/// What changed since the mark: only the fields that did, what they were and what they are, and who changed them.
struct DiffDialog: Dialog {
  private enum Scope: Hashable, Sendable {
    case one(ContextID)
    case tagged
    case all
    /// Two tagged contexts beside each other, as they are now.
    case compared(ContextID, ContextID)
  }

  private var scope: Scope
  private let selected: ContextID
  private var showsProgress = false
  private var scroll = 0
  /// What has changed up to the snapshot on the screen: found anew with each one and with each key, not with each look.
  private var changes: [Change] = []

  init(_ context: ContextID, in model: InspectorModel) {
    selected = context
    scope = .one(context)
    refresh(model)
  }

  mutating func refresh(_ model: InspectorModel) { changes = found(model) }

  private func scopes(_ model: InspectorModel) -> [Scope] {
    let tagged = model.taggedContexts
    let pair: [Scope] = tagged.count == 2 ? [.compared(tagged[0], tagged[1])] : []
    return [.one(selected)] + (tagged.isEmpty ? [] : [.tagged]) + pair + [.all]
  }

  var title: String {
    switch scope {
    case .one(let id): "Changes of \(id)"
    case .tagged: "Changes of what is tagged"
    case .all: "Changes of everything"
    case .compared(let a, let b): "\(a) beside \(b)"
    }
  }

  func size(in model: InspectorModel) -> Size {
    let width = min(100, model.size.width - 2)
    return Size(width, lines(model, width: width - 4).count + 2)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let all = lines(model, width: area.width)
    grid.put(Array(all.dropFirst(min(scroll, max(0, all.count - area.height)))), in: area)
  }

  private func found(_ model: InspectorModel) -> [Change] {
    let base = model.marks.base(model.snapshot).snapshot
    let changes = Changes(old: base, new: model.snapshot, model: model, showsProgress: showsProgress)
    switch scope {
    case .one(let id): return changes.of(id)
    case .tagged: return model.taggedContexts.flatMap { changes.of($0) }
    case .all: return changes.all
    case .compared(let a, let b):
      guard let one = model.snapshot[a], let other = model.snapshot[b] else { return [] }
      return ContextSnapshot.differences(one, other, in: model.snapshot)
    }
  }

  func lines(_ model: InspectorModel, width: Int) -> [Line] {
    let base = model.marks.base(model.snapshot)
    var head = Line("since \(base.name), \(model.ago(base.snapshot.machine.time).spanText) ago", .dim)
    if case .compared = scope { head = Line("as they are now", .dim) }
    if showsProgress { head.append(", with what changes while it runs", .dim) }
    let lines = changes.map { $0.line(width: width) }
    return [head] + (lines.isEmpty ? [Line("no change")] : lines)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [
      FooterItem("Tab", "Whose"), FooterItem("+", showsProgress ? "Less" : "More"), FooterItem("m", "Mark now"),
      FooterItem("y", "Yank"), FooterItem("j k", "Scroll"), FooterItem("Esc", "Close"),
    ]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    defer { refresh(model) }
    switch key {
    case .escape, .backspace, .enter, "q", "d": return .close
    case .down, "j": scroll = min(scroll + 1, max(0, lines(model, width: 80).count - 1))
    case .up, "k": scroll = max(0, scroll - 1)
    case .tab: turn(by: 1, model)
    case .backTab: turn(by: -1, model)
    case "+", "-", "=": showsProgress.toggle()
    case "m": model.setMark()
    case "y":
      let lines = lines(model, width: 200).map { $0.text + "\n" }
      return .actAndStay(.copy(CopiedText(lines.joined(), "\(changes.count) changes")))
    default: break
    }
    return .stay
  }

  private mutating func turn(by step: Int, _ model: InspectorModel) {
    let all = scopes(model)
    let place = all.firstIndex(of: scope) ?? 0
    scope = all[(place + step + all.count) % all.count]
    scroll = 0
  }
}

extension InspectorModel {
  mutating func openDiff() { dialog = DiffDialog(selection.context, in: self) }
}
