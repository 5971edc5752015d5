import Architecture
import Interrupts
import Journal

/// A local APIC as it comes out of power-up, software-disabled.
func powerUp(
  id: Int = 3, vtl: Int = 0, isBootstrap: Bool = false, version: APICVersion = .standard
) -> LocalAPIC {
  LocalAPIC(
    id: ApicID(id), context: ContextID(id, vtl), group: GroupID(vtl), isBootstrap: isBootstrap,
    version: version)
}

/// A local APIC in xAPIC mode, software-enabled with spurious vector FFh.
func enabled(id: Int = 3, version: APICVersion = .standard) -> LocalAPIC {
  var apic = powerUp(id: id, version: version)
  apic.store(0xF0, 0x1FF)
  return apic
}

/// The same in x2APIC mode.
func enabledX2APIC(id: Int = 3, version: APICVersion = .standard) -> LocalAPIC {
  var apic = enabled(id: id, version: version)
  _ = try? apic.writeBase(0xFEE0_0C00)
  return apic
}

extension LocalAPIC {
  /// A 4-byte store to the register page.
  @discardableResult
  mutating func store(_ offset: Int, _ value: UInt64, at now: UInt64 = 0) -> APICEffect {
    writeMMIO(offset: offset, size: 4, value, at: VirtualTime(ticks: now), rip: 0x1000)
  }

  /// A 4-byte load from the register page.
  mutating func load(_ offset: Int, at now: UInt64 = 0) -> UInt64 {
    readMMIO(offset: offset, size: 4, at: VirtualTime(ticks: now))
  }

  @discardableResult
  mutating func wrmsr(_ msr: UInt32, _ value: UInt64, at now: UInt64 = 0) throws(Fault) -> APICEffect {
    try writeMSR(msr, value, at: VirtualTime(ticks: now), rip: 0x1000)
  }

  func rdmsr(_ msr: UInt32, at now: UInt64 = 0) throws(Fault) -> UInt64 {
    try readMSR(msr, at: VirtualTime(ticks: now))
  }

  /// A fixed, edge-triggered interrupt arrives.
  @discardableResult
  mutating func receive(
    _ vector: UInt8, mode: DeliveryMode = .fixed, isLevel: Bool = false, at now: UInt64 = 0,
    journey: UInt64 = 1,
    processor: ProcessorCondition = .init()
  ) -> Acceptance {
    var command = InterruptCommand(rawValue: UInt64(vector))
    command.deliveryMode = mode
    command.isAsserted = true
    command.isLevelTriggered = isLevel
    return accept(
      command, at: VirtualTime(ticks: now), journey: JourneyID(rawValue: journey), processor: processor)
  }
}

func vector(_ value: UInt8) -> VectorNumber { VectorNumber(rawValue: value) }

/// Whether a guest's access ends in #GP(0).
func faults(_ body: () throws(Fault) -> Void) -> Bool {
  do throws(Fault) {
    try body()
    return false
  } catch {
    return error == .generalProtection()
  }
}

/// A seeded generator, the same on every machine: xorshift64*.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed | 1 }
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
  mutating func below(_ n: Int) -> Int { Int(next() >> 33) % n }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// A message, spelled by its fields.
func message(
  to destination: UInt32 = 0, vector: UInt8 = 0x41, mode: DeliveryMode = .fixed, isLogical: Bool = false,
  shorthand: DestinationShorthand = .none, isNarrow: Bool = false
) -> InterruptMessage {
  var command = InterruptCommand(rawValue: UInt64(vector))
  command.deliveryMode = mode
  command.isLogical = isLogical
  command.shorthand = shorthand
  command.isAsserted = true
  command.destination = destination
  return InterruptMessage(command, isNarrow: isNarrow)
}
