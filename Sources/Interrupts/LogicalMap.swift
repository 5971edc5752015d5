import Architecture
import Journal

/// From a logical destination to members: one slot per destination bit, if the members' registers allow that.
///
/// Built from the software-enabled members only, as KVM does, so it serves fixed and lowest-priority
/// requests; the others take the scan. Two members in different models, or at one bit, or one member at two
/// bits, and there is no map.
struct LogicalMap: Sendable {
  private(set) var mode = LogicalMode.unused
  private(set) var reason = LogicalModeReason.none
  /// Flat: slot n is bit n of cluster 0. Cluster: 4 slots a cluster. x2APIC: 16 slots a cluster, found by
  /// `clusters`.
  private var slots: [Int32] = []
  private var clusters = SlotTable()
  private var clusterCount: Int32 = 0

  init() {}

  init(_ members: [RoutingRegisters]) {
    for (index, member) in members.enumerated() where member.isPresent && member.isSoftwareEnabled {
      if mode == .unused { mode = .flat }
      guard let model = member.logicalModel else { continue }
      guard settle(model, among: members), claim(member.logicalDestination, Int32(index)) else {
        disable()
        return
      }
    }
    if slots.isEmpty, mode != .unused { settleEmpty(members) }
  }

  /// Why the map is given up is noted where it is found; here it is dropped.
  private mutating func disable() {
    mode = .disabled
    slots = []
    clusters = SlotTable()
  }

  /// The first usable member decides the model, the others must agree.
  private mutating func settle(_ model: LogicalModel, among members: [RoutingRegisters]) -> Bool {
    let wanted = Self.mode(of: model)
    if slots.isEmpty, clusterCount == 0 {
      mode = wanted
      if model != .x2APIC { slots = [Int32](repeating: -1, count: model == .flat ? 8 : 64) }
      if model == .x2APIC { clusters = SlotTable(highestID: UInt32(clamping: members.count / 16)) }
    }
    if mode != wanted { reason = .mixedModes }
    return mode == wanted
  }

  /// No member answers to a logical destination: the model of the first one's DFR is shown.
  private mutating func settleEmpty(_ members: [RoutingRegisters]) {
    let first = members.first { $0.isPresent && $0.isSoftwareEnabled }
    mode = first.map { $0.destinationFormat &>> 28 == 0 } == true ? .cluster : .flat
  }

  private static func mode(of model: LogicalModel) -> LogicalMode {
    switch model {
    case .flat: .flat
    case .cluster: .cluster
    case .x2APIC: .x2APIC
    }
  }

  /// Puts a member into the slot of its LDR; false when it has more than one bit, or the slot is taken.
  private mutating func claim(_ logicalDestination: UInt32, _ member: Int32) -> Bool {
    let (cluster, bits) = split(mode == .x2APIC ? logicalDestination : logicalDestination &>> 24)
    guard let base = baseForClaim(of: cluster) else { return false }
    let slot = base + bits.trailingZeroBitCount
    // An LDR of a cluster and no bit answers to nothing but the broadcast: it takes no slot.
    if bits == 0 { return true }
    guard bits.nonzeroBitCount == 1, slots[slot] == -1 else {
      reason = .aliasedLDR
      return false
    }
    slots[slot] = member
    return true
  }

  private func split(_ destination: UInt32) -> (cluster: UInt32, bits: UInt32) {
    switch mode {
    case .x2APIC: (destination &>> 16, destination & 0xFFFF)
    case .cluster: (destination &>> 4, destination & 0xF)
    default: (0, destination)
    }
  }

  private mutating func baseForClaim(of cluster: UInt32) -> Int? {
    guard mode == .x2APIC else { return Int(cluster) * (mode == .cluster ? 4 : 8) }
    if let base = base(of: cluster) { return base }
    clusters.insert(cluster, clusterCount)
    clusterCount += 1
    slots.append(contentsOf: repeatElement(-1, count: 16))
    return slots.count - 16
  }

  private func base(of cluster: UInt32) -> Int? {
    switch mode {
    case .x2APIC:
      let number = clusters.slot(cluster)
      return number < 0 ? nil : Int(number) * 16
    case .cluster: return cluster < 16 ? Int(cluster) * 4 : nil
    default: return cluster == 0 ? 0 : nil
    }
  }

  /// The members a destination names, up to 16, in ascending order. Not for broadcasts.
  func lookup(_ destination: UInt32) -> Matches {
    var found = Matches()
    guard !slots.isEmpty, mode == .x2APIC || destination <= 0xFF else { return found }
    var (cluster, bits) = split(destination)
    guard let base = base(of: cluster) else { return found }
    while bits != 0 {
      let member = slots[base + bits.trailingZeroBitCount]
      if member >= 0 { found.insert(member) }
      bits &= bits &- 1
    }
    return found
  }

  /// KVM's vector hashing: of the bits that a destination names, the one whose turn it is by the vector, taken or not, as
  /// a destination of its own. Nil when it names none.
  func hashed(_ destination: UInt32, by vector: VectorNumber) -> UInt32? {
    var (_, bits) = split(destination)
    guard bits != 0, mode == .x2APIC || destination <= 0xFF else { return nil }
    let rest = destination & ~bits
    for _ in 0..<vector.index % bits.nonzeroBitCount { bits &= bits &- 1 }
    return rest | bits & ~(bits &- 1)
  }

  /// Every slot that is taken, in order of its key: cluster in bits 31:16, one bit of bits 15:0.
  var entries: [(key: UInt32, member: Int32)] {
    var all: [(key: UInt32, member: Int32)] = []
    let width = mode == .x2APIC ? 16 : mode == .cluster ? 4 : 8
    for cluster in clusterNumbers {
      guard let base = base(of: cluster) else { continue }
      for bit in 0..<width where slots[base + bit] >= 0 {
        all.append((cluster &<< 16 | 1 &<< UInt32(bit), slots[base + bit]))
      }
    }
    return all
  }

  private var clusterNumbers: [UInt32] {
    guard !slots.isEmpty else { return [] }
    return switch mode {
    case .x2APIC: clusters.ids
    case .cluster: Array(0..<16)
    default: [0]
    }
  }

  /// Up to 16 members in ascending order, without an allocation.
  struct Matches {
    private var members: InlineArray<16, Int32> = InlineArray(repeating: -1)
    private(set) var count = 0

    subscript(i: Int) -> Int { Int(members[i]) }

    /// Slots are mostly in order already, so the sift is mostly one comparison.
    mutating func insert(_ member: Int32) {
      guard count < 16 else { return }
      var place = count
      while place > 0, members[place - 1] > member {
        members[place] = members[place - 1]
        place -= 1
      }
      members[place] = member
      count += 1
    }
  }
}
