import ArgumentParser
import Glibc

/// The process's exit codes, after sysexits.h.
enum ExitStatus: Int32 {
  case fine = 0
  case findings = 3
  case usage = 64
  case badInput = 65
  case noSuchTarget = 66
  case tripleFault = 70
  case hostIO = 74
  case gaveUp = 75
}

/// Ends the program with one line on standard error.
func fail(_ status: ExitStatus, _ message: String) -> ExitCode {
  complain(message)
  return ExitCode(status.rawValue)
}

/// One line on standard error, `vtlscope: …`.
func complain(_ message: String) {
  let line = "vtlscope: \(message)\n"
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
