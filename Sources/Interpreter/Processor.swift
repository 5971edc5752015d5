import Architecture

/// One VP: its registers, its translations, and the exit it waits in. Run it with `Interpreter.run`.
public final class Processor {
  let state: UnsafeMutablePointer<CPUState>
  let banks: UnsafeMutablePointer<TLBBank>
  static var bankCount: Int { VTL.countLimit * TLBBank.perVTL }

  public init() {
    state = .allocate(capacity: 1)
    banks = .allocate(capacity: Self.bankCount)
    UnsafeMutableRawPointer(state).initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<CPUState>.size)
    banks.initialize(repeating: TLBBank(), count: Self.bankCount)
    state.pointee.exit = .budget
    state.pointee.banks = banks
    state.pointee.bank = banks
    state.pointee.lastException = .invalidOpcode
    state.pointee.fault = .invalidOpcode
    state.pointee.held = nil
    reset(.powerOn)
  }

  deinit {
    for i in 0..<Self.bankCount { banks[i].free() }
    banks.deallocate()
    state.deallocate()
  }

  /// Which VTL's translations and view of memory are used. Its private state is set separately.
  public var vtl: VTL {
    get { VTL(rawValue: state.pointee.vtl) }
    set {
      precondition(newValue.index < VTL.countLimit, "no such VTL")
      state.pointee.vtl = newValue.rawValue
    }
  }

  public subscript(_ register: GeneralRegister) -> UInt64 {
    get { state.pointee.registers[Int(register.rawValue)] }
    set { state.pointee.registers[Int(register.rawValue)] = newValue }
  }

  /// XMM0...XMM15.
  public func vector(_ n: Int) -> (low: UInt64, high: UInt64) {
    (state.pointee.vectors[n * 2], state.pointee.vectors[n * 2 + 1])
  }
  public func setVector(_ n: Int, low: UInt64, high: UInt64) {
    state.pointee.vectors[n * 2] = low
    state.pointee.vectors[n * 2 + 1] = high
  }

  /// Bits 255:128 of YMM0...YMM15.
  public func upperVector(_ n: Int) -> (low: UInt64, high: UInt64) {
    (state.pointee.uppers[n * 2], state.pointee.uppers[n * 2 + 1])
  }
  public func setUpperVector(_ n: Int, low: UInt64, high: UInt64) {
    (state.pointee.uppers[n * 2], state.pointee.uppers[n * 2 + 1]) = (low, high)
  }
  /// XCR0: which parts of the extended state are on (SDM Vol. 3A, 2.6).
  public var xcr0: UInt64 {
    get { state.pointee.xcr0 }
    set { state.pointee.xcr0 = newValue }
  }

  /// PKRU: what may be done with user pages, by their protection key (SDM Vol. 3A, 4.6.2).
  public var protectionKeyRights: UInt32 {
    get { state.pointee.pkru }
    set { state.pointee.pkru = newValue }
  }

  public var rip: UInt64 {
    get { state.pointee.rip }
    set { state.pointee.rip = newValue }
  }
  public var rflags: UInt64 {
    get { state.rflags }
    set { state.pointee.setRFlags(newValue) }
  }
  public var cr4: UInt64 { state.pointee.cr4 }
  public var cr2: UInt64 {
    get { state.pointee.cr2 }
    set { state.pointee.cr2 = newValue }
  }
  /// DR0...DR7; 4 and 5 are not there.
  public func debugRegister(_ n: Int) -> UInt64 { state.pointee.dr[n] }
  public func setDebugRegister(_ n: Int, _ value: UInt64) {
    switch n {
    case 6: state.pointee.dr[6] = value & DR6.writable | DR6.fixed
    case 7: state.pointee.dr[7] = value & DR7.writable | DR7.fixed
    default: state.pointee.dr[n] = value
    }
    state.pointee.updateBreakpoints()
  }
  public var mxcsr: UInt32 {
    get { state.pointee.mxcsr }
    set { state.pointee.mxcsr = newValue & 0xFFFF }
  }
  public var cpl: UInt8 { state.pointee.cpl }
  /// EFER.LMA and CS.L (SDM Vol. 3A, 2.2).
  public var isIn64BitMode: Bool { state.pointee.mode == .bits64 }
  /// Whether these bits of CR0 are set.
  public func isIn(_ bits: CR0) -> Bool { state.pointee.cr0 & bits.rawValue == bits.rawValue }
  /// IA32_MISC_ENABLE bit 34: WRMSR that sets EFER.NXE is #GP. Stays through INIT.
  public var refusesNoExecute: Bool {
    get { state.pointee.refusesNoExecute }
    set { state.pointee.refusesNoExecute = newValue }
  }

  /// What higher VTLs hear of before the VTL that runs does it: such an instruction leaves with an exit and does nothing.
  public var registerIntercepts: RegisterIntercepts {
    get { state.pointee.intercepts }
    set { state.pointee.intercepts = newValue }
  }
  /// The same of I/O ports: a `PortBitmap` that outlives the processor's use of it; nil for none.
  public var portIntercepts: UnsafePointer<UInt64>? {
    get { state.pointee.portIntercepts }
    set { state.pointee.portIntercepts = newValue }
  }
  /// Mode-based execution control is on for the VTL that runs: what it may fetch in user mode is a right of its own.
  public var isModeBased: Bool {
    get { state.pointee.isModeBased }
    set { state.pointee.isModeBased = newValue }
  }
  /// The length in bytes of the instruction that the last exit is about; of an exit that is to be completed, and of
  /// `registerIntercept` and `portIntercept`.
  public var exitLength: Int { Int(state.pointee.pendingLength) }
  /// The length of the branch that led to where an instruction could not be fetched; 0 where something else did.
  public var branchLength: Int { Int(state.pointee.branchLength) }

  /// IA32_MISC_ENABLE as the machine has it, for `registerIntercepts`.
  public var miscellaneousEnables: UInt64 {
    get { state.pointee.miscellaneousEnables }
    set { state.pointee.miscellaneousEnables = newValue }
  }

  // MARK: Time

  /// The TSC at the start of the next run; RDTSC adds the ticks used since.
  public var tscBase: UInt64 {
    get { state.pointee.tscBase }
    set { state.pointee.tscBase = newValue }
  }
  /// Of the last run. May exceed what was granted by the cost of the last instruction.
  public internal(set) var ticksUsed: UInt64 = 0
  /// Retired since power-on.
  public internal(set) var instructions: UInt64 = 0

  // MARK: Interrupts

  /// IF is set, neither STI nor MOV SS was the last instruction (SDM Vol. 3A, 6.8.1 and 6.8.3), and no debug trap comes
  /// first (table 6-2).
  public var canTakeInterrupt: Bool {
    state.pointee.systemFlags & RFlags.interruptEnable.rawValue != 0 && isBetweenEvents
  }
  public var canTakeNMI: Bool { !state.pointee.nmiBlocked && isBetweenEvents }
  private var isBetweenEvents: Bool {
    !state.pointee.shadow && state.pointee.pendingDebug == 0 && state.pointee.held == nil
  }
  public var interruptShadow: Bool {
    get { state.pointee.shadow }
    set {
      state.pointee.shadow = newValue
      if !newValue { state.pointee.stackShadow = false }
    }
  }
  public var nmiBlocked: Bool {
    get { state.pointee.nmiBlocked }
    set { state.pointee.nmiBlocked = newValue }
  }
  /// Makes `run` leave at the first boundary where `canTakeInterrupt` holds. Stays set until cleared.
  public var interruptWindowRequested: Bool {
    get { state.pointee.interruptWindowRequested }
    set { state.pointee.interruptWindowRequested = newValue }
  }

  /// An interrupt or exception is on its way to its handler, and an access that this takes was intercepted.
  public var hasHeldEvent: Bool { state.pointee.held != nil }
  /// Exceptions delivered since power-on, interrupts not counted.
  public var exceptionCount: UInt64 { state.pointee.exceptionCount }
  public var lastException: (fault: Fault, rip: UInt64) {
    (state.pointee.lastException, state.pointee.lastExceptionRIP)
  }
  /// A triple fault happened.
  public var isShutdown: Bool { state.pointee.isShutdown }

  // MARK: Reset and start

  public enum ResetKind: Sendable {
    case powerOn
    /// INIT: vector and x87 registers, PKRU and PAT stay (SDM Vol. 3A, table 10-1).
    case initSignal
  }

  /// Leaves the registers as after power-on or INIT. RDX holds the processor's signature.
  public func reset(_ kind: ResetKind) {
    var fresh = PrivateState.atReset
    if kind == .initSignal { fresh.pat = state.pointee.pat }
    for i in 0..<20 { state.pointee.registers[i] = 0 }
    state.pointee.registers[2] = 0x0005_06F1
    state.pointee.cr2 = 0
    for i in 0..<8 { state.pointee.dr[i] = 0 }
    state.pointee.dr[6] = DR6.fixed
    if kind == .powerOn {
      for i in 0..<32 { (state.pointee.vectors[i], state.pointee.uppers[i]) = (0, 0) }
      for i in 0..<16 { state.pointee.floats[i] = 0 }
      state.pointee.mxcsr = 0x1F80
      // 40h until FNINIT (SDM Vol. 3A, table 10-1).
      state.initializeFloats()
      state.pointee.fpuControl = 0x40
      state.pointee.fpuTags = 0xFF
      state.pointee.xcr0 = ExtendedState.x87
      state.pointee.pkru = 0
    }
    state.pointee.isShutdown = false
    state.pointee.pending = .none
    state.pointee.isTrapDueOnCompletion = false
    state.pointee.readCount = 0
    state.pointee.writeCount = 0
    privateState = fresh
  }

  /// Start-up IPI: real mode at `vector` x 1000h (SDM Vol. 3A, 10.4.3).
  public func start(vector: VectorNumber) {
    let selector = UInt16(vector.rawValue) << 8
    state.pointee.segments[Int(SegmentName.cs.rawValue)] = .real(selector, code: true)
    state.pointee.rip = 0
    state.pointee.updateMode()
  }

  /// 64-bit mode with flat segments, interrupts off, RDI an argument: for loaders.
  public func enterLongMode(cr3: UInt64, rip: UInt64, rsp: UInt64, rdi: UInt64) {
    privateState = .longMode(cr3: cr3, rip: rip, rsp: rsp)
    self[.rdi] = rdi
  }
}
