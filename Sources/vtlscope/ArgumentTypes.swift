import Architecture
import ArgumentParser
import Host
import Inspector
import Journal
import Machine

/// A span of virtual time: a number with `s`, `ms`, `us` or `ns`.
struct Span: ExpressibleByArgument {
  var time: VirtualTime

  init(time: VirtualTime) { self.time = time }

  init?(argument: String) {
    guard let time = VirtualTime(span: argument), time > .zero else { return nil }
    self.time = time
  }
}

/// A size of memory: bytes, or a number with K, M or G.
struct ByteSize: ExpressibleByArgument {
  var bytes: UInt64

  init?(argument: String) {
    let shifts: [Character: UInt64] = ["K": 10, "M": 20, "G": 30]
    let shift = argument.last.flatMap { shifts[Character($0.uppercased())] }
    guard let number = UInt64(shift == nil ? argument[...] : argument.dropLast()), number > 0,
      number <= UInt64.max >> (shift ?? 0)
    else { return nil }
    bytes = number << (shift ?? 0)
  }
}

extension Pace: ExpressibleByArgument {
  public init?(argument: String) {
    switch argument {
    case "max": self = .max
    case "real": self = .real
    default:
      guard let factor = Double(argument), factor.isFinite, factor >= 1e-6, factor <= 1e6 else { return nil }
      self = .factor(factor)
    }
  }
}

extension GroupEncoding: ExpressibleByArgument {
  public init?(argument: String) {
    if argument == "explicit" {
      self = .explicit
      return
    }
    guard argument.hasPrefix("rfc-2023:"), let bits = UInt8(argument.dropFirst(9)), bits <= 32 else { return nil }
    self = .rfc2023(bits: bits)
  }
}

func parseCPUModel(_ text: String) throws -> CPUModel {
  do throws(CPUModelError) { return try CPUModel(text) } catch { throw ValidationError(escaped(error.description)) }
}

/// The group of one route: `pin:17=1` or `msi:periodic=1`.
struct RouteGroup: ExpressibleByArgument {
  private enum Source {
    case pin(UInt8)
    case message(String)
  }
  private var source: Source
  private var group: GroupID

  init?(argument: String) {
    let sides = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard sides.count == 2, let number = UInt8(sides[1]) else { return nil }
    group = GroupID(rawValue: number)
    if sides[0].hasPrefix("pin:"), let pin = UInt8(sides[0].dropFirst(4)) {
      source = .pin(pin)
    } else if sides[0].hasPrefix("msi:"), isRegionName(String(sides[0].dropFirst(4))) {
      source = .message(String(sides[0].dropFirst(4)))
    } else {
      return nil
    }
  }

  func set(in groups: inout RouteGroups) {
    switch source {
    case .pin(let pin): groups.pins[pin] = group
    case .message(let device): groups.messages[device] = group
    }
  }
}
