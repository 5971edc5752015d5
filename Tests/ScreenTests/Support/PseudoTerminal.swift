import Glibc

/// A program on a terminal of its own.
///
/// Nothing runs beside the test: bytes are taken in, and queries answered, while it waits for something.
final class PseudoTerminal {
  private(set) var model: TerminalModel
  /// Whether the terminal answers queries.
  var answers = true
  /// How fast the line is; nil is as fast as it gets.
  var bytesPerSecond: Double?
  private(set) var received = 0
  /// Everything that came.
  private(set) var log: [UInt8] = []
  private(set) var process: ChildProcess?
  private var master: Int32
  /// Held so that the terminal's modes are there after the program.
  private let slave: Int32
  private let path: String
  private var lineBegan: Double = 0
  private var lineTaken: Double = 0

  init(width: Int = 80, height: Int = 24) throws {
    model = TerminalModel(width: width, height: height)
    // What posix_openpt, unlockpt and ptsname do; the importer leaves those out.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var lock: Int32 = 0
    var number: Int32 = 0
    guard master >= 0, ioctl(master, Self.setLock, &lock) == 0, ioctl(master, Self.getNumber, &number) == 0 else {
      throw TestError("no pseudo terminal")
    }
    path = "/dev/pts/\(number)"
    slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw TestError("cannot open \(path)") }
    setSize(width, height)
  }

  /// TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
  private static var setLock: UInt { 0x4004_5431 }
  private static var getNumber: UInt { 0x8004_5430 }

  deinit {
    process?.end()
    hangUp()
    close(slave)
  }

  // MARK: - The program

  func start(_ arguments: [String], environment: [String: String] = [:], ignoresHangup: Bool = false) throws {
    process = try ChildProcess(arguments, environment: environment, terminal: path, ignoresHangup: ignoresHangup)
  }

  /// Whether it has ended within so many seconds, while its output is taken in.
  func ends(within seconds: Double) -> Bool { wait(seconds) { self.process?.hasEnded ?? true } }

  // MARK: - Waiting

  /// Takes in what comes until the condition holds; false when it does not in time.
  @discardableResult
  func wait(_ seconds: Double, until condition: () -> Bool) -> Bool {
    let end = now() + seconds
    while true {
      takeIn()
      if condition() { return true }
      let left = end - now()
      guard left > 0 else { return false }
      var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      // A slow line is looked at every now and then; the process's end shows nowhere.
      if bytesPerSecond != nil || master < 0 { descriptor.fd = -1 }
      poll(&descriptor, 1, Int32(max(1, min(left * 1_000, bytesPerSecond == nil ? 10 : 4))))
    }
  }

  func shows(_ text: String, within seconds: Double = 10) -> Bool { wait(seconds) { model.contains(text) } }

  /// Waits until nothing more comes: the program has done what the keys asked for.
  func settle() {
    var (bytes, since) = (received, now())
    wait(2) {
      if received != bytes { (bytes, since) = (received, now()) }
      return now() - since > 0.06
    }
  }

  /// Lets so much time pass, taking in what comes.
  func pass(_ seconds: Double) { wait(seconds) { false } }

  private func takeIn() {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while master >= 0 {
      let count = read(master, &bytes, room(bytes.count))
      guard count > 0 else { return }
      received += count
      lineTaken += Double(count)
      log += bytes[..<count]
      model.feed(bytes[..<count])
      let said = model.answers
      model.answers = []
      if answers { type(said) }
    }
  }

  /// How many bytes the line may have brought by now.
  private func room(_ most: Int) -> Int {
    guard let bytesPerSecond else { return most }
    // A line does not save up what it did not carry.
    let idle = (now() - lineBegan) * bytesPerSecond - lineTaken
    if idle > 16 { (lineBegan, lineTaken) = (now() - 16 / bytesPerSecond, 0) }
    return max(0, min(most, Int((now() - lineBegan) * bytesPerSecond - lineTaken)))
  }

  // MARK: - The terminal's side

  func type(_ text: String) { type(Array(text.utf8)) }

  func type(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty, master >= 0 {
      let count = rest.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func resize(_ width: Int, _ height: Int) {
    model.resize(width: width, height: height)
    setSize(width, height)
  }

  private func setSize(_ width: Int, _ height: Int) {
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// The other end goes away.
  func hangUp() {
    if master >= 0 { close(master) }
    master = -1
  }

  /// How many bytes wait for whoever reads the terminal next.
  var typedAhead: Int {
    var count: Int32 = 0
    _ = ioctl(slave, UInt(FIONREAD), &count)
    return Int(count)
  }

  /// What the terminal says its background is.
  func background(_ colour: String) { model.background = colour }

  /// What `stty -g` prints: the terminal's modes.
  var settings: [UInt32] {
    var modes = termios()
    tcgetattr(slave, &modes)
    let characters = withUnsafeBytes(of: modes.c_cc) { $0.map { UInt32($0) } }
    return [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag] + characters
  }
}

struct TestError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Seconds of a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
