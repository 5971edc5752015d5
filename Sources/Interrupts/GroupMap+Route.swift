import Architecture
import Journal

extension GroupMap {
  /// Finds the local APICs of a message by the maps; broadcasts and what the maps cannot answer take `scan`.
  public func route(
    _ message: InterruptMessage, from sender: ContextID?, priority: ArbitrationPriority
  ) -> Route {
    let address = Address(message, from: sender)
    switch address.shorthand {
    case .none: break
    case .selfOnly: return toSelf(address)
    case .allIncludingSelf, .allExcludingSelf: return scan(address, priority)
    }
    guard !address.isBroadcast else { return scan(address, priority) }
    guard address.isLogical else { return toPhysical(address, priority) }
    // The logical map knows the software-enabled members only.
    guard logical.mode != .disabled, address.needsSoftwareEnable else { return scan(address, priority) }
    return toLogical(address, priority)
  }

  /// Finds them by asking every member: the definition of what a message reaches.
  public func scan(
    _ message: InterruptMessage, from sender: ContextID?, priority: ArbitrationPriority
  ) -> Route {
    scan(Address(message, from: sender), priority)
  }

  private func toSelf(_ address: Address) -> Route {
    guard let sender = address.sender, let index = index(of: sender) else {
      return Route(group: id, path: .direct, targets: .none, candidates: 0, reason: .noSuchID)
    }
    return single(index, address, .direct)
  }

  /// One candidate, found without asking the others.
  @inline(__always)
  private func single(_ index: Int, _ address: Address, _ path: RoutePath) -> Route {
    if let rejection = members[index].stateRejection(needsSoftwareEnable: address.needsSoftwareEnable) {
      return Route(group: id, path: path, targets: .none, candidates: 1, reason: rejection, rejected: 1)
    }
    return Route(group: id, path: path, targets: .one(members[index].context), candidates: 1)
  }

  @inline(__always)
  private func toPhysical(_ address: Address, _ priority: ArbitrationPriority) -> Route {
    let slot = physical.slot(address.destination)
    if slot >= 0 { return single(Int(slot), address, .map) }
    if slot == -1 {
      return Route(group: id, path: .map, targets: .none, candidates: 0, reason: .noSuchID)
    }
    var search = Search(address)
    for index in physical.list(slot) { search.take(members[Int(index)], address, priority) }
    return search.route(id, .map)
  }

  private func toLogical(_ address: Address, _ priority: ArbitrationPriority) -> Route {
    let found = logical.lookup(address.destination)
    if found.count == 1 { return single(found[0], address, .map) }
    // Nobody: only the members can tell why.
    guard found.count != 0 else {
      var route = scan(address, priority)
      route.path = .map
      return route
    }
    var search = Search(address)
    for i in 0..<found.count { search.take(members[found[i]], address, priority) }
    return search.route(id, .map)
  }

  private func scan(_ address: Address, _ priority: ArbitrationPriority) -> Route {
    var search = Search(
      address, expecting: address.isBroadcast || address.shorthand != .none ? members.count : 0)
    for index in members.indices { search.take(members[index], address, priority) }
    return search.route(id, address.shorthand == .selfOnly ? .direct : .scan)
  }

  /// Every member, and why the message does not reach it.
  public func explain(
    _ message: InterruptMessage, from sender: ContextID?, priority: ArbitrationPriority
  ) -> [Explanation] {
    let address = Address(message, from: sender)
    let winner = address.arbitrates ? scan(address, priority).contexts.first : nil
    return members.map { member in
      var rejection = member.rejection(of: address)
      if rejection == nil, address.arbitrates, member.context != winner { rejection = .arbitrationLost }
      return Explanation(context: member.context, rejection: rejection)
    }
  }
}

/// What became of one member while a message was routed.
public struct Explanation: Hashable, Sendable {
  public var context: ContextID
  /// Nil: the message reaches it.
  public var rejection: Rejection?

  public init(context: ContextID, rejection: Rejection? = nil) {
    self.context = context
    self.rejection = rejection
  }
}
