import Architecture
import Interrupts
import Journal

/// The fields of the fire dialog, and the request they come to.
struct FireForm: Hashable {
  enum Field: UInt8, Hashable, CaseIterable {
    case origin, mode, vector, address, id, trigger, level
  }

  /// Whom it names.
  enum Address: UInt8, Hashable, CaseIterable {
    case physical, logical, toSelf, all, allButSelf

    var text: String {
      switch self {
      case .physical: "physical"
      case .logical: "logical"
      case .toSelf: "self"
      case .all: "all"
      case .allButSelf: "all-but-self"
      }
    }
  }

  static var modes: [DeliveryMode] { [.fixed, .lowestPriority, .nmi, .smi, .initialize, .startup] }

  var origin: FireRequest.Origin
  var mode = DeliveryMode.fixed
  var vector: UInt8
  var address = Address.physical
  var id: UInt32
  var isLevel = false
  var isAsserted = true

  /// Starts with what the context sent last, to the first other member of its group.
  init(from context: ContextID, in snapshot: Snapshot) {
    let here = snapshot[context].flatMap { $0.isEnabled ? $0 : nil } ?? snapshot.contexts.first { $0.isEnabled }
    origin = .context(here?.id ?? context)
    let last = UInt8(truncatingIfNeeded: here?.apic[0x300] ?? 0)
    vector = last >= 0x10 ? last : 0x31
    let other = snapshot.contexts.first { $0.isEnabled && $0.group == here?.group && $0.id != here?.id }
    id = (other ?? here).map { RoutingRegisters($0).id.rawValue } ?? 0
  }

  // MARK: - What goes with what

  /// Only an ICR has shorthands.
  var addresses: [Address] {
    switch origin {
    case .context: Address.allCases
    case .message: [.physical, .logical]
    }
  }

  /// The fields that mean something now, in the order of the Tab key.
  var fields: [Field] {
    Field.allCases.filter { field in
      switch field {
      case .origin, .mode, .address: true
      case .vector: mode.hasVector
      case .id: address == .physical || address == .logical
      case .trigger: hasTrigger
      case .level: hasTrigger && isLevel
      }
    }
  }

  /// NMI, SMI and SIPI are edges, whatever the trigger bit says (SDM Vol. 3A, 12.6.1).
  private var hasTrigger: Bool { mode != .nmi && mode != .smi && mode != .startup }

  /// The message as the origin would write it: 8 bits of destination from an xAPIC and in an MSI, 32 from an
  /// x2APIC.
  func message(in snapshot: Snapshot) -> InterruptMessage {
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = mode
    if mode.hasVector { command.vector = VectorNumber(rawValue: vector) }
    command.isLevelTriggered = fields.contains(.trigger) && isLevel
    command.isAsserted = command.isLevelTriggered ? isAsserted : true
    switch address {
    case .physical: break
    case .logical: command.isLogical = true
    case .toSelf: command.shorthand = .selfOnly
    case .all: command.shorthand = .allIncludingSelf
    case .allButSelf: command.shorthand = .allExcludingSelf
    }
    let isNarrow = isNarrow(in: snapshot)
    if fields.contains(.id) { command.destination = isNarrow ? id & 0xFF : id }
    return InterruptMessage(command, isNarrow: isNarrow)
  }

  func request(in snapshot: Snapshot) -> FireRequest {
    FireRequest(origin: origin, message: message(in: snapshot))
  }

  func isNarrow(in snapshot: Snapshot) -> Bool {
    switch origin {
    case .message: true
    case .context(let id): snapshot[id].map { RoutingRegisters($0).mode != .x2APIC } ?? true
    }
  }

  /// It cannot be taken back: NMI, SMI, INIT and SIPI, and what reaches more than four.
  func isGrave(_ facts: FireFacts) -> Bool {
    switch mode {
    case .nmi, .smi, .initialize, .startup: true
    default: facts.targets.count > 4
    }
  }

  func group(in snapshot: Snapshot) -> GroupID? {
    switch origin {
    case .message(let group): group
    case .context(let id): snapshot[id]?.group
    }
  }

  // MARK: - Changing

  /// The next value of a choice.
  mutating func change(_ field: Field, by step: Int, in snapshot: Snapshot) {
    switch field {
    case .origin: moveOrigin(by: step, in: snapshot)
    case .mode: mode = Self.turn(Self.modes, mode, step)
    case .vector: vector &+= UInt8(truncatingIfNeeded: step)
    case .address: address = Self.turn(addresses, address, step)
    case .id: id = id &+ UInt32(truncatingIfNeeded: step)
    case .trigger: isLevel.toggle()
    case .level: isAsserted.toggle()
    }
  }

  private static func turn<T: Equatable>(_ all: [T], _ current: T, _ step: Int) -> T {
    guard let place = all.firstIndex(of: current) else { return all.first ?? current }
    return all[((place + step) % all.count + all.count) % all.count]
  }

  private mutating func moveOrigin(by step: Int, in snapshot: Snapshot) {
    switch origin {
    case .context(let id):
      let next = snapshot.contexts.filter(\.isEnabled).map(\.id).moved(from: id, by: step)
      origin = .context(next ?? id)
    case .message(let group): origin = .message(snapshot.groups.map(\.id).moved(from: group, by: step) ?? group)
    }
  }

  /// From a context, or as a device's message into a group.
  mutating func toggleOrigin(_ selected: ContextID, in snapshot: Snapshot) {
    switch origin {
    case .context(let id): origin = .message(snapshot[id]?.group ?? GroupID(0))
    case .message(let group):
      let own = snapshot[selected].flatMap { $0.isEnabled && $0.group == group ? $0 : nil }
      let first = snapshot.contexts.first { $0.isEnabled && $0.group == group }
      origin = .context((own ?? first)?.id ?? selected)
    }
    if !addresses.contains(address) { address = .physical }
  }
}
