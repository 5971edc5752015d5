import Architecture
import Diagnosis
import Journal

/// Text that was copied: for the terminal's clipboard, and for a file.
public struct CopiedText: Hashable, Sendable {
  public var text: String
  /// What it is, for the message: `3 rows`.
  public var what: String
  public var isJSON: Bool

  /// The file of the state directory that always has what was copied last.
  public var fileName: String { isJSON ? "yank.json" : "yank.txt" }

  public init(_ text: String, _ what: String, isJSON: Bool = false) {
    self.text = text
    self.what = what
    self.isJSON = isJSON
  }
}

/// A report to keep.
public struct SavedText: Hashable, Sendable {
  public var text: String
  /// A name for a file of the state directory.
  public var name: String
  /// Where the operator wants it instead.
  public var path: String?
}

extension InspectorModel {
  /// Copies the rows that are tagged, or the selected one; where there is none, all that is in sight.
  mutating func yank(json: Bool) -> Action? {
    let rows = yankedRows
    guard json else {
      return rows.isEmpty ? yankPane() : .copy(CopiedText(lined(texts(of: rows)), Self.count(rows)))
    }
    guard let list = listView, !rows.isEmpty else {
      message = "nothing here has a form in JSON"
      return nil
    }
    var writer = JSONWriter()
    if rows.count == 1 {
      list.json(rows[0], self, &writer)
    } else {
      writer.array { writer in for row in rows { list.json(row, self, &writer) } }
    }
    return .copy(CopiedText(writer.text + "\n", Self.count(rows), isJSON: true))
  }

  /// Copies what the view shows, as it is drawn.
  func yankPane() -> Action? { .copy(CopiedText(lined(pane), "the \(view.name) view")) }

  private static func count(_ rows: [RowID]) -> String { rows.count == 1 ? "1 row" : "\(rows.count) rows" }

  private func lined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  private var yankedRows: [RowID] {
    guard let list = listView else { return [] }
    let tagged = tags.isEmpty ? [] : list.shownRows(self).filter { tags.contains($0) }
    if !tagged.isEmpty { return tagged }
    return list.selectedRow(self).map { [$0] } ?? visibleRows
  }

  /// The rows of the screen that belong to the view.
  private var pane: [String] {
    let rows = draw(size).textRows
    guard ScreenFrame.hasRoom(size) else { return rows }
    let content = ScreenFrame(size).content
    var pane = Array(rows[content.y..<content.y + content.height])
    while pane.last?.isEmpty == true { pane.removeLast() }
    return pane
  }

  /// `w`: what is wrong, in words, and the screen as it is.
  func report(path: String? = nil) -> Action {
    let machine = snapshot.machine
    var text = "vtlscope \(TextForm.escaped(name))  \(machine.time.pointText) s  frame \(machine.epoch)\n\n"
    text += TextForm.escapedLines(Report(snapshot, findings: findings).text())
    text += "\n\(size.width)x\(size.height) \(view.name)\n" + lined(draw(size).textRows)
    return .save(SavedText(text: text, name: fileName("report", "txt"), path: path))
  }

  /// `report-demo.4711-12.481903.txt`: of this core, at this moment.
  func fileName(_ what: String, _ ending: String) -> String {
    let place = snapshot.machine.time.pointText.filter { $0 != " " }
    let name = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == ".") }
    return "\(what)-\(name)-\(place).\(ending)"
  }
}

extension TextForm {
  /// The same line by line.
  static func escapedLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(separator: "\n")
  }
}
