import Architecture
import Diagnosis
import Interrupts
import Journal

/// More that may be done to one context: what an interrupt controller sends to one processor, an EOI on its behalf, and
/// a reset. Each says first what would come of it.
struct ActionMenu: Dialog {
  /// Bound to the context it was opened for.
  let context: ContextID
  private var choice: ContextAct
  /// What has been typed to confirm; nil until a confirmation is asked for.
  private var typed: String?

  init(_ context: ContextID, at choice: ContextAct = .nmi) {
    self.context = context
    self.choice = choice
  }

  /// Everything has been said already, but for the name.
  static func confirming(_ choice: ContextAct, of context: ContextID) -> ActionMenu {
    var menu = ActionMenu(context, at: choice)
    menu.typed = ""
    return menu
  }

  var title: String { "Act on \(context)" }

  func size(in model: InspectorModel) -> Size { Size(min(76, model.size.width - 2), ContextAct.allCases.count + 5) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    grid.put(question(model), 0, in: rest.takeBottom(1))
    let left = Line("not in this core: memory write, mask timer, kick", .dim)
    if rest.height > ContextAct.allCases.count { grid.put(left, 0, in: rest.takeBottom(1)) }
    let rows = window(count: ContextAct.allCases.count, selected: Int(choice.rawValue), visible: rest.height)
    for (row, place) in rows.enumerated() {
      let item = ContextAct.allCases[place]
      let style = item == choice ? Style.plain.selected : .plain
      let effect = effect(item, model)
      grid.put(
        Line(" \(Character(item.key)) ", .bold) + Line(" \(item.text.left(18))", style)
          + Line("  " + effect.text, effect.isRefused ? .wrong : .plain), row, in: rest)
    }
  }

  private func question(_ model: InspectorModel) -> Line {
    if let typed {
      let what = choice == .startup ? "a page and \(context) or yes, such as 08 yes" : "\(context) or yes"
      return Line("type \(what), then Enter: ") + Line(typed + "_", .bold)
    }
    let idle = model.isReadOnly ? "read-only: a preview. To act, start the core from the inspector" : nil
    return Line(idle ?? "Enter does what is selected", .dim)
  }

  private func effect(_ item: ContextAct, _ model: InspectorModel) -> ContextActEffect {
    ContextActEffect(of: item, on: context, isAlive: model.isAlive, in: model.snapshot)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    let act = model.isReadOnly ? [] : [FooterItem("Enter", typed == nil ? "Do" : "Confirm")]
    return act + [FooterItem("j k", "Choose"), FooterItem("Esc", "Cancel")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    if let text = typed { return confirm(text, key, &model) }
    switch key {
    case .escape, .backspace, "q", "x": return .close
    case .up, "k", .backTab: choice = ContextAct(rawValue: choice.rawValue &- 1) ?? choice
    case .down, "j", .tab: choice = ContextAct(rawValue: choice.rawValue + 1) ?? choice
    case .character(let scalar):
      guard let item = ContextAct.allCases.first(where: { $0.key == scalar }) else { break }
      choice = item
      return act(&model)
    case .enter: return act(&model)
    default: break
    }
    return .stay
  }

  private mutating func act(_ model: inout InspectorModel) -> DialogOutcome {
    guard !model.isReadOnly else {
      model.message = "read-only: nothing was done"
      return .stay
    }
    let effect = effect(choice, model)
    guard !effect.isRefused else {
      model.message = Line(effect.text, .wrong)
      return .stay
    }
    if choice == .endOfInterrupt { return .act(.command(.endOfInterrupt(context))) }
    typed = ""
    return .stay
  }

  /// What cannot be taken back may not be done by one stray key: the name of the context is typed.
  private mutating func confirm(_ text: String, _ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape: typed = nil
    case .backspace: typed = String(text.dropLast())
    case .character(let scalar) where scalar.isASCII && text.count < 16:
      typed = text + String(Character(scalar))
    case .enter:
      guard let command = command(confirmedBy: text, in: model.snapshot) else { break }
      let effect = effect(choice, model)
      guard !model.isReadOnly, !effect.isRefused else {
        model.message = Line(model.isReadOnly ? "read-only: nothing was done" : effect.text, .wrong)
        break
      }
      return .act(.command(command))
    default: break
    }
    return .stay
  }

  /// The command, when `text` is the name or `yes`; before it the page where a SIPI starts. Nil when it is not.
  private func command(confirmedBy text: String, in snapshot: Snapshot) -> Command? {
    var words = text.split(separator: " ").map(String.init)
    var page: UInt8 = 0
    if choice == .startup {
      guard words.count == 2, let typed = PaletteWords.hex(words.removeFirst(), digits: 2) else { return nil }
      page = UInt8(typed)
    }
    guard words == [context.description] || words == ["yes"] else { return nil }
    return choice.command(on: context, vector: VectorNumber(rawValue: page), in: snapshot)
  }
}

extension InspectorModel {
  mutating func openActionMenu() { dialog = ActionMenu(selection.context) }
}
