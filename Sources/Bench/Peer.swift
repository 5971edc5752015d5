import Foundation

/// Another emulator, run as a program of its own.
struct Peer {
  var name: String
  var program: String
  /// Its command line for a disk, in a directory for its own files.
  var arguments: (_ disk: String, _ directory: String) throws -> [String]

  /// The peers of this machine; each that is missing is named.
  ///
  /// Bochs for users is a debugger build and slow: `BOCHS` names another one, such as a release build.
  static func found() -> [Peer] {
    var peers: [Peer] = []
    let bochs = ProcessInfo.processInfo.environment["BOCHS"] ?? path(of: "bochs-bin") ?? path(of: "bochs")
    if let bochs { peers.append(Peer(name: "Bochs", program: bochs, arguments: bochsArguments)) }
    if let qemu = path(of: "qemu-system-x86_64") {
      peers.append(Peer(name: "QEMU TCG", program: qemu, arguments: qemu64))
    }
    for name in ["Bochs", "QEMU TCG"] where !peers.contains(where: { $0.name == name }) {
      print("\(name): not compared with, as it is not installed")
    }
    return peers
  }

  private static func path(of program: String) -> String? {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return directories.map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
  }

  private static func qemu64(_ disk: String, _ directory: String) -> [String] {
    [
      "-accel", "tcg", "-m", "64", "-display", "none", "-nodefaults", "-no-reboot", "-drive",
      "file=\(disk),format=raw,if=ide", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
    ]
  }

  private static func bochsArguments(_ disk: String, _ directory: String) throws -> [String] {
    let share = ProcessInfo.processInfo.environment["BXSHARE"] ?? "/usr/share/bochs"
    let settings = """
      megs: 64
      cpu: model=corei7_sandy_bridge_2600k, ips=100000000
      romimage: file=\(share)/BIOS-bochs-legacy
      vgaromimage: file=\(share)/VGABIOS-lgpl-latest
      display_library: \(ProcessInfo.processInfo.environment["BOCHS_DISPLAY"] ?? "term")
      ata0-master: type=disk, path=\(disk), mode=flat, cylinders=\(BootDisk.cylinders), heads=16, spt=63
      boot: disk
      log: \(directory)/bochs.log
      panic: action=fatal
      clock: sync=none
      """
    try settings.write(toFile: directory + "/bochsrc", atomically: true, encoding: .utf8)
    return ["-q", "-f", directory + "/bochsrc"]
  }

  /// Seconds of processor time that it takes to run `code` from power-on to its end; nil when it did not get there.
  func seconds(_ code: [UInt8], in directory: String) throws -> Double? {
    let disk = directory + "/disk.img"
    try Data(BootDisk.image(code)).write(to: URL(fileURLWithPath: disk))
    let process = Process()
    // A terminal for those that show a screen on it, and `c` for debuggers that ask before they begin.
    let words = [program] + (try arguments(disk, directory))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["script", "-qec", words.joined(separator: " "), "/dev/null"]
    process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "vt100"]) { $1 }
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let before = childrenSeconds()
    let start = hostNanoseconds()
    try process.run()
    input.fileHandleForWriting.write(Data("c\n".utf8))
    while process.isRunning {
      if hostNanoseconds() - start > 120_000_000_000 { process.terminate() }
      usleep(10_000)
    }
    return process.terminationReason == .exit ? childrenSeconds() - before : nil
  }

  private func childrenSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
