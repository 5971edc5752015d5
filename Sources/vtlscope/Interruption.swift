import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as something to look at, for commands that go on until they are told to stop.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  static var hasCome: Bool { flag.load(ordering: .acquiring) }

  static func listen() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .releasing) }
      // Without SA_RESTART: waiting ends with the signal.
      sigaction(number, &action, nil)
    }
  }
}
