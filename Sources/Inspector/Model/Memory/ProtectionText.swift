import Architecture
import Journal

/// A run of protected pages, by what does not change while what it allows does.
public struct ProtectionID: Hashable, Sendable {
  public var vtl: VTL
  public var firstPage: UInt64
}

/// How access rights are written.
enum AccessText {
  /// Read, write, and execute in kernel and user mode.
  static let all: UInt8 = 0xF

  /// `rwx`, `r--`; execute is `k` in kernel mode only and `u` in user mode only.
  static func letters(_ access: UInt8) -> String {
    (access & 1 != 0 ? "r" : "-") + (access & 2 != 0 ? "w" : "-") + execute(access)
  }

  private static func execute(_ access: UInt8) -> String {
    switch access >> 2 & 3 {
    case 3: "x"
    case 1: "k"
    case 2: "u"
    default: "-"
    }
  }

  /// One letter for a map: what it allows most.
  static func letter(_ access: UInt8) -> Character {
    switch access & all {
    case all: "w"
    case 0: "-"
    case _ where access & 2 != 0: "d"
    case _ where access >> 2 & 3 == 2: "u"
    case _ where access & 0xC != 0: "x"
    default: "r"
    }
  }

  /// What the letters of a map mean.
  static let legend = "w rwx  x r-x  r r--  d rw-  u user exec  - none  m mixed"

  /// `read and execute, not write`.
  static func words(_ access: UInt8) -> String {
    var may: [String] = []
    var mayNot: [String] = []
    func sort(_ word: String, _ isAllowed: Bool) {
      if isAllowed { may.append(word) } else { mayNot.append(word) }
    }
    sort("read", access & 1 != 0)
    sort("write", access & 2 != 0)
    if access >> 2 & 1 == access >> 3 & 1 {
      sort("execute", access & 4 != 0)
    } else {
      sort("execute in kernel mode", access & 4 != 0)
      sort("execute in user mode", access & 8 != 0)
    }
    if may.isEmpty { return "do nothing with" }
    let allowed = may.joined(separator: " and ")
    return mayNot.isEmpty ? allowed : "\(allowed), not \(mayNot.joined(separator: " or "))"
  }
}

extension ProtectionRun {
  var id: ProtectionID { ProtectionID(vtl: vtl, firstPage: firstPage) }

  /// The last page; a run has at least one.
  var lastPage: UInt64 { firstPage &+ (count == 0 ? 0 : count &- 1) }

  func contains(_ page: UInt64) -> Bool { page >= firstPage && page &- firstPage < count }

  /// `01f3c4000-01f3d3fff`: the first and the last byte.
  var rangeText: String {
    TextForm.hex(firstPage &<< 12, 9) + "-" + TextForm.hex(lastPage &<< 12 | 0xFFF, 9)
  }
}

extension OverlayKind {
  /// What it is called on the screen.
  var name: String {
    switch self {
    case .hypercall: "hypercall"
    case .assist: "VP assist"
    case .referenceTSC: "reference TSC"
    case .messages: "SIMP"
    case .eventFlags: "SIEFP"
    }
  }
}
