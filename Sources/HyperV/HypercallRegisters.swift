import Architecture

/// How the processor that executes VMCALL interprets its registers.
public enum HypercallMode: Hashable, Sendable {
  /// CR0.PE is 0: hypercalls are illegal.
  case real
  /// Parameters are pairs of 32-bit registers.
  case protected32
  /// EFER.LMA and CS.L are 1.
  case long64
}

/// The registers of the caller that a hypercall reads and writes (TLFS, "Hypercall Inputs").
public struct HypercallRegisters: Sendable {
  public var mode: HypercallMode
  /// Current privilege level, 0...3.
  public var cpl: UInt8
  public var rax: UInt64 = 0
  public var rbx: UInt64 = 0
  public var rcx: UInt64 = 0
  public var rdx: UInt64 = 0
  public var rsi: UInt64 = 0
  public var rdi: UInt64 = 0
  public var r8: UInt64 = 0
  /// XMM0...XMM5, low half first. Only a fast hypercall looks at them.
  public var xmm: InlineArray<12, UInt64>

  public init(mode: HypercallMode, cpl: UInt8) {
    self.mode = mode
    self.cpl = cpl
    xmm = InlineArray(repeating: 0)
  }

  /// How many bytes the registers carry in a fast hypercall.
  static var blockSize: Int { 112 }

  /// RCX, or EDX:EAX.
  public var control: HypercallInput {
    HypercallInput(rawValue: mode == .long64 ? rcx : Self.join(high: rdx, low: rax))
  }

  /// Whether the caller says with its control word that it wants XMM registers looked at.
  public var needsXMM: Bool { control.isFast }

  /// A qword of the register block: 0 and 1 are RDX and R8 (EBX:ECX and EDI:ESI), 2...13 are XMM0...XMM5.
  subscript(word: Int) -> UInt64 {
    get {
      switch word {
      case 0: mode == .long64 ? rdx : Self.join(high: rbx, low: rcx)
      case 1: mode == .long64 ? r8 : Self.join(high: rdi, low: rsi)
      default: xmm[word - 2]
      }
    }
    set {
      switch (word, mode) {
      case (0, .long64): rdx = newValue
      case (1, .long64): r8 = newValue
      case (0, _): (rbx, rcx) = Self.split(newValue)
      case (1, _): (rdi, rsi) = Self.split(newValue)
      default: xmm[word - 2] = newValue
      }
    }
  }

  /// The first `count` bytes (0...112) of the register block.
  func block(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: self[$0 / 8] &>> UInt64(8 * ($0 % 8))) }
  }

  /// Puts bytes into the register block, leaving the others as they are.
  mutating func setBlock(_ bytes: [UInt8], at offset: Int) {
    for (i, byte) in bytes.enumerated() where offset + i < Self.blockSize {
      self[(offset + i) / 8].setField(8 * ((offset + i) % 8), 8, UInt64(byte))
    }
  }

  /// The hypercall is over: RAX, or EDX:EAX, holds the result. The machine then steps past VMCALL.
  public mutating func complete(_ result: HypercallResult) {
    if mode == .long64 { rax = result.rawValue } else { (rdx, rax) = Self.split(result.rawValue) }
  }

  /// The hypercall goes on at rep `start` when the same VMCALL is executed again.
  mutating func suspend(at start: Int) {
    var control = self.control
    control.repStart = start
    if mode == .long64 { rcx = control.rawValue } else { (rdx, rax) = Self.split(control.rawValue) }
  }

  private static func join(high: UInt64, low: UInt64) -> UInt64 { high &<< 32 | low & 0xFFFF_FFFF }
  private static func split(_ value: UInt64) -> (high: UInt64, low: UInt64) {
    (value &>> 32, value & 0xFFFF_FFFF)
  }
}
