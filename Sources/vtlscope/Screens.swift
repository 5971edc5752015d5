import ArgumentParser
import Glibc
import Host
import Inspector
import Region
import Terminal

/// The inspector on a region: on the screen, or line by line where there can be none.
///
/// - Parameter begin: done once it is clear which.
func look(
  at reader: RegionReader, mailbox: Mailbox?, _ options: ScreenOptions, begin: () -> Void = {}
) throws {
  // A configuration that is wrong is refused while there is still a line to say so on.
  let saved = try options.saved()
  if !options.wantsLines {
    do {
      return try withScreen(options) { screen throws(RegionError) in
        begin()
        var session = try ScreenSession(reader, mailbox: mailbox)
        try session.run(on: screen, options, saved)
      }
    } catch let error as TerminalError {
      complain("\(error.description): line by line, as with --plain")
    }
  }
  begin()
  var session: PlainSession
  do throws(RegionError) { session = try PlainSession(reader, mailbox: mailbox, options, saved) } catch {
    throw fail(error)
  }
  try session.run()
}

/// Runs `body` with the terminal taken over, and gives it back whatever happens. Throws a `TerminalError` when there can
/// be no screen.
func withScreen(_ options: ScreenOptions, _ body: (TerminalScreen) throws(RegionError) -> Void) throws {
  let screen = try TerminalScreen(options.terminal)
  do throws(RegionError) {
    try body(screen)
    screen.close()
  } catch {
    screen.close()
    throw fail(error)
  }
}

extension CoreSession {
  /// Runs the machine on a thread of its own, and the inspector on this one until the operator quits.
  func runWithScreen(_ options: ScreenOptions, dump: String?) throws {
    let reader: RegionReader
    do throws(RegionError) {
      reader = try RegionReader(path: region.path)
    } catch {
      region.close()
      throw fail(error)
    }
    // While the screen is there it hears of them; before and after, they must not leave the region behind.
    Signals.quit(mailbox)
    // The machine's thread is the only one that touches the host from here until it has been joined.
    nonisolated(unsafe) let host = host
    var thread: MachineThread?
    defer { region.close() }
    do {
      try look(at: reader, mailbox: mailbox, options) { thread = MachineThread { host.run() } }
    } catch {
      mailbox.quit()
      thread?.join()
      throw error
    }
    mailbox.quit()
    thread?.join()
    if let dump { try writeDump(dump) }
  }
}
