import Interrupts
import Journal

/// What is drawn of a prompt: the line itself, and above it what could come next.
enum PromptBox {
  /// The line with its cursor; the end of it where it is longer than the screen.
  static func line(_ prompt: Prompt, width: Int) -> Line {
    let text = Array(prompt.text.unicodeScalars)
    let room = max(1, width - 2)
    let first = max(0, prompt.cursor - room + 1)
    var line = Line(String(prompt.kind.mark), .bold)
    for (place, scalar) in text.enumerated().dropFirst(first).prefix(room) {
      line.append(String(Character(scalar)), place == prompt.cursor ? .badge : .plain)
    }
    if prompt.cursor == text.count { line.append(" ", .badge) }
    guard line.width + 2 + prompt.note.width <= width else { return line }
    return line.padded(to: width - prompt.note.width) + prompt.note
  }

  /// Over the lower edge of the view.
  static func draw(_ prompt: Prompt, _ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let rows = rows(prompt, model, width: area.width, height: min(12, area.height / 2))
    guard !rows.isEmpty else { return }
    var area = area
    let place = area.takeBottom(rows.count)
    grid.clear(place)
    grid.put(rows, in: place)
  }

  private static func rows(_ prompt: Prompt, _ model: InspectorModel, width: Int, height: Int) -> [Line] {
    let hint = hint(prompt, model)
    let cycling = prompt.cycling
    let all = cycling.map { $0.words.map { PaletteCompletion($0) } } ?? model.completions(of: prompt)
    let room = max(0, height - (hint == nil ? 1 : 2))
    let shown = window(count: all.count, selected: cycling?.place, visible: room)
    guard !shown.isEmpty || hint != nil else { return [] }
    var rows = [rule(all.count > shown.count ? "\(all.count) could follow" : "", width)]
    for place in shown {
      let line = row(all[place], width: width)
      rows.append(place == cycling?.place ? Line(line.padded(to: width).text, Style.plain.selected) : line)
    }
    if let hint { rows.append(" " + hint) }
    return rows
  }

  private static func rule(_ title: String, _ width: Int) -> Line {
    let text = title.isEmpty ? "" : " \(title) ".clipped(to: max(0, width - 2))
    return Line("──", .dim) + Line(text) + Line(String(repeating: "─", count: max(0, width - 2 - text.columns)), .dim)
  }

  private static func row(_ completion: PaletteCompletion, width: Int) -> Line {
    guard width >= 60 else {
      return Line(" " + completion.word.left(18), .bold) + Line(completion.key.left(8), .bold)
        + Line(completion.help, .dim)
    }
    let room = width - 46
    let usage = (completion.word + " " + completion.usage).clippedAtWord(to: room)
    let rest = usage.columns > completion.word.columns ? String(usage.dropFirst(completion.word.count)) : ""
    let head = Line(" ") + Line(completion.word.clipped(to: room), .bold) + Line(rest, .dim)
    return head.padded(to: room + 2) + Line(completion.key.left(9), .bold) + Line(completion.help)
  }

  /// What Enter would do, or how the command goes on.
  private static func hint(_ prompt: Prompt, _ model: InspectorModel) -> Line? {
    if let error = prompt.error { return Line(error.description, .wrong) }
    guard prompt.kind == .palette else { return nil }
    let words = prompt.text.split(separator: " ")
    guard let name = words.first, let entry = Palette.entry(String(name)) else { return nil }
    let isBegun = words.count > 1 || prompt.text.hasSuffix(" ")
    do throws(PaletteError) {
      guard isBegun, case .fire(let line) = try Palette.parse(prompt.text) else { return nil }
      let request = try line.form(model).request(in: model.snapshot)
      let text = FirePreviewText(
        preview: preview(request, in: model.snapshot), request: request, model: model, old: nil)
      return text.lines(1).first
    } catch {
      return entry.usage.isEmpty ? nil : Line("\(entry.name) \(entry.usage)", .dim)
    }
  }
}
