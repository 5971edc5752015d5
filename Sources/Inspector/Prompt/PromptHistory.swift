/// The lines that were typed into each kind of prompt, the newest last. A file keeps them, one to a line with
/// the prompt's mark before it.
public struct PromptHistory: Hashable, Sendable {
  /// More of a kind are forgotten, the oldest first.
  public static var limit: Int { 200 }

  private var lines: [Prompt.Kind: [String]] = [:]

  public init() {}

  /// Reads a file of lines. What is no line of a history is left out: the file is anybody's.
  public init(file text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      guard let kind = Prompt.Kind.allCases.first(where: { $0.mark == line.first }) else { continue }
      var prompt = Prompt(kind)
      prompt.insert(String(line.dropFirst()))
      add(prompt.text, to: kind)
    }
  }

  public subscript(kind: Prompt.Kind) -> [String] { lines[kind] ?? [] }

  /// A line comes once, where it was typed last.
  public mutating func add(_ line: String, to kind: Prompt.Kind) {
    guard !line.isEmpty else { return }
    var all = self[kind].filter { $0 != line }
    all.append(line)
    lines[kind] = Array(all.suffix(Self.limit))
  }

  public var file: String {
    Prompt.Kind.allCases.flatMap { kind in self[kind].map { "\(kind.mark)\($0)\n" } }.joined()
  }
}
