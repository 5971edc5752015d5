import Inspector
import Terminal

/// What the screen keeps in files, and what it says about it.
extension ScreenSession {
  /// On the terminal's clipboard, and in a file for where the terminal has none.
  func copy(_ copied: CopiedText, _ screen: TerminalScreen) -> Line {
    let isShort = screen.copy(copied.text)
    let what = isShort ? "copied \(copied.what)" : "\(copied.what): too long for the terminal's clipboard"
    do throws(FileError) {
      let path = try UserFiles.write(copied.text, copied.fileName, to: .state)
      return Line("\(what); it is in \(escaped(UserFiles.shown(path), limit: 200))")
    } catch {
      return Line("\(what); not in a file: \(escaped(error.description, limit: 200))", .waiting)
    }
  }

  /// In the state directory, or where the operator wants it, and then never over anything.
  func save(_ saved: SavedText) -> Line {
    do throws(FileError) {
      guard let path = saved.path else {
        let path = try UserFiles.write(saved.text, saved.name, to: .state)
        return Line("saved \(escaped(UserFiles.shown(path), limit: 200))")
      }
      try UserFiles.writeNew(path, saved.text)
      return Line("saved \(escaped(path, limit: 200))")
    } catch {
      return Line(escaped(error.description, limit: 200), .wrong)
    }
  }

  func keep(_ options: Options) -> Line {
    do throws(FileError) {
      let path = try UserFiles.write(options.file, Options.fileName, to: .configuration)
      return Line("saved \(escaped(UserFiles.shown(path), limit: 200))")
    } catch {
      return Line(escaped(error.description, limit: 200), .wrong)
    }
  }
}

/// The lines that were typed, from one session to the next.
enum HistoryFile {
  private static var name: String { "history" }

  /// A history that cannot be read is an empty one.
  static func read() -> PromptHistory {
    guard let file = try? UserFiles.read(name, of: .state) else { return PromptHistory() }
    return PromptHistory(file: file.text)
  }

  static func write(_ history: PromptHistory) {
    // Nothing of the session depends on it, and there is nobody left to tell.
    _ = try? UserFiles.write(history.file, name, to: .state)
  }
}
