import Architecture

/// The x87 unit's registers and words (SDM Vol. 1, 8.1).
enum FloatStatus {
  static var stackFault: UInt16 { 0x40 }
  /// ES, and B which follows it.
  static var summary: UInt16 { 0x8080 }
  static var c0: UInt16 { 0x100 }
  static var c1: UInt16 { 0x200 }
  static var c2: UInt16 { 0x400 }
  static var c3: UInt16 { 0x4000 }
  static var conditions: UInt16 { 0x4700 }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  @inline(__always)
  var floatTop: Int {
    get { Int(pointee.fpuStatus &>> 11) & 7 }
    nonmutating set { pointee.fpuStatus = pointee.fpuStatus & ~0x3800 | UInt16(newValue & 7) &<< 11 }
  }

  func isEmpty(_ i: Int) -> Bool { pointee.fpuTags &>> UInt8((floatTop &+ i) & 7) & 1 == 0 }

  /// ST(i).
  func float(_ i: Int) -> FloatBits {
    let at = ((floatTop &+ i) & 7) &* 2
    return FloatBits(low: pointee.floats[at], high: UInt16(truncatingIfNeeded: pointee.floats[at &+ 1]))
  }
  func setFloat(_ i: Int, _ value: FloatBits) {
    let number = (floatTop &+ i) & 7
    (pointee.floats[number &* 2], pointee.floats[number &* 2 &+ 1]) = (value.low, UInt64(value.high))
    pointee.fpuTags |= 1 &<< UInt8(number)
  }
  func freeFloat(_ i: Int) { pointee.fpuTags &= ~(1 &<< UInt8((floatTop &+ i) & 7)) }

  func popFloat() {
    freeFloat(0)
    floatTop = floatTop &+ 1
  }

  /// ES and B say whether an exception that is not masked is noted.
  func updateFloatSummary() {
    let isPending = pointee.fpuStatus & ~pointee.fpuControl & 0x3F != 0
    pointee.fpuStatus = pointee.fpuStatus & ~FloatStatus.summary | (isPending ? FloatStatus.summary : 0)
  }

  func setFloatConditions(_ bits: UInt16) {
    pointee.fpuStatus = pointee.fpuStatus & ~FloatStatus.conditions | bits
  }

  /// As after power-on and FNINIT.
  func initializeFloats() {
    pointee.fpuControl = 0x37F
    pointee.fpuStatus = 0
    pointee.fpuTags = 0
    pointee.fpuOpcode = 0
    (pointee.fpuInstruction, pointee.fpuData) = (0, 0)
  }
}

extension Interpreter {
  /// #MF for an exception of an earlier instruction. With CR0.NE clear the PC's way, IRQ 13, is not there: nothing comes.
  func checkPendingFloat(_ c: CPU) throws(Stop) {
    if c.pointee.fpuStatus & 0x80 != 0, c.pointee.cr0 & CR0.numericError.rawValue != 0 {
      throw c.fail(.floatingPoint)
    }
  }

  func checkFloat(_ c: CPU) throws(Stop) {
    if c.pointee.cr0 & (CR0.emulation.rawValue | CR0.taskSwitched.rawValue) != 0 {
      throw c.fail(.deviceNotAvailable)
    }
  }

  /// FWAIT.
  func wait(_ c: CPU) throws(Stop) {
    let mask = CR0.monitorCoprocessor.rawValue | CR0.taskSwitched.rawValue
    if c.pointee.cr0 & mask == mask { throw c.fail(.deviceNotAvailable) }
    try checkPendingFloat(c)
  }

  /// Notes exceptions and C1. False when the operation is not to have a result (SDM Vol. 1, 8.4 and 8.5).
  @discardableResult
  func settleFloat(_ c: CPU, _ environment: FloatEnvironment, toMemory: Bool = false) -> Bool {
    var raised = environment.raised
    let unmasked = raised & ~environment.masks
    // What is found before the operation keeps it from being done.
    if unmasked & FloatException.early != 0 { raised &= FloatException.early }
    c.pointee.fpuStatus &= ~FloatStatus.c1
    if environment.isRoundedUp, raised & FloatException.precision != 0 { c.pointee.fpuStatus |= FloatStatus.c1 }
    c.pointee.fpuStatus |= UInt16(raised)
    c.updateFloatSummary()
    let forbids: UInt8 =
      toMemory ? FloatException.early | FloatException.overflow | FloatException.underflow : FloatException.early
    return unmasked & forbids == 0
  }

  /// A stack fault: invalid, with C1 telling overflow from underflow. True when the exception is masked.
  func stackFault(_ c: CPU, isOverflow: Bool) -> Bool {
    c.pointee.fpuStatus &= ~FloatStatus.c1
    c.pointee.fpuStatus |= FloatStatus.stackFault | 1 | (isOverflow ? FloatStatus.c1 : 0)
    c.updateFloatSummary()
    return c.pointee.fpuControl & 1 != 0
  }

  /// Puts a value on top; a register that is not free is a stack overflow.
  func pushFloat(_ c: CPU, _ value: FloatBits) {
    guard c.isEmpty(7) else {
      guard stackFault(c, isOverflow: true) else { return }
      c.floatTop = c.floatTop &- 1
      c.setFloat(0, FloatFormat.extended.indefinite)
      return
    }
    c.floatTop = c.floatTop &- 1
    c.setFloat(0, value)
  }

  /// Both operands are there; else a stack underflow, whose masked result is the indefinite NaN in `target`.
  func requireFloats(_ c: CPU, _ first: Int, _ second: Int, target: Int = 0, pops: Int = 0) -> Bool {
    guard c.isEmpty(first) || c.isEmpty(second) else { return true }
    if stackFault(c, isOverflow: false) {
      c.setFloat(target, FloatFormat.extended.indefinite)
      for _ in 0..<pops { c.popFloat() }
    }
    return false
  }

  func floatEnvironment(_ c: CPU, _ format: FloatFormat = .extended) -> FloatEnvironment {
    FloatEnvironment(control: c.pointee.fpuControl, format: format)
  }
  func floatNumber(_ c: CPU, _ i: Int) -> Number { Number(c.float(i), .extended) }
}
