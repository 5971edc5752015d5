import Architecture
import Journal

/// One 8259A interrupt controller: eight inputs, one output (data sheet 231468).
///
/// As it is in a PC: in 8086 mode, with the cascade wired, and with an edge/level register (ELCR) in place of the LTIM bit
/// of ICW1. So ICW3, LTIM, the buffered modes and MCS-80 mode are taken and do nothing, as in chipsets.
public struct PICChip: Hashable, Sendable {
  /// The inputs, and which of them have risen since they were last acknowledged or the chip was initialized.
  private(set) var lines: UInt8 = 0
  private var edges: UInt8 = 0
  /// ELCR: 1 is level-triggered.
  var levelTriggered: UInt8 = 0
  private(set) var inService: UInt8 = 0
  /// IMR. Nothing gets through before ICW1, which clears it.
  private(set) var mask: UInt8 = 0xFF
  /// ICW2: bits 7:3 of the vectors.
  private(set) var vectorBase: UInt8 = 0
  private(set) var isAutoEOI = false
  /// The input of the lowest priority; the one after it has the highest.
  private(set) var lowest: UInt8 = 7
  private var isSpecialFullyNested = false
  private var isSpecialMask = false
  private var rotatesOnAutoEOI = false
  private var readsInService = false
  /// The next read is a poll.
  private var polls = false
  private var step = Step.off
  /// ICW1 said that ICW4 comes, and that ICW3 does not.
  private var expectsICW4 = false
  private var isSingle = false

  /// Which initialization command word comes next.
  private enum Step: Hashable {
    /// Power-on: never initialized.
    case off
    case icw2
    case icw3
    case icw4
    case ready
  }

  init() {}

  public var isInitialized: Bool { step == .ready }

  /// IRR. An input has to stay high until it is acknowledged, in edge mode too: "If the IR input goes low before this
  /// time a DEFAULT IR7 will occur".
  public var requests: UInt8 { lines & (edges | levelTriggered) }

  mutating func setLine(_ input: UInt8, isHigh: Bool) {
    let bit: UInt8 = 1 << input
    guard isHigh != (lines & bit != 0) else { return }
    lines ^= bit
    if isHigh { edges |= bit } else { edges &= ~bit }
  }

  // MARK: - Priority

  /// INT.
  var isOutputHigh: Bool { pending != nil }

  /// 0 is the highest.
  private func priority(_ input: UInt8) -> UInt8 { (input &- lowest &- 1) & 7 }

  private func highest(of inputs: UInt8) -> UInt8? {
    guard inputs != 0 else { return nil }
    let first = (lowest + 1) & 7
    let turned = first == 0 ? inputs : inputs >> first | inputs << (8 - first)
    return (UInt8(turned.trailingZeroBitCount) + first) & 7
  }

  /// The input in service that counts: in special mask mode a masked one holds nobody back, and a non-specific EOI does not
  /// find it.
  private var served: UInt8? { highest(of: isSpecialMask ? inService & ~mask : inService) }

  /// The input to acknowledge next.
  private var pending: UInt8? {
    guard isInitialized, let input = highest(of: requests & ~mask) else { return nil }
    guard let served else { return input }
    if priority(input) < priority(served) { return input }
    // A slave in service may ask again: for a higher input of its own (special fully nested mode).
    return isSpecialFullyNested && input == served && input == PIC.cascadeInput ? input : nil
  }

  /// INTA: the input that is taken; nil when none asks any more, which the chip answers as input 7 without an ISR bit.
  mutating func acknowledge() -> UInt8? {
    guard let input = pending else { return nil }
    edges &= ~(1 << input)
    if isAutoEOI {
      if rotatesOnAutoEOI { lowest = input }
    } else {
      inService |= 1 << input
    }
    return input
  }

  // MARK: - Registers

  /// `isData` is A0. A poll takes the place of whatever is read.
  mutating func read(isData: Bool) -> UInt8 {
    if polls {
      polls = false
      return acknowledge().map { 0x80 | $0 } ?? 0
    }
    if isData { return mask }
    return readsInService ? inService : requests
  }

  mutating func write(_ value: UInt8, isData: Bool) {
    switch (isData, step) {
    case (true, .icw2):
      vectorBase = value & 0xF8
      step = isSingle ? stepAfterICW3 : .icw3
    case (true, .icw3): step = stepAfterICW3
    case (true, .icw4):
      isAutoEOI = value.bit(1)
      isSpecialFullyNested = value.bit(4)
      step = .ready
    case (true, _): mask = value
    case (false, _):
      if value.bit(4) { initialize(value) } else if value.bit(3) { setModes(value) } else { endOfInterrupt(value) }
    }
  }

  private var stepAfterICW3: Step { expectsICW4 ? .icw4 : .ready }

  /// ICW1. The ISR is not among what it clears.
  private mutating func initialize(_ value: UInt8) {
    expectsICW4 = value.bit(0)
    isSingle = value.bit(1)
    edges = 0
    mask = 0
    lowest = 7
    isSpecialMask = false
    rotatesOnAutoEOI = false
    readsInService = false
    polls = false
    isAutoEOI = false
    isSpecialFullyNested = false
    step = .icw2
  }

  /// OCW3.
  private mutating func setModes(_ value: UInt8) {
    if value.bit(6) { isSpecialMask = value.bit(5) }
    if value.bit(1) { readsInService = value.bit(0) }
    if value.bit(2) { polls = true }
  }

  /// OCW2: bit 7 rotates, bit 6 names the input in bits 2:0, bit 5 is EOI.
  private mutating func endOfInterrupt(_ value: UInt8) {
    let named = value & 7
    switch value >> 5 {
    case 0b000: rotatesOnAutoEOI = false
    case 0b100: rotatesOnAutoEOI = true
    case 0b001, 0b101:
      guard let served else { return }
      inService &= ~(1 << served)
      if value.bit(7) { lowest = served }
    case 0b011: inService &= ~(1 << named)
    case 0b111:
      inService &= ~(1 << named)
      lowest = named
    case 0b110: lowest = named
    default: break
    }
  }

  var snapshot: PICChipSnapshot {
    var shot = PICChipSnapshot()
    shot.requests = requests
    shot.inService = inService
    shot.mask = mask
    shot.lines = lines
    shot.levelTriggered = levelTriggered
    shot.vectorBase = vectorBase
    shot.isAutoEOI = isAutoEOI
    shot.isInitialized = isInitialized
    return shot
  }
}
