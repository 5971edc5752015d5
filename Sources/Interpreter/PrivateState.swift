import Architecture

/// The part of a VP's state that every VTL has its own copy of (TLFS, "Private State"); the rest is shared.
public struct PrivateState: Hashable, Sendable {
  public var rip: UInt64 = 0
  public var rsp: UInt64 = 0
  public var rflags: UInt64 = 2
  public var cr0: UInt64 = 0
  public var cr3: UInt64 = 0
  public var cr4: UInt64 = 0
  public var efer: UInt64 = 0
  public var dr7: UInt64 = 0x400
  public var gdtr = TableRegister()
  public var idtr = TableRegister()
  public var es = SegmentRegister()
  public var cs = SegmentRegister()
  public var ss = SegmentRegister()
  public var ds = SegmentRegister()
  public var fs = SegmentRegister()
  public var gs = SegmentRegister()
  public var tr = SegmentRegister()
  public var ldtr = SegmentRegister()
  public var star: UInt64 = 0
  public var lstar: UInt64 = 0
  public var cstar: UInt64 = 0
  public var sfmask: UInt64 = 0
  public var sysenterCS: UInt64 = 0
  public var sysenterESP: UInt64 = 0
  public var sysenterEIP: UInt64 = 0
  public var pat: UInt64 = ProcessorMSR.patAtReset
  public var kernelGSBase: UInt64 = 0
  public var tscAux: UInt64 = 0
  /// STI or MOV SS was the last instruction: no interrupt is taken before the next one is done.
  public var interruptShadow = false
  /// An NMI is being handled: no other is taken before IRET.
  public var nmiBlocked = false
  /// MOV SS was the last instruction: debug exceptions wait too.
  var stackShadow = false
  /// DR6 bits of a debug exception that has not been delivered yet.
  var pendingDebug: UInt64 = 0
  /// An event whose delivery was intercepted.
  var held: HeldEvent?

  public init() {}

  /// An exception, as if the VTL's next instruction raised it; nil takes one back. With one that is on its way already
  /// it may become a double fault (SDM Vol. 3A, table 6-5).
  public mutating func inject(_ fault: Fault?) {
    guard let fault else { return held = nil }
    let isDouble =
      if let held, held.kind == .exception { Interpreter.makesDouble(held.fault.vector, fault.vector) } else { false }
    held = HeldEvent(fault: isDouble ? .doubleFault : fault, kind: .exception, restart: rip, isGiven: true)
  }

  /// The exception that `inject` has put there, until it is taken.
  public var injectedFault: Fault? { held.flatMap { $0.isGiven ? $0.fault : nil } }

  /// What was on its way to its handler, or is put there, other than by `inject`.
  ///
  /// Setting it takes the place of whatever is there. RIP is then behind the instruction of an event that has one.
  public var pendingInterruption: PendingInterruption? {
    get {
      guard let held, !held.isGiven else { return nil }
      let vector = held.fault.vector
      switch held.kind {
      case .exception: return PendingInterruption(.exception, vector: vector, errorCode: held.fault.errorCode)
      case .external: return PendingInterruption(vector == 2 ? .nonMaskable : .external, vector: vector)
      case .software:
        let length = Int(truncatingIfNeeded: rip &- held.restart)
        let isShort = vector == 3 || vector == 4
        return PendingInterruption(
          isShort ? .softwareException : .softwareInterrupt, vector: vector, instructionLength: length)
      }
    }
    set {
      guard let event = newValue, let kind = event.kind else { return held = nil }
      let start = rip
      if kind.hasInstruction { rip &+= UInt64(event.instructionLength) }
      let fault = Fault(vector: event.vector, errorCode: event.errorCode)
      switch kind {
      case .external: held = HeldEvent(fault: fault, kind: .external, restart: start)
      case .nonMaskable:
        nmiBlocked = true
        held = HeldEvent(fault: fault, kind: .external, restart: start)
      case .exception, .privilegedException: held = HeldEvent(fault: fault, kind: .exception, restart: start)
      case .softwareInterrupt, .softwareException: held = HeldEvent(fault: fault, kind: .software, restart: start)
      }
    }
  }

  /// The interrupt or exception that is taken before the next instruction.
  public var heldFault: Fault? { held?.fault }

  /// After power-on and after INIT (SDM Vol. 3A, table 10-1).
  public static var atReset: Self {
    var state = PrivateState()
    state.rip = 0xFFF0
    state.cr0 = 0x6000_0010
    state.cs = SegmentRegister(selector: 0xF000, base: 0xFFFF_0000, limit: 0xFFFF, attributes: 0x9B)
    let data = SegmentRegister(selector: 0, base: 0, limit: 0xFFFF, attributes: 0x93)
    (state.es, state.ss, state.ds, state.fs, state.gs) = (data, data, data, data, data)
    state.tr = SegmentRegister(selector: 0, base: 0, limit: 0xFFFF, attributes: 0x8B)
    state.ldtr = SegmentRegister(selector: 0, base: 0, limit: 0xFFFF, attributes: 0x82)
    state.gdtr = TableRegister(base: 0, limit: 0xFFFF)
    state.idtr = TableRegister(base: 0, limit: 0xFFFF)
    return state
  }

  /// 64-bit mode at privilege level 0 with flat segments, interrupts off and no descriptor tables: for loaders.
  ///
  /// The guest brings its own GDT before it loads a segment register: selectors are CS 8, others 10h.
  public static func longMode(cr3: UInt64, rip: UInt64, rsp: UInt64) -> Self {
    var state = Self.flat(rip: rip, code: .code64(8))
    state.rsp = rsp
    state.cr0 = 0x8001_0033
    state.cr3 = cr3
    state.cr4 = 0x620
    state.efer = 0xD01
    return state
  }

  /// 32-bit protected mode without paging, flat segments: what a multiboot loader hands over.
  public static func protectedMode(rip: UInt64, rsp: UInt64) -> Self {
    var state = Self.flat(rip: rip, code: .code32(8))
    state.rsp = rsp
    state.cr0 = 0x11
    return state
  }

  private static func flat(rip: UInt64, code: SegmentRegister) -> Self {
    var state = Self.atReset
    state.rip = rip
    state.cs = code
    let data = SegmentRegister.data(0x10)
    (state.es, state.ss, state.ds, state.fs, state.gs) = (data, data, data, data, data)
    state.gdtr = TableRegister()
    state.idtr = TableRegister()
    return state
  }
}
