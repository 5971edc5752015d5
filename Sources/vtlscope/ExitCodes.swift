import ArgumentParser
import Glibc
import Region

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

/// The same for a region, whose errors know their exit codes.
func fail(_ error: RegionError) -> ExitCode {
  complain(error.description)
  return ExitCode(error.exitCode)
}

/// One line on standard error, `vtlscope: …`. Names and values from outside may be in it, so it is made safe.
func complain(_ message: String) {
  let line = "vtlscope: \(escaped(message, limit: 400))\n"
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}

/// Text from outside, safe on a terminal: control characters become '?', and what is too long ends in "...".
func escaped(_ text: String, limit: Int = 80) -> String {
  let safe = text.unicodeScalars.prefix(limit).map { scalar in
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : Character(scalar)
  }
  return String(safe) + (text.unicodeScalars.count > limit ? "..." : "")
}

/// What was printed has to arrive, unless its reader has gone away.
func flushOutput() throws {
  guard fflush(nil) != 0, errno != EPIPE else { return }
  throw fail(.hostIO, "standard output: \(String(cString: strerror(errno)))")
}
