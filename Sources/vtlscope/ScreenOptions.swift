import ArgumentParser
import Glibc
import Host
import Inspector
import Terminal

/// How the screen is to be drawn: the options of every subcommand that has one.
struct ScreenOptions: ParsableArguments {
  @Flag(help: "For a serial line: once a second, ASCII, no mouse, no colour unless --theme asks for it.")
  var serial = false

  @Option(
    help: ArgumentHelp(
      "auto (the default: light or dark as the terminal says its background is), dark, light or mono.",
      valueName: "THEME"))
  var theme: Theme?

  @Flag(help: "Line by line, without a screen: for screen readers, dumb terminals, pipes and scripts.")
  var plain = false

  /// Asked for by an option, or once for all by VTLSCOPE_A11Y=1.
  var wantsLines: Bool { plain || getenv("VTLSCOPE_A11Y").map { String(cString: $0) } == "1" }

  var terminal: TerminalOptions {
    let wantsColour = theme.map { $0 != .mono } ?? !serial
    return TerminalOptions(isSerial: serial, wantsColour: wantsColour, clock: HostClock.now)
  }

  /// What the operator said goes before what the terminal says.
  func apply(to model: inout InspectorModel, on screen: TerminalScreen) {
    model.glyphs = screen.glyphs
    model.theme = theme == nil || theme == .auto || screen.colours == 0 ? screen.theme : theme ?? .auto
    if serial { model.refresh(decihertz: 10) }
  }
}

extension Theme: ExpressibleByArgument {
  public init?(argument: String) {
    guard let theme = Theme.allCases.first(where: { $0.name == argument }) else { return nil }
    self = theme
  }

  public static var allValueStrings: [String] { allCases.map(\.name) }
}
