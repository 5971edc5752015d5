import Architecture
import Journal

/// Routes exactly as "KVM: x86: Introduce KVM_CAP_APIC_ID_GROUPS" was posted on the kvm list in November
/// 2023.
///
/// The group is the high `bits` bits of the vCPU ID, and what a guest sees as its APIC ID is the rest. The
/// bugs are kept, because showing them is what this mode is for: guest-chosen group bits are honoured (B1),
/// external messages can reach other groups (B2), the slow path turns down every group but 0 (B3) and
/// compares an ID with group bits to one without (B4), the physical map ignores the xAPIC ID register (B7),
/// and one member outside group 0 turns the logical map off for all (B9). KVM's cap on vCPU IDs is not
/// modelled.
///
/// Lowest priority is what the patched kernel had, too: nothing is compared, the vector is hashed over the candidates. By
/// the map it is hashed over the bits of the destination, and one that nobody answers to swallows the request.
final class PostedRouter: Sendable {
  struct Member: Sendable {
    let registers: RoutingRegisters
    let owner: GroupID
    /// The group as the ID's high bits say.
    let group: UInt32
    /// vcpu_id: group and guest-visible ID together.
    let fullID: UInt32

    init(_ registers: RoutingRegisters, in owner: GroupID, _ mask: UInt32, _ shift: UInt32) {
      self.registers = registers
      self.owner = owner
      fullID = registers.initialID.rawValue & ~mask | encoded(owner, mask, shift)
      group = mask == 0 ? 0 : (fullID & mask) >> shift
    }
  }

  let mask: UInt32
  let shift: UInt32
  private let members: [Member]
  private let physical: [UInt32: Int]
  /// The patch's single logical map; in use only while every present member is in group 0.
  private let logical: LogicalMap
  private let hasForeigners: Bool

  /// `bits` is 0 (off) to 32; KVM refuses more.
  init(bits: UInt8, _ maps: [GroupMap]) {
    let shift = 32 - UInt32(min(bits, 32))
    let mask: UInt32 = bits == 0 ? 0 : .max << shift
    self.mask = mask
    self.shift = bits == 0 ? 0 : shift
    members = maps.flatMap { map in
      map.members.lazy.filter(\.isContextEnabled).map { Member($0, in: map.id, mask, shift) }
    }.sorted { $0.registers.context < $1.registers.context }
    let present = members.indices.filter { [members] in members[$0].registers.isPresent }
    physical = Dictionary(present.map { [members] in (members[$0].fullID, $0) }) { first, _ in first }
    hasForeigners = present.contains { [members] in members[$0].group != 0 }
    logical = hasForeigners ? LogicalMap() : LogicalMap(members.map(\.registers))
  }

  /// The group bits of a group.
  private func encoded(_ group: GroupID) -> UInt32 { Self.encoded(group, mask, shift) }

  private static func encoded(_ group: GroupID, _ mask: UInt32, _ shift: UInt32) -> UInt32 {
    (UInt32(group.rawValue) << shift) & mask
  }

  var logicalMode: LogicalMode { hasForeigners ? .disabled : logical.mode }
  var logicalModeReason: LogicalModeReason { hasForeigners ? .groupNotZero : logical.reason }

  /// The message as it is looked up: a physical destination of an IPI gets the sender's group bits, by OR.
  private func address(
    _ message: InterruptMessage, _ sender: ContextID?, _ group: GroupID
  ) -> Address {
    var address = Address(message, from: sender)
    if sender != nil, !address.isLogical { address.destination |= encoded(group) }
    // The broadcast is recognised after the OR: FFh with a group bit above it is none any more.
    address.isBroadcast = address.destination == (message.isNarrow ? 0xFF : .max)
    // Only the narrow broadcast is made a fixed request.
    address.arbitrates =
      message.command.deliveryMode == .lowestPriority && (address.isLogical || address.destination != 0xFF)
    return address
  }

  func route(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID
  ) -> Route {
    let address = address(message, sender, group)
    if address.shorthand == .selfOnly { return scan(address, sender, group, .direct, message.command.vector) }
    guard address.shorthand == .none, !address.isBroadcast else {
      return scan(address, sender, group, .scan, message.command.vector)
    }
    guard address.isLogical else { return byMap(address, group) }
    // The map serves what needs a software-enabled local APIC.
    guard logicalMode != .disabled, address.needsSoftwareEnable else {
      return scan(address, sender, group, .scan, message.command.vector)
    }
    return logicalByMap(address, group, message.command.vector)
  }

  /// The fast path: the map is indexed by vCPU ID and nobody compares groups.
  private func byMap(_ address: Address, _ group: GroupID) -> Route {
    guard let index = physical[address.destination] else {
      return Route(group: group, path: .map, targets: .none, candidates: 0, reason: .noSuchID)
    }
    var search = Search(address)
    take(members[index], address, into: &search)
    return search.route(group, .map)
  }

  /// What __pv_send_ipi does: indexes the map with the guest's number (B13).
  func take(_ id: UInt32, _ address: Address, into search: inout Search) -> Bool {
    guard let index = physical[id] else { return false }
    take(members[index], address, into: &search)
    return true
  }

  private func logicalByMap(_ address: Address, _ group: GroupID, _ vector: VectorNumber) -> Route {
    guard address.arbitrates else { return logicalByMap(address, group, to: address.destination) }
    // The hash counts bits, not members.
    let slot = logical.hashed(address.destination, by: vector) ?? address.destination
    var route = logicalByMap(address, group, to: slot)
    if route.count == 0, logical.lookup(address.destination).count != 0 { route.reason = .emptyLogicalSlot }
    return route
  }

  private func logicalByMap(_ address: Address, _ group: GroupID, to destination: UInt32) -> Route {
    let found = logical.lookup(destination)
    var search = Search(address)
    for i in 0..<found.count { take(members[found[i]], address, into: &search) }
    if found.count == 0 { search.reject(.logicalMismatch) }
    return search.route(group, .map)
  }

  private func take(_ member: Member, _ address: Address, into search: inout Search) {
    if let rejection = member.registers.stateRejection(needsSoftwareEnable: address.needsSoftwareEnable) {
      search.reject(rejection)
    } else {
      search.accept(member.registers.context) { _ in 0 }
    }
  }

  func scan(_ message: InterruptMessage, from sender: ContextID?, in group: GroupID) -> Route {
    let address = address(message, sender, group)
    let path: RoutePath = address.shorthand == .selfOnly ? .direct : .scan
    return scan(address, sender, group, path, message.command.vector)
  }

  private func scan(
    _ address: Address, _ sender: ContextID?, _ group: GroupID, _ path: RoutePath, _ vector: VectorNumber
  ) -> Route {
    // Of n that match, the vector modulo n takes it: in VP order, so it is the one of rank 0.
    var turn = 0
    if address.arbitrates {
      let matching = members.count { rejection(of: address, sender, group, $0) == nil }
      turn = matching == 0 ? 0 : vector.index % matching
    }
    var search = Search(address)
    for member in members {
      if let rejection = rejection(of: address, sender, group, member) {
        search.reject(rejection)
      } else {
        search.accept(member.registers.context) { _ in turn == 0 ? 0 : 1 }
        turn -= 1
      }
    }
    return search.route(group, path)
  }

  /// kvm_apic_match_dest with the patch, and what the APIC itself would turn down.
  private func rejection(
    of address: Address, _ sender: ContextID?, _ group: GroupID, _ member: Member
  ) -> Rejection? {
    let state = member.registers.stateRejection(needsSoftwareEnable: address.needsSoftwareEnable)
    // The self shorthand goes to the sender before anything is matched.
    if address.shorthand == .selfOnly { return member.registers.context == sender ? state : .idDiffers }
    if sender != nil, encodedGroup(group) != member.group { return .otherGroup }
    // Meant for messages without a sender only, written as an unconditional OR: bug B3.
    if member.group != 0 { return .groupNotZero }
    if let mismatch = mismatch(address, sender, member) { return mismatch }
    return state
  }

  private func encodedGroup(_ group: GroupID) -> UInt32 { mask == 0 ? 0 : encoded(group) >> shift }

  private func mismatch(_ address: Address, _ sender: ContextID?, _ member: Member) -> Rejection? {
    switch address.shorthand {
    case .allIncludingSelf, .selfOnly: return nil
    case .allExcludingSelf: return member.registers.context == sender ? .senderExcluded : nil
    case .none: break
    }
    // The broadcast value is the one of the target's mode, but FFh of a device is a broadcast to every
    // target.
    let isWide = member.registers.mode == .x2APIC
    let isBroadcast =
      address.destination == (isWide ? .max : 0xFF) || (sender == nil && address.destination == 0xFF)
    if isBroadcast { return nil }
    return address.isLogical
      ? member.registers.logicalMismatch(address.destination) : physicalMismatch(address.destination, member)
  }

  /// The destination still has the group bits, the ID has not: bug B4.
  private func physicalMismatch(_ destination: UInt32, _ member: Member) -> Rejection? {
    let x2APICID = member.fullID & ~mask
    let usesRegister = member.registers.mode != .x2APIC && destination <= 0xFF
    let own = usesRegister ? member.registers.id.rawValue : x2APICID
    guard destination != own else { return nil }
    return destination & ~mask == own ? .groupBitsInDestination : .idDiffers
  }

  func explain(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID
  ) -> [Explanation] {
    let address = address(message, sender, group)
    let route = route(message, from: sender, in: group)
    let reached = Set(route.contexts)
    let slot = route.path == .map && !address.isLogical ? physical[address.destination] : nil
    return members.indices.map { index in
      let registers = members[index].registers
      guard !reached.contains(registers.context) else { return Explanation(context: registers.context) }
      var rejection = rejection(of: address, sender, group, members[index]) ?? .arbitrationLost
      if route.path == .map, !address.isLogical { rejection = .idDiffers }
      if index == slot, let state = registers.stateRejection(needsSoftwareEnable: address.needsSoftwareEnable) {
        rejection = state
      }
      return Explanation(context: registers.context, rejection: rejection)
    }
  }

  /// The map as the patch builds it: full IDs, and no logical part next to a second group.
  func amend(_ snapshot: inout GroupSnapshot) {
    snapshot.logicalMode = logicalMode
    snapshot.logicalModeReason = logicalModeReason
    let group = snapshot.id
    let own = physical.values.map { members[$0] }.filter { $0.owner == group }
    snapshot.physical = own.map { MapEntry(key: $0.fullID, vp: $0.registers.context.vp) }
      .sorted { ($0.key, $0.vp) < ($1.key, $1.vp) }
    snapshot.duplicateIDs = 0
    if hasForeigners { snapshot.logical = [] }
  }
}
