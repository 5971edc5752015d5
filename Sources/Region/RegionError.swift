import Glibc

/// What went wrong with a region, one clear line each.
public enum RegionError: Error, Hashable, Sendable {
  /// A system call failed.
  case io(String, path: String, errno: Int32)
  /// The file system has no room for a region of so many bytes.
  case noSpace(path: String, bytes: UInt64)
  /// A machine's name must be a plain file name of at most 63 characters.
  case badName(String)
  /// A region needs at least one VP, VTL and group, and has at most `RegionLimits.contexts` contexts.
  case badSize(String)
  /// A machine of this process has the name already.
  case nameTaken(path: String)
  /// The directory or file is not safe to use, and why.
  case untrusted(path: String, why: String)
  case notRegion(path: String)
  case otherByteOrder(path: String)
  /// Written by another major version of the layout.
  case otherVersion(path: String, theirs: String, ours: String)
  /// Something in it contradicts itself.
  case damaged(path: String, what: String)
  /// It ends before something that it says it holds.
  case truncated(path: String, needed: UInt64)
  /// The writer has not published its first frame.
  case noFrame(path: String)
  /// Every frame was replaced while it was being read.
  case busy(path: String)
  case noSuchTarget(String?, choices: [String])
  case ambiguous(String?, choices: [String])

  /// The exit status of a command that ends with this error (sysexits: 64 usage, 65 bad data, 66 no such
  /// target, 74 host I/O).
  public var exitCode: Int32 {
    switch self {
    case .badName, .badSize: 64
    case .notRegion, .otherByteOrder, .otherVersion, .damaged, .truncated, .noFrame: 65
    case .noSuchTarget, .ambiguous: 66
    case .io(let call, _, let code): call == "open" && code == ENOENT ? 66 : 74
    case .noSpace, .nameTaken, .untrusted, .busy: 74
    }
  }
}

extension RegionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .io(let call, let path, let code): "\(path): \(call): \(String(cString: strerror(code)))"
    case .noSpace(let path, let bytes): "\(path): no space for a region of \((bytes + 0xFFFFF) >> 20) MiB"
    case .badName(let name):
      "'\(name)' is not a name for a machine: use 1 to 63 letters, digits, '-', '_' and '.'"
    case .badSize(let why): "no region for such a machine: \(why)"
    case .nameTaken(let path): "\(path): this process already has a machine of that name"
    case .untrusted(let path, let why): "\(path): refused: \(why)"
    case .notRegion(let path): "\(path): not a vtlscope region"
    case .otherByteOrder(let path): "\(path): written on a machine of the other byte order"
    case .otherVersion(let path, let theirs, let ours):
      "\(path): region layout version \(theirs), but this vtlscope reads version \(ours)"
    case .damaged(let path, let what): "\(path): damaged region: \(what)"
    case .truncated(let path, let needed): "\(path): truncated region: it should have \(needed) bytes or more"
    case .noFrame(let path): "\(path): nothing has been published yet"
    case .busy(let path): "\(path): every frame was replaced while it was being read"
    case .noSuchTarget(nil, let choices):
      choices.isEmpty ? "no machine is running" : "no machine is running; dead ones: \(Self.list(choices))"
    case .noSuchTarget(let target?, let choices):
      "no machine '\(target)'" + (choices.isEmpty ? "" : "; there are: \(Self.list(choices))")
    case .ambiguous(nil, let choices): "several machines are running, name one: \(Self.list(choices))"
    case .ambiguous(let target?, let choices):
      "'\(target)' is one of several, name one: \(Self.list(choices))"
    }
  }

  private static func list(_ choices: [String]) -> String { choices.joined(separator: ", ") }
}

/// What bounds a region, so that a hostile file cannot make a reader allocate without end.
public enum RegionLimits {
  /// VPs times VTLs.
  public static var contexts: Int { 65_536 }
  /// Bytes of any table that a reader copies as a whole; a sparse file can claim any size at no cost.
  public static var tableBytes: UInt64 { 256 << 20 }
  public static var vtls: Int { 16 }
  public static var groups: Int { 256 }
  public static var ioapics: Int { 64 }
  /// Of all IOAPICs together.
  public static var pins: Int { 4_096 }
  public static var messageRoutes: Int { 4_096 }
  /// Bytes of symbol names, and of symbol records.
  public static var symbolBytes: Int { 4 << 20 }
  /// Characters of a machine's name.
  public static var name: Int { 63 }
  /// Dead regions kept per name for inspection.
  public static var deadKept: Int { 4 }
  /// A heartbeat older than this, in nanoseconds, is a wedged machine.
  public static var heartbeatAge: UInt64 { 2_000_000_000 }
}
