import Architecture
import Journal

/// What routing looks at in one local APIC: plain register values, from a live APIC or from a snapshot.
public struct RoutingRegisters: Hashable, Sendable {
  public var context: ContextID
  /// The ID the APIC was created with. Only the rfc-2023 mode routes by it.
  public var initialID: ApicID
  public var mode: APICMode
  /// The ID register as a number: 8 bits in xAPIC mode, 32 in x2APIC mode.
  public var id: ApicID
  /// LDR, 32 bits: in xAPIC mode bits 31:24 count.
  public var logicalDestination: UInt32
  /// DFR: bits 31:28 are the model in xAPIC mode.
  public var destinationFormat: UInt32
  /// SVR bit 8.
  public var isSoftwareEnabled: Bool
  /// The VTL is enabled on this VP.
  public var isContextEnabled: Bool

  public init(
    context: ContextID, initialID: ApicID, mode: APICMode, id: ApicID, logicalDestination: UInt32,
    destinationFormat: UInt32 = .max, isSoftwareEnabled: Bool, isContextEnabled: Bool = true
  ) {
    self.context = context
    self.initialID = initialID
    self.mode = mode
    self.id = id
    self.logicalDestination = logicalDestination
    self.destinationFormat = destinationFormat
    self.isSoftwareEnabled = isSoftwareEnabled
    self.isContextEnabled = isContextEnabled
  }

  /// The same values out of a snapshot's register page.
  ///
  /// The initial ID is not a register: in xAPIC mode it is taken to be the VP index, unless the caller knows
  /// better.
  public init(_ snapshot: ContextSnapshot) {
    let base = APICBase(rawValue: snapshot.apicBase)
    let raw = snapshot.apic[APICRegister.id.offset]
    let isWide = base.mode == .x2APIC
    let index = ApicID(rawValue: snapshot.id.vp.rawValue)
    self.init(
      context: snapshot.id, initialID: isWide ? ApicID(rawValue: raw) : index, mode: base.mode,
      id: snapshot.isEnabled ? ApicID(rawValue: isWide ? raw : raw &>> 24) : index,
      logicalDestination: snapshot.apic[APICRegister.logicalDestination.offset],
      destinationFormat: snapshot.apic[APICRegister.destinationFormat.offset],
      isSoftwareEnabled: snapshot.apic[APICRegister.spuriousVector.offset].bit(8),
      isContextEnabled: snapshot.isEnabled)
  }

  /// IA32_APIC_BASE.EN, in a context that is enabled: the APIC is there.
  @inline(__always) public var isPresent: Bool { isContextEnabled && mode.rawValue & 2 != 0 }

  /// How this APIC reads a logical destination; nil when it answers to none.
  public var logicalModel: LogicalModel? {
    guard mode != .x2APIC else { return .x2APIC }
    guard logicalDestination &>> 24 != 0 else { return nil }
    switch destinationFormat &>> 28 {
    case 0xF: return .flat
    case 0: return .cluster
    default: return nil
    }
  }
}

/// The three ways to read a logical destination. SDM Vol. 3A, 12.6.2.2 and 12.12.10.2.
public enum LogicalModel: UInt8, Hashable, Sendable {
  case flat
  case cluster
  case x2APIC
}

/// The address of a message, decoded once for all candidates.
struct Address {
  var shorthand: DestinationShorthand
  var isLogical: Bool
  /// Everybody in the group: FFh in the narrow form, FFFFFFFFh in the wide form, physical and logical alike.
  var isBroadcast: Bool
  var destination: UInt32
  /// Fixed and lowest-priority requests, which only a software-enabled APIC accepts.
  var needsSoftwareEnable: Bool
  /// One of the matching APICs gets it. A physical broadcast goes to all of them even so: the manual rules
  /// the combination out (12.6.2.4), KVM makes it fixed, and so does this.
  var arbitrates: Bool
  var sender: ContextID?

  @inline(__always)
  init(_ message: InterruptMessage, from sender: ContextID?) {
    let command = message.command
    shorthand = command.shorthand
    isLogical = command.isLogical
    destination = message.isNarrow ? command.destination & 0xFF : command.destination
    isBroadcast = destination == (message.isNarrow ? 0xFF : .max)
    let mode = command.deliveryMode
    needsSoftwareEnable = mode == .fixed || mode == .lowestPriority
    arbitrates = mode == .lowestPriority && (isLogical || !isBroadcast || shorthand != .none)
    self.sender = sender
  }
}

extension RoutingRegisters {
  /// Why a request addressed so does not reach this APIC; nil when it does.
  ///
  /// First the address, then the state: an APIC that was never meant is not reported as disabled.
  @inline(__always)
  func rejection(of address: Address) -> Rejection? {
    mismatch(address) ?? stateRejection(needsSoftwareEnable: address.needsSoftwareEnable)
  }

  @inline(__always)
  func stateRejection(needsSoftwareEnable: Bool) -> Rejection? {
    guard isContextEnabled else { return .contextNotEnabled }
    guard mode.rawValue & 2 != 0 else { return .hardwareDisabled }
    return needsSoftwareEnable && !isSoftwareEnabled ? .softwareDisabled : nil
  }

  /// Physical destinations compare with the whole ID register, so bits above the 8 of an xAPIC ID match
  /// nothing. Hardware leaves the mixture open; KVM lets an xAPIC answer to a destination above FFh that
  /// equals its initial ID.
  @inline(__always)
  private func mismatch(_ address: Address) -> Rejection? {
    switch address.shorthand {
    case .none: break
    case .allIncludingSelf: return nil
    case .allExcludingSelf: return context == address.sender ? .senderExcluded : nil
    case .selfOnly: return context == address.sender ? nil : .idDiffers
    }
    if address.isBroadcast { return nil }
    guard address.isLogical else { return id.rawValue == address.destination ? nil : .idDiffers }
    return logicalMismatch(address.destination)
  }

  /// Why a logical destination, no broadcast, does not name this APIC.
  @inline(__always)
  func logicalMismatch(_ destination: UInt32) -> Rejection? {
    guard let model = logicalModel else { return .logicalUnusable }
    let matches =
      switch model {
      case .flat: destination <= 0xFF && destination & (logicalDestination &>> 24) != 0
      case .cluster:
        destination <= 0xFF && destination &>> 4 == logicalDestination &>> 28
          && destination & (logicalDestination &>> 24) & 0xF != 0
      case .x2APIC:
        destination &>> 16 == logicalDestination &>> 16 && destination & logicalDestination & 0xFFFF != 0
      }
    return matches ? nil : .logicalMismatch
  }
}
