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
  var wantsLines: Bool { plain || UserFiles.environment("VTLSCOPE_A11Y") == "1" }

  @Option(help: ArgumentHelp("Looks at the core a second, 0.2...30; 10 unless said.", valueName: "HZ"))
  var rate: Double?

  var terminal: TerminalOptions {
    let wantsColour = theme.map { $0 != .mono } ?? !serial
    return TerminalOptions(isSerial: serial, wantsColour: wantsColour, clock: HostClock.now)
  }

  /// The configuration file, with what the environment says instead: `VTLSCOPE_THEME`, `VTLSCOPE_RATE` and so on.
  func saved() throws -> Options {
    var options = try Self.configured()
    for name in Options.names {
      let variable = "VTLSCOPE_" + name.uppercased()
      guard let value = UserFiles.environment(variable) else { continue }
      do throws(OptionError) { try options.set(name, to: value) } catch {
        throw fail(.badInput, "\(variable): \(error.text)")
      }
    }
    return options
  }

  private static func configured() throws -> Options {
    var path = Options.fileName
    do {
      guard let file = try UserFiles.read(Options.fileName, of: .configuration) else { return Options() }
      path = file.path
      return try Options(file: file.text)
    } catch let error as FileError {
      throw fail(.badInput, error.description)
    } catch let error as ConfigurationError {
      throw fail(.badInput, "\(path):\(error.line): \(error.text)")
    }
  }

  /// What was said on the command line goes before what is configured, and that before what the terminal says.
  func apply(_ saved: Options, to model: inout InspectorModel, on screen: TerminalScreen) {
    apply(saved, to: &model)
    model.glyphs = screen.glyphs
    let theme = theme ?? saved.theme
    model.theme = theme == .auto || screen.colours == 0 ? screen.theme : theme
  }

  /// The same where there is no screen.
  func apply(_ saved: Options, to model: inout InspectorModel) {
    model.apply(saved)
    if serial { model.refresh(decihertz: 10) }
    if let rate { model.refresh(decihertz: Int((rate * 10).rounded())) }
  }

  func validate() throws {
    if let rate, !(0.2...30).contains(rate) { throw fail(.usage, "--rate: need 0.2...30, not \(rate)") }
  }
}

extension Theme: ExpressibleByArgument {
  public init?(argument: String) {
    guard let theme = Theme.allCases.first(where: { $0.name == argument }) else { return nil }
    self = theme
  }

  public static var allValueStrings: [String] { allCases.map(\.name) }
}
