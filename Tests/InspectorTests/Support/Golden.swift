import Foundation
import Inspector
import Testing

/// A grid against a file of text and style letters. `VTLSCOPE_UPDATE_GOLDENS=1` writes the file instead.
func expectGolden(_ grid: Grid, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let file = folder.appendingPathComponent("Golden/\(name).txt")
  let text = (grid.textRows + ["=== styles"] + grid.styleRows).joined(separator: "\n") + "\n"
  if ProcessInfo.processInfo.environment["VTLSCOPE_UPDATE_GOLDENS"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8)
  guard expected != text else { return }
  let pairs = zip(
    expected.split(separator: "\n", omittingEmptySubsequences: false),
    text.split(separator: "\n", omittingEmptySubsequences: false))
  let first = pairs.enumerated().first { $0.element.0 != $0.element.1 }
  Issue.record(
    "\(name) differs in line \((first?.offset ?? 0) + 1):\n-\(first?.element.0 ?? "")\n+\(first?.element.1 ?? "")",
    sourceLocation: sourceLocation)
}

/// Lines of text against a file of them.
func expectGolden(_ lines: [String], _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let file = folder.appendingPathComponent("Golden/\(name).txt")
  let text = lines.joined(separator: "\n") + "\n"
  if ProcessInfo.processInfo.environment["VTLSCOPE_UPDATE_GOLDENS"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
  let actual = text.split(separator: "\n", omittingEmptySubsequences: false)
  guard expected != actual else { return }
  let place = zip(expected, actual).enumerated().first { $0.element.0 != $0.element.1 }?.offset
  let line = place ?? min(expected.count, actual.count)
  Issue.record(
    "\(name) differs in line \(line + 1):\n-\(expected.dropFirst(line).first ?? "")\n+\(actual.dropFirst(line).first ?? "")",
    sourceLocation: sourceLocation)
}
