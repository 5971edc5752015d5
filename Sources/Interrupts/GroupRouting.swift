import Architecture
import Journal

/// How a partition's interrupt requests find their local APICs: all groups, and how they are told apart.
///
/// The machine holds one and rebuilds a group when an APIC's registers say so. A sender's group is resolved
/// before the destination is looked at: an IPI belongs to its sender's group, a device's message to the group
/// of its route, a hypercall to the group of the VTL it names.
public struct GroupRouting: Sendable {
  public let encoding: GroupEncoding
  private var maps: [GroupMap]
  /// The router of the posted patch, in the rfc-2023 mode.
  private(set) var posted: PostedRouter?

  public init(encoding: GroupEncoding, groups: [(id: GroupID, vtl: VTL)]) {
    self.encoding = encoding
    maps = groups.map { GroupMap(id: $0.id, vtl: $0.vtl) }
    if case .rfc2023(let bits) = encoding { posted = PostedRouter(bits: bits, maps) }
  }

  @inline(__always)
  private func index(of group: GroupID) -> Int? {
    let guess = group.index
    if guess < maps.count, maps[guess].id == group { return guess }
    return maps.firstIndex { $0.id == group }
  }

  func map(of group: GroupID) -> GroupMap? { index(of: group).map { maps[$0] } }

  public var groups: [GroupID] { maps.map(\.id) }

  /// The VTL a group serves; nil when there is no such group.
  public func vtl(of group: GroupID) -> VTL? { index(of: group).map { maps[$0].vtl } }

  /// The group that serves a VTL.
  public func group(of vtl: VTL) -> GroupID? { maps.first { $0.vtl == vtl }?.id }

  /// Builds a group's maps from its members' registers, and says what to write into the event log.
  ///
  /// Contexts whose VTL is not enabled may be among the members, marked so: requests for them then say why
  /// they fail.
  @discardableResult
  public mutating func rebuild(
    _ group: GroupID, members: [RoutingRegisters], at now: VirtualTime
  ) -> Event.Body? {
    guard let index = index(of: group) else { return nil }
    maps[index].rebuild(members, at: now)
    if case .rfc2023(let bits) = encoding { posted = PostedRouter(bits: bits, maps) }
    let (mode, reason) = logicalMode(maps[index])
    return .mapRebuilt(group, generation: maps[index].generation, mode, reason)
  }

  /// The posted patch has one logical map for all groups, and turns it off once a second group is there.
  private func logicalMode(_ map: GroupMap) -> (LogicalMode, LogicalModeReason) {
    guard let posted else { return (map.logicalMode, map.logicalModeReason) }
    return (posted.logicalMode, posted.logicalModeReason)
  }

  /// Whom a message reaches.
  ///
  /// - Parameters:
  ///   - sender: the context whose ICR sent it; nil for devices, hypercalls and the operator's messages.
  ///   - group: the group to look in: the sender's own, or that of the route. One that does not exist is empty.
  ///   - priority: asked for the candidates of a lowest-priority message only.
  public func route(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID, priority: ArbitrationPriority
  ) -> Route {
    guard let index = index(of: group) else { return nobody(group) }
    if let posted { return posted.route(message, from: sender, in: group) }
    return maps[index].route(message, from: sender, priority: priority)
  }

  /// The same answer by asking every member.
  public func scan(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID, priority: ArbitrationPriority
  ) -> Route {
    guard let index = index(of: group) else { return nobody(group) }
    if let posted { return posted.scan(message, from: sender, in: group) }
    return maps[index].scan(message, from: sender, priority: priority)
  }

  private func nobody(_ group: GroupID) -> Route {
    Route(group: group, path: .scan, targets: .none, candidates: 0, reason: .noSuchID)
  }

  /// Every candidate, and why the message does not reach it. In the rfc-2023 mode the members of all groups
  /// are.
  public func explain(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID, priority: ArbitrationPriority
  ) -> [Explanation] {
    guard let index = index(of: group) else { return [] }
    if let posted { return posted.explain(message, from: sender, in: group) }
    return maps[index].explain(message, from: sender, priority: priority)
  }

  /// Routes by the maps and by asking every member, and says whether both agree.
  ///
  /// They always do with explicit groups. The posted patch disagrees with itself, which is how its bugs were
  /// found.
  public func check(
    _ message: InterruptMessage, from sender: ContextID?, in group: GroupID, priority: ArbitrationPriority
  ) -> RouteCheck {
    RouteCheck(
      route: route(message, from: sender, in: group, priority: priority),
      scan: scan(message, from: sender, in: group, priority: priority))
  }

  /// Everything there is to see of a group.
  public func snapshot(_ group: GroupID) -> GroupSnapshot? {
    guard let index = index(of: group) else { return nil }
    var snapshot = maps[index].snapshot
    posted?.amend(&snapshot)
    return snapshot
  }

  public var snapshots: [GroupSnapshot] { maps.compactMap { snapshot($0.id) } }
}

/// The two answers of a checked route.
public struct RouteCheck: Hashable, Sendable {
  public var route: Route
  public var scan: Route

  public init(route: Route, scan: Route) {
    self.route = route
    self.scan = scan
  }

  /// Same targets, and the same reason when there are none. Path and candidates differ by nature.
  public var agrees: Bool { route.targets == scan.targets && route.reason == scan.reason }
}
