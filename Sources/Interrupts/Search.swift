import Architecture
import Journal

/// Collects the answers of candidates, in ascending VP order, into a `Route`.
///
/// The first target needs no allocation, and neither does the winner of an arbitration.
struct Search {
  private var first: ContextID?
  private var all: [ContextID] = []
  private let arbitrates: Bool
  private var best: UInt64?
  private let expected: Int
  private var candidates = 0
  private var rejected = 0
  private var reason: Rejection?

  init(_ address: Address, expecting expected: Int = 0) {
    arbitrates = address.arbitrates
    self.expected = expected
  }

  @inline(__always)
  mutating func take(_ member: RoutingRegisters, _ address: Address, _ priority: ArbitrationPriority) {
    if let rejection = member.rejection(of: address) {
      reject(rejection)
    } else {
      accept(member.context, priority)
    }
  }

  @inline(__always)
  mutating func reject(_ rejection: Rejection) {
    candidates &+= 1
    rejected &+= 1
    if reason == nil || rejection.weight > reason.unsafelyUnwrapped.weight { reason = rejection }
  }

  @inline(__always)
  mutating func accept(_ context: ContextID, _ priority: ArbitrationPriority) {
    candidates &+= 1
    guard !arbitrates else { return arbitrate(context, priority) }
    if first == nil {
      first = context
    } else {
      if all.isEmpty {
        all.reserveCapacity(max(expected, 4))
        all.append(first.unsafelyUnwrapped)
      }
      all.append(context)
    }
  }

  private mutating func arbitrate(_ context: ContextID, _ priority: ArbitrationPriority) {
    let candidate = priority(context)
    if let best {
      rejected &+= 1
      guard candidate < best else { return }
    }
    first = context
    best = candidate
  }

  @inline(__always)
  func route(_ group: GroupID, _ path: RoutePath) -> Route {
    let targets: Route.Targets = all.isEmpty ? first.map { .one($0) } ?? .none : .many(all)
    let why: Rejection? = first != nil ? nil : reason == .idDiffers || reason == nil ? .noSuchID : reason
    return Route(
      group: group, path: path, targets: targets, candidates: candidates, reason: why, rejected: rejected)
  }
}

extension Rejection {
  /// Which of several reasons tells most about a request that reached nobody: the nearer the miss, the
  /// heavier.
  @inline(__always)
  var weight: UInt8 {
    switch self {
    case .softwareDisabled: 9
    case .hardwareDisabled: 8
    case .contextNotEnabled: 7
    case .groupBitsInDestination: 6
    case .groupNotZero: 5
    case .senderExcluded: 4
    case .logicalMismatch: 3
    case .logicalUnusable: 2
    case .otherGroup: 1
    default: 0
    }
  }
}
