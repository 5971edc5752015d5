import Architecture

/// The interrupt hardware outside of the local APICs: where device interrupts come from and where they go.
public struct PlatformSnapshot: Hashable, Sendable {
  public var ioapics: [IOAPICSnapshot] = []
  public var messageRoutes: [MessageRouteSnapshot] = []
  public var pic: PICSnapshot? = nil
  public var pit: PITSnapshot? = nil
  public var serial: SerialSnapshot? = nil
  public init() {}
}

/// An IOAPIC (82093AA).
public struct IOAPICSnapshot: Hashable, Sendable {
  /// Bits 27:24 of its ID register.
  public var id: UInt8
  /// 11h, or 20h with an EOI register.
  public var version: UInt8
  /// Where its registers are.
  public var base: UInt64
  /// The global system interrupt of pin 0.
  public var firstInterrupt: UInt32
  public var pins: [PinSnapshot]

  public init(id: UInt8, version: UInt8, base: UInt64, firstInterrupt: UInt32 = 0, pins: [PinSnapshot] = []) {
    self.id = id
    self.version = version
    self.base = base
    self.firstInterrupt = firstInterrupt
    self.pins = pins
  }
}

/// One pin of an IOAPIC and its redirection table entry.
public struct PinSnapshot: Hashable, Sendable {
  public var index: UInt8
  public var entry: RedirectionEntry
  /// The group its messages are resolved in.
  public var group: GroupID
  /// What is on the line, such as "serial"; empty when nothing is known to be.
  public var device = ""
  public var isLineHigh = false
  /// Since when the line is as it is.
  public var lineSince = VirtualTime.zero
  /// Since when remote IRR is set; says something while it is.
  public var remoteIRRSince = VirtualTime.zero
  /// The last message sent for this pin.
  public var lastSent: VirtualTime? = nil
  public var lastJourney = JourneyID.none
  /// The last message reached somebody.
  public var lastWasDelivered = false
  /// The last time remote IRR was cleared.
  public var lastEndOfInterrupt: VirtualTime? = nil
  /// The last rising edge while the entry was masked: it is not replayed.
  public var lastMaskedEdge: VirtualTime? = nil
  public var lastUnmask: VirtualTime? = nil
  /// The last write of the entry; `value` is what was there before.
  public var lastWrite: LastWrite? = nil
  public var counters = PinCounters()

  public init(index: UInt8, entry: RedirectionEntry = .atReset, group: GroupID = GroupID(0)) {
    self.index = index
    self.entry = entry
    self.group = group
  }
}

/// What is counted of a pin since power-on.
public struct PinCounters: Hashable, Sendable {
  /// Rising edges of the line.
  public var raised: UInt64 = 0
  public var sent: UInt64 = 0
  /// Messages that reached nobody.
  public var undelivered: UInt64 = 0
  /// Sent or raised again before the one before was taken: told apart from it no more.
  public var coalesced: UInt64 = 0
  /// Rising edges while masked.
  public var maskedEdges: UInt64 = 0
  public var endOfInterrupts: UInt64 = 0
  public init() {}
}

/// The message-signaled interrupt of one device.
public struct MessageRouteSnapshot: Hashable, Sendable {
  /// Such as "periodic".
  public var device: String
  public var isEnabled: Bool
  public var signal: MessageSignal
  /// The group its messages are resolved in.
  public var group: GroupID
  public var sent: UInt64 = 0
  public var undelivered: UInt64 = 0
  /// Writes that were no interrupt message; see `lastFault`.
  public var malformed: UInt64 = 0
  public var lastFault: MessageFault? = nil
  public var lastSent: VirtualTime? = nil
  public var lastJourney = JourneyID.none

  public init(device: String, isEnabled: Bool, signal: MessageSignal, group: GroupID) {
    self.device = device
    self.isEnabled = isEnabled
    self.signal = signal
    self.group = group
  }
}

/// The pair of 8259A interrupt controllers of a PC.
public struct PICSnapshot: Hashable, Sendable {
  public var master: PICChipSnapshot
  public var slave: PICChipSnapshot
  /// INTR: an interrupt waits to be acknowledged.
  public var isOutputHigh = false
  public var acknowledged: UInt64 = 0
  /// Acknowledgements with nothing pending any more: IRQ 7 or 15.
  public var spurious: UInt64 = 0

  public init(master: PICChipSnapshot = PICChipSnapshot(), slave: PICChipSnapshot = PICChipSnapshot()) {
    self.master = master
    self.slave = slave
  }
}

/// One 8259A: a bit per input.
public struct PICChipSnapshot: Hashable, Sendable {
  public var requests: UInt8 = 0
  public var inService: UInt8 = 0
  public var mask: UInt8 = 0xFF
  public var lines: UInt8 = 0
  /// The edge/level control register (4D0h, 4D1h): 1 is level-triggered.
  public var levelTriggered: UInt8 = 0
  /// ICW2: the vector of input 0.
  public var vectorBase: UInt8 = 0
  public var isAutoEOI = false
  /// ICW1 to ICW4 were written.
  public var isInitialized = false
  public init() {}
}

/// Channel 0 of the 8254 interval timer: IRQ 0.
public struct PITSnapshot: Hashable, Sendable {
  /// 0...5.
  public var mode: UInt8 = 0
  /// 1...65536 counts of 1.193182 MHz; 0 when it was never loaded.
  public var reload: UInt32 = 0
  public var due: VirtualTime? = nil
  public var period = VirtualTime.zero
  /// How often the output rose.
  public var expired: UInt64 = 0
  public init() {}
}

/// The receive side of COM1, a 16550.
public struct SerialSnapshot: Hashable, Sendable {
  /// IER, IIR, LCR, MCR and LSR as they would read.
  public var interruptEnable: UInt8 = 0
  public var interruptIdentification: UInt8 = 1
  public var lineControl: UInt8 = 0
  public var modemControl: UInt8 = 0
  public var lineStatus: UInt8 = 0x60
  /// Bytes that wait in the receive FIFO, 0...16, and how many make it interrupt.
  public var waiting: UInt8 = 0
  public var trigger: UInt8 = 1
  public var received: UInt64 = 0
  public var transmitted: UInt64 = 0
  /// Bytes that came when there was no room: lost, and LSR said so.
  public var overruns: UInt64 = 0
  /// Bytes that came while the line was cut off by loopback mode: lost.
  public var disconnected: UInt64 = 0
  /// Bytes an operator has typed that are not on the line yet.
  public var typed: UInt32 = 0
  public init() {}
}

/// Why a write of a device was no interrupt message.
public enum MessageFault: UInt8, Hashable, Sendable, CaseIterable {
  /// Address bits 31:20 are not FEEh.
  case notInterruptAddress = 1
  /// The upper half of the address is not 0: without 32-bit APIC IDs in messages it means nothing.
  case highAddress = 2
  /// Address bits 11:5 are not 0: the extended destination is not offered here.
  case extendedDestination = 3
}

/// Why a pin was looked at.
public enum PinCause: UInt8, Hashable, Sendable, CaseIterable {
  case raised = 0
  case lowered = 1
  case unmasked = 2
  /// An EOI cleared remote IRR.
  case endOfInterrupt = 3
  /// Another field of its entry was written.
  case routeWritten = 4
}

/// What came of it.
public enum PinOutcome: UInt8, Hashable, Sendable, CaseIterable {
  /// No interrupt is due.
  case quiet = 0
  /// A message was sent: the request with the same journey.
  case sent = 1
  /// The one before is not done with: they are one.
  case coalesced = 2
  /// The entry is masked.
  case masked = 3
  /// Remote IRR is set.
  case waitsForEOI = 4
  /// Sent again by too many EOIs in a row with the line still up: the next message comes a little later.
  case held = 5
}

/// What cleared a remote IRR.
public enum RemoteIRRClearing: UInt8, Hashable, Sendable, CaseIterable {
  /// A local APIC's EOI, broadcast to the IOAPICs.
  case broadcast = 0
  /// A write to the IOAPIC's EOI register.
  case directed = 1
  /// The entry was made edge-triggered.
  case edgeWrite = 2
}

/// A register of the local APIC timer.
public enum TimerRegister: UInt8, Hashable, Sendable, CaseIterable {
  case initialCount = 0
  case deadline = 1
  case localVector = 2
  case divide = 3
}

/// The last write to a register of the local APIC timer.
public struct TimerWrite: Hashable, Sendable {
  public var register: TimerRegister
  public var write: LastWrite
  /// The mode did not let it do anything: TMICT in TSC-deadline mode, or IA32_TSC_DEADLINE in another.
  public var isIgnored: Bool

  public init(register: TimerRegister, write: LastWrite, isIgnored: Bool) {
    self.register = register
    self.write = write
    self.isIgnored = isIgnored
  }
}

/// Lazy end-of-interrupt: a byte in guest memory that a guest clears in place of writing EOI.
///
/// KVM's PV EOI (MSR 4B564D04h) and the "no EOI required" bit of Hyper-V's VP assist page.
public enum LazyEOI: UInt8, Hashable, Sendable, CaseIterable {
  case off = 0
  /// Offered by the guest; no interrupt is under it now.
  case enabled = 1
  /// The byte is set: the guest may clear it in place of an EOI.
  case armed = 2
  /// The guest has cleared it, and the core has not looked yet: the ISR bit is only left over.
  case taken = 3
}

/// What keeps an INIT pending (SDM Vol. 3A, 12.4.7; Vol. 3C, 24.8).
public enum InitLatch: UInt8, Hashable, Sendable, CaseIterable {
  case none = 0
  case systemManagement = 1
  case vmxRoot = 2
  /// AMD: GIF = 0.
  case globalInterruptFlag = 3
}
