import Foundation
import Testing

extension Screens {
  /// What the program keeps for its user, and what it is told by a configuration.
  @Suite struct `Files and options` {
    private func started(_ scratch: Scratch, _ options: [String] = []) throws -> PseudoTerminal {
      let core = try SyntheticCore(scratch, vps: 4)
      let terminal = try PseudoTerminal(width: 100, height: 30)
      try terminal.attach(core.path, scratch, options: options)
      try #require(terminal.shows("q Quit"))
      return terminal
    }

    private func mode(_ path: String) -> Int? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }

    @Test func `what is copied goes to the terminal and to a file, and the file is named`() throws {
      let scratch = try Scratch()
      let terminal = try started(scratch)
      terminal.type("y")
      #expect(terminal.shows("copied 1 row; it is in ~/vtlscope/yank.txt"))
      let text = try #require(contents("\(scratch.path)/vtlscope/yank.txt"))
      #expect(text.hasPrefix("0.0  "))
      let clipboard = "52;c;" + Data(text.utf8).base64EncodedString()
      #expect(terminal.model.strings.contains { $0.contains(clipboard) })
      terminal.type("w")
      #expect(terminal.shows("saved ~/vtlscope/report-"))
      #expect(mode("\(scratch.path)/vtlscope/yank.txt") == 0o600)
      #expect(mode("\(scratch.path)/vtlscope") == 0o700)
      #expect(terminal.quit() == 0)
    }

    @Test func `a report never goes over a file that is there`() throws {
      let scratch = try Scratch()
      let path = "\(scratch.path)/mine.txt"
      try "mine".write(toFile: path, atomically: true, encoding: .utf8)
      let terminal = try started(scratch)
      terminal.type(":")
      terminal.settle()
      for character in "save \(path)" {
        terminal.type(String(character))
        terminal.settle()
      }
      terminal.type("\r")
      #expect(terminal.shows("File exists"))
      #expect(contents(path) == "mine")
      #expect(terminal.quit() == 0)
    }

    @Test func `what was typed is there again in the next session`() throws {
      let scratch = try Scratch()
      let first = try started(scratch)
      for key in [":", "r", "a", "t", "e", " ", "5", "\r"] {
        first.type(key)
        first.settle()
      }
      #expect(first.quit() == 0)
      #expect(contents("\(scratch.path)/vtlscope/history") == ":rate 5\n")
      let second = try started(scratch)
      second.type(":")
      second.settle()
      second.type("\u{1B}[A")
      #expect(second.shows(":rate 5"))
      second.type("\u{1B}")
      second.settle()
      #expect(second.quit() == 0)
    }

    @Test func `options are saved and hold in the next session, after the command line`() throws {
      let scratch = try Scratch()
      let first = try started(scratch)
      for key in ["O", "j", "l", "s"] {
        first.type(key)
        first.settle()
      }
      #expect(first.shows("saved ~/vtlscope/config.toml"))
      first.type("\u{1B}")
      first.settle()
      #expect(first.quit() == 0)
      #expect(contents("\(scratch.path)/vtlscope/config.toml")?.contains("rate = 15") == true)
      let second = try started(scratch)
      #expect(second.shows("15Hz"))
      #expect(second.quit() == 0)
      let third = try started(scratch, ["--rate", "5"])
      #expect(third.shows("5Hz"))
      #expect(third.quit() == 0)
    }

    @Test(
      arguments: [
        ("theme = \"pink\"", ":1: theme is one of"), ("[keys]\nfire = \"p\"", ":2: the key p would mean"),
        ("\u{0}\u{1B}[2J", ":1: expected a key"),
      ])
    func `a configuration that is wrong is one line and exit 65`(text: String, message: String) throws {
      let scratch = try Scratch()
      let folder = "\(scratch.path)/vtlscope"
      let core = try SyntheticCore(scratch, vps: 2)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try text.write(toFile: "\(folder)/config.toml", atomically: true, encoding: .utf8)
      let terminal = try PseudoTerminal(width: 160, height: 30)
      try terminal.attach(core.path, scratch)
      #expect(terminal.ends(within: 10))
      #expect(terminal.process?.code == 65)
      #expect(terminal.model.contains("config.toml\(message)"))
      #expect(terminal.model.rows.filter { !$0.isEmpty }.count == 1)
    }

    @Test func `a configuration that cannot be read is one line and exit 65, whatever it is`() throws {
      for kind in ["directory", "fifo", "binary", "huge"] {
        let scratch = try Scratch()
        let core = try SyntheticCore(scratch, vps: 2)
        let folder = "\(scratch.path)/vtlscope"
        let path = "\(folder)/config.toml"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        switch kind {
        case "directory": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        case "binary": try Data([0xFF, 0xFE, 0x80]).write(to: URL(fileURLWithPath: path))
        default: try Data(repeating: 0x23, count: 2 << 20).write(to: URL(fileURLWithPath: path))
        }
        let terminal = try PseudoTerminal(width: 160, height: 30)
        try terminal.attach(core.path, scratch)
        #expect(terminal.ends(within: 10), "\(kind)")
        #expect(terminal.process?.code == 65, "\(kind)")
      }
    }

    @Test func `the mouse is only taken when it is asked for, and a click points at a row`() throws {
      let scratch = try Scratch()
      let terminal = try started(scratch)
      #expect(!String(decoding: terminal.log, as: UTF8.self).contains("\u{1B}[?1000h"))
      terminal.type("M")
      #expect(terminal.shows("mouse on"))
      #expect(String(decoding: terminal.log, as: UTF8.self).contains("\u{1B}[?1000h"))
      let row = try #require(terminal.model.rows.firstIndex { $0.contains("  2.0 ") })
      terminal.type("\u{1B}[<0;10;\(row + 1)M\u{1B}[<0;10;\(row + 1)m")
      terminal.settle()
      #expect(terminal.model.rows[row].hasPrefix(">"))
      #expect(terminal.quit() == 0)
      #expect(String(decoding: terminal.log, as: UTF8.self).contains("\u{1B}[?1000l"))
    }
  }
}
