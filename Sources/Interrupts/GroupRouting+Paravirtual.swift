import Architecture
import Journal

/// Whom KVM's send-IPI hypercall names: up to two words of bits, one bit a physical APIC ID.
public struct ParavirtualTargets: Hashable, Sendable {
  /// Bit n of it names the ID `first` + n.
  public var low: UInt64
  /// Bit n of it names the ID `first` + `width` + n.
  public var high: UInt64
  public var first: UInt32
  /// Bits in a word: 64, or 32 for a caller outside of 64-bit mode.
  public var width: UInt32

  public init(low: UInt64, high: UInt64 = 0, first: UInt32, width: UInt32 = 64) {
    self.low = low
    self.high = high
    self.first = first
    self.width = width
  }

  /// One ID.
  public init(_ id: ApicID) { self.init(low: 1, first: id.rawValue) }

  public var count: Int { low.nonzeroBitCount + high.nonzeroBitCount }

  /// Calls with each ID in order; those past the highest number are nobody's.
  ///
  /// The second word's base wraps around, as KVM's 32-bit sum does.
  func forEach(_ body: (UInt32?) -> Void) {
    for (word, base) in [(low, first), (high, first &+ width)] {
      var rest = word
      while rest != 0 {
        let (id, overflow) = base.addingReportingOverflow(UInt32(rest.trailingZeroBitCount))
        body(overflow ? nil : id)
        rest &= rest &- 1
      }
    }
  }
}

extension GroupRouting {
  /// Whom a hypercall of KVM's ABI reaches: each ID is looked up in the caller's group, and none is a broadcast.
  ///
  /// In the rfc-2023 mode the guest's own number indexes the map of all groups, whoever calls (bugs B13 and B14 of the
  /// posted patch): group bits in it choose the group, and without any it is group 0.
  public func route(
    _ message: InterruptMessage, toEach targets: ParavirtualTargets, in group: GroupID
  ) -> Route {
    var address = Address(message, from: nil)
    address.arbitrates = false
    var search = Search(address, expecting: targets.count)
    targets.forEach { id in
      let isFound = id.map { take($0, address, in: group, &search) } ?? false
      if !isFound { search.reject(.noSuchID) }
    }
    var route = search.route(group, .map)
    if case .many(let all) = route.targets { route.targets = .many(all.sorted()) }
    return route
  }

  private func take(_ id: UInt32, _ address: Address, in group: GroupID, _ search: inout Search) -> Bool {
    if let posted { return posted.take(id, address, into: &search) }
    return map(of: group)?.take(id, address, into: &search) ?? false
  }
}

extension GroupMap {
  /// Asks everybody who holds the ID; false when nobody does.
  func take(_ id: UInt32, _ address: Address, into search: inout Search) -> Bool {
    let slot = physical.slot(id)
    guard slot != -1 else { return false }
    let holders = slot >= 0 ? [slot] : physical.list(slot)
    for index in holders {
      let member = members[Int(index)]
      if let rejection = member.stateRejection(needsSoftwareEnable: address.needsSoftwareEnable) {
        search.reject(rejection)
      } else {
        search.accept(member.context) { _ in 0 }
      }
    }
    return true
  }
}
