import ArgumentParser
import Glibc
import Host
import Region
import Terminal

/// Runs `body` with the terminal taken over, and gives it back whatever happens.
func withScreen(_ options: ScreenOptions, _ body: (TerminalScreen) throws(RegionError) -> Void) throws {
  let screen: TerminalScreen
  do throws(TerminalError) { screen = try TerminalScreen(options.terminal) } catch {
    throw fail(.hostIO, error.description)
  }
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
      try withScreen(options) { screen throws(RegionError) in
        thread = MachineThread { host.run() }
        var session = try ScreenSession(reader, mailbox: mailbox)
        try session.run(on: screen, options)
      }
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
