import Architecture
import Interrupts
import Journal

/// Fires an interrupt, and says first what it would do.
///
/// The preview is what the machine's own routing answers for the snapshot on the screen. A fact that changes
/// between a key and Enter is marked, and Enter is asked for again.
struct FireDialog: Dialog {
  private var form: FireForm
  /// Whom it is for is changed first: the vector is one that the sender's guest handles.
  private var field = FireForm.Field.id
  /// What is being typed into the field; nil shows its value.
  private var typing: String?
  private var seen: FireFacts
  /// The facts before they changed under the operator.
  private var old: FireFacts?
  /// What has been typed to confirm; nil until it is asked for.
  private var confirmation: String?

  /// - Parameter confirming: everything has been said already, but for the `yes`.
  init(_ form: FireForm, confirming: Bool, in model: InspectorModel) {
    self.form = form
    seen = FireFacts(preview(form.request(in: model.snapshot), in: model.snapshot))
    confirmation = confirming ? "" : nil
  }

  var title: String { "Fire interrupt: what-if preview, nothing sent yet" }

  func status(_ model: InspectorModel) -> Line? {
    Line(CommandText.describe(.fire(form.request(in: model.snapshot))))
  }

  // MARK: - Drawing

  func size(in model: InspectorModel) -> Size {
    let isLarge = model.size.width >= 120 && model.size.height >= 40
    return isLarge ? Size(98, 23) : Size(min(78, model.size.width), 20)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    let form = formLines(model)
    grid.put(form, in: rest.takeTop(form.count))
    if isSmall(model) {
      if confirmation != nil || old != nil { grid.put(prompt(model), 0, in: rest.takeTop(1)) }
    } else {
      grid.rule("", 0, in: rest.takeTop(1))
      let bottom = rest.takeBottom(2)
      grid.rule("", 0, in: bottom)
      grid.put(prompt(model), 1, in: bottom)
    }
    let request = self.form.request(in: model.snapshot)
    let text = FirePreviewText(
      preview: preview(request, in: model.snapshot), request: request, model: model, old: old)
    if rest.height >= 12 {
      let matrix = text.matrix(width: rest.width)
      grid.put([Line("  by VP: m reached, - not, x not enabled", .dim)] + matrix, in: rest.takeBottom(matrix.count + 1))
    }
    grid.put(text.lines(rest.height), in: rest)
  }

  private func formLines(_ model: InspectorModel) -> [Line] {
    let snapshot = model.snapshot
    let message = form.message(in: snapshot)
    let group = form.group(in: snapshot)
    let vtl = group.flatMap { model.group($0)?.vtl }
    let fields = form.fields
    var vector = Line.empty
    if fields.contains(.vector) {
      vector = Line("   Vector ", .dim) + box(.vector, value(.vector, model))
    }
    var id = Line.empty
    if fields.contains(.id) { id = Line("   Id ", .dim) + box(.id, value(.id, model)) }
    if isSmall(model) { return smallLines(vector, id, model) }
    var trigger = Line("Trig   ", .dim)
    if fields.contains(.trigger) {
      trigger += options(.trigger, ["edge", "level"], form.isLevel ? 1 : 0)
      if fields.contains(.level) {
        trigger += Line("   Level ", .dim) + options(.level, ["assert", "de-assert"], form.isAsserted ? 0 : 1)
      }
    } else {
      trigger.append("edge", .dim)
    }
    let modes = FireForm.modes
    return [
      originLine(model),
      Line("Group  ", .dim) + Line("\(group.map { "g\($0.rawValue)" } ?? "-")\(vtl.map { " VTL\($0.rawValue)" } ?? "")")
        + Line(message.isNarrow ? "   8-bit destination (xAPIC form)" : "   32-bit destination (x2APIC form)", .dim),
      Line("Mode   ", .dim) + options(.mode, modes.map(\.text), modes.firstIndex(of: form.mode) ?? 0) + vector,
      Line("Dest   ", .dim)
        + options(.address, form.addresses.map(\.text), form.addresses.firstIndex(of: form.address) ?? 0) + id,
      trigger,
      Line("ICR    ", .dim) + Line(TextForm.wide(message.command.rawValue)),
    ]
  }

  /// Where there is no room for the choices, and no room to explain: the values, and what they come to.
  private func isSmall(_ model: InspectorModel) -> Bool { model.size.width < 78 || model.size.height < 22 }

  private func smallLines(_ vector: Line, _ id: Line, _ model: InspectorModel) -> [Line] {
    let one = { (field: FireForm.Field, name: String) in options(field, [name], 0) }
    let level = form.fields.contains(.level) ? " " + one(.level, form.isAsserted ? "assert" : "de-assert") : .empty
    return [
      Line("From ", .dim) + box(.origin, value(.origin, model)) + "   " + one(.trigger, form.isLevel ? "level" : "edge")
        + level,
      Line("Mode ", .dim) + one(.mode, form.mode.text) + vector,
      Line("Dest ", .dim) + one(.address, form.address.text) + id,
    ]
  }

  private func originLine(_ model: InspectorModel) -> Line {
    let isMessage = if case .message = form.origin { true } else { false }
    return Line("From   ", .dim) + Line(isMessage ? "( ) context   (o) MSI into " : "(o) context ")
      + box(.origin, value(.origin, model)) + Line(isMessage ? "" : "   ( ) MSI")
  }

  /// A value that can be typed or turned.
  private func box(_ field: FireForm.Field, _ value: String) -> Line {
    let isHere = field == self.field && confirmation == nil
    let text = isHere ? typing.map { $0 + "_" } ?? value : value
    return Line("[\(text)]", isHere ? Style.bold.selected : .bold)
  }

  /// Values to choose from; the chosen one is in brackets.
  private func options(_ field: FireForm.Field, _ names: [String], _ chosen: Int) -> Line {
    var line = Line.empty
    for (place, name) in names.enumerated() {
      let isHere = field == self.field && confirmation == nil
      if place > 0 { line.append(" ") }
      if place == chosen {
        line.append("[\(name)]", isHere ? Style.bold.selected : .bold)
      } else {
        line.append(name, .dim)
      }
    }
    return line
  }

  private func prompt(_ model: InspectorModel) -> Line {
    if let confirmation {
      return Line("type \(confirmationWord(model)) and Enter to send: ") + Line(confirmation + "_", .bold)
    }
    if model.isReadOnly { return Line("read-only: a preview. To fire, start the core from the inspector", .dim) }
    if !model.isAlive { return Line("the machine has stopped for good: a preview", .dim) }
    if old != nil { return Line("* has changed since you looked: Enter again to fire", .waiting) }
    return Line("as of frame \(model.snapshot.machine.epoch), checked again at Enter", .dim)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    let fire = FooterItem("Enter", confirmation == nil ? "Fire" : "Confirm")
    let rest = [
      FooterItem("Tab", "Field"), FooterItem("Space", "Change"), FooterItem("C", "Copy as command"),
      FooterItem("P", "Preset"), FooterItem("Esc", "Cancel"),
    ]
    return (canAct(model) ? [fire] : []) + rest
  }

  private func canAct(_ model: InspectorModel) -> Bool { !model.isReadOnly && model.isAlive }

  // MARK: - Keys

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    if confirmation != nil { return confirm(key, model) }
    let outcome = edit(key, &model)
    if key != .enter {
      old = nil
      seen = facts(model)
    }
    return outcome
  }

  private mutating func edit(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape, "q": return .close
    case .tab, .down: move(by: 1)
    case .backTab, .up: move(by: -1)
    case .left: change(by: -1, model)
    case .right: change(by: 1, model)
    case " ":
      if field == .origin {
        form.toggleOrigin(model.selection.context, in: model.snapshot)
        typing = nil
      } else {
        change(by: 1, model)
      }
    case .backspace: rubOut(model)
    case "C": return .actAndStay(.copy(CopiedText(form.line(in: model.snapshot) + "\n", "the command")))
    case "P": keepPreset(&model)
    case .character(let scalar): type(character: scalar, &model)
    case .paste(let text): paste(text, &model)
    case .enter: return fire(&model)
    default: break
    }
    return .stay
  }

  /// Kept among those that completion offers; the options save them.
  private func keepPreset(_ model: inout InspectorModel) {
    let line = String(form.line(in: model.snapshot).dropFirst("fire ".count))
    model.presets = model.presets.filter { $0 != line } + [line]
    model.message = Line("kept for :fire and Tab; O s saves it: \(line)")
  }

  private mutating func move(by step: Int) {
    let fields = form.fields
    let place = fields.firstIndex(of: field) ?? 0
    field = fields[(place + step + fields.count) % fields.count]
    typing = nil
  }

  private mutating func change(by step: Int, _ model: InspectorModel) {
    form.change(field, by: step, in: model.snapshot)
    typing = nil
  }

  private func accepts(_ scalar: Unicode.Scalar) -> Bool {
    switch field {
    case .vector, .id: scalar.properties.isASCIIHexDigit
    case .origin: scalar == "." || scalar.value >= 0x30 && scalar.value <= 0x39
    case .mode, .address, .trigger, .level: false
    }
  }

  private mutating func type(character: Unicode.Scalar, _ model: inout InspectorModel) {
    if accepts(character) {
      type((typing ?? "") + String(Character(character)), model)
    } else if character.properties.isASCIIHexDigit, !isText {
      model.message = "Space changes this one; Tab goes to the vector and the ID"
    }
  }

  /// A field whose value is typed.
  private var isText: Bool { field == .vector || field == .id || field == .origin }

  /// Takes back a character of what stands in the field. It never closes the dialog: who rubs out a value too
  /// far has not given up.
  private mutating func rubOut(_ model: InspectorModel) {
    guard isText else { return }
    type(String((typing ?? value(field, model)).dropLast()), model)
  }

  private func value(_ field: FireForm.Field, _ model: InspectorModel) -> String {
    switch field {
    case .vector: TextForm.hex(form.vector, 2)
    case .id: TextForm.hex(form.message(in: model.snapshot).command.destination)
    case .origin:
      switch form.origin {
      case .context(let id): id.description
      case .message(let group): "g\(group.rawValue)"
      }
    case .mode, .address, .trigger, .level: ""
    }
  }

  /// Why what stands in the field is not a value; nil when it is one.
  private func objection(_ model: InspectorModel) -> String? {
    guard let typing else { return nil }
    if typing.isEmpty { return "the field is empty" }
    guard field == .origin, case .context(let id) = form.origin, id.description != typing else { return nil }
    return "\(typing) is no context that could send"
  }

  /// What is typed takes effect with each character, so the preview keeps up; what is not a value yet changes
  /// nothing, and is not fired.
  private mutating func type(_ text: String, _ model: InspectorModel) {
    let longest = field == .vector ? 2 : field == .origin ? 12 : form.isNarrow(in: model.snapshot) ? 2 : 8
    guard text.count <= longest else { return }
    typing = text
    switch field {
    case .vector: form.vector = UInt8(text, radix: 16) ?? form.vector
    case .id: form.id = UInt32(text, radix: 16) ?? form.id
    case .origin:
      if let id = ContextID(text), model.snapshot[id]?.isEnabled == true { form.origin = .context(id) }
    case .mode, .address, .trigger, .level: break
    }
  }

  /// Pasted text is text: it may fill a field, and never more.
  private mutating func paste(_ text: String, _ model: inout InspectorModel) {
    let kept = String(String.UnicodeScalarView(text.unicodeScalars.prefix(16).filter(accepts)))
    guard !kept.isEmpty, kept.unicodeScalars.count == text.unicodeScalars.count else {
      model.message = "pasted text does not fit this field"
      return
    }
    type(kept, model)
  }

  private func facts(_ model: InspectorModel) -> FireFacts {
    FireFacts(preview(form.request(in: model.snapshot), in: model.snapshot))
  }

  private mutating func fire(_ model: inout InspectorModel) -> DialogOutcome {
    if let objection = objection(model) {
      model.message = Line(objection, .wrong)
      return .stay
    }
    typing = nil
    guard canAct(model) else {
      model.message = model.isReadOnly ? "read-only: nothing was sent" : "the machine has stopped for good"
      return .stay
    }
    let now = facts(model)
    if let refusal = now.refusal {
      model.message = Line("refused: " + refusal.text, .wrong)
      return .stay
    }
    guard now == seen else {
      old = seen
      seen = now
      return .stay
    }
    guard !form.isGrave(now) else {
      confirmation = ""
      return .stay
    }
    return .act(.command(.fire(form.request(in: model.snapshot))))
  }

  private func confirmationWord(_ model: InspectorModel) -> String {
    let targets = facts(model).targets
    return targets.count == 1 ? "\(targets[0].context) or yes" : "yes"
  }

  private mutating func confirm(_ key: Key, _ model: InspectorModel) -> DialogOutcome {
    let text = confirmation ?? ""
    switch key {
    case .escape:
      confirmation = nil
      seen = facts(model)
    case .backspace: confirmation = String(text.dropLast())
    case .character(let scalar) where scalar.isASCII && text.count < 12: confirmation = text + String(Character(scalar))
    case .enter:
      let now = facts(model)
      guard now == seen else {
        old = seen
        seen = now
        confirmation = nil
        return .stay
      }
      let names = now.targets.count == 1 ? [now.targets[0].context.description, "yes"] : ["yes"]
      guard names.contains(text), canAct(model) else { return .stay }
      return .act(.command(.fire(form.request(in: model.snapshot))))
    default: break
    }
    return .stay
  }
}

extension InspectorModel {
  /// What is tagged is whom it is for.
  mutating func openFireDialog() {
    var form = FireForm(from: selection.context, in: snapshot)
    form.aim(at: taggedContexts, in: snapshot)
    dialog = FireDialog(form, confirming: false, in: self)
  }
}
