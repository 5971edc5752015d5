import Architecture

/// One hypercall: its number, what it takes, and what it does.
protocol Hypercall: Sendable {
  static var code: HypercallCode { get }
  static var shape: HypercallShape { get }
  /// What the partition needs to be granted for it.
  static var privileges: HyperVPrivileges { get }
  /// Does a simple hypercall, or one element (`call.rep`) of a rep hypercall.
  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus)
  /// Says in two numbers what was asked, after it was done or refused.
  static func subject(of call: HypercallInvocation) -> HypercallSubject
}

/// The parameters of a hypercall, in bytes.
struct HypercallShape: Hashable, Sendable {
  var header: Int
  var takesVariableHeader = false
  /// Input per rep; nil for a simple hypercall.
  var element: Int?
  /// Output per rep, or of the simple hypercall.
  var outputElement = 0

  static func simple(_ header: Int, output: Int = 0) -> Self { Self(header: header, outputElement: output) }
  static func variable(_ header: Int) -> Self { Self(header: header, takesVariableHeader: true) }
  static func rep(_ header: Int, element: Int, output: Int = 0) -> Self {
    Self(header: header, element: element, outputElement: output)
  }
  static func variableRep(_ header: Int, element: Int) -> Self {
    Self(header: header, takesVariableHeader: true, element: element)
  }

  /// Whether rep fields and variable header size fit this hypercall (TLFS, "Hypercall Inputs").
  func accepts(_ control: HypercallInput) -> Bool {
    guard takesVariableHeader || control.variableHeaderSize == 0 else { return false }
    return element == nil
      ? control.repCount == 0 && control.repStart == 0
      : control.repCount > 0 && control.repStart < control.repCount
  }

  func inputCount(_ control: HypercallInput) -> Int {
    header + 8 * control.variableHeaderSize + (element ?? 0) * control.repCount
  }
  func outputCount(_ control: HypercallInput) -> Int { outputElement * (element == nil ? 1 : control.repCount) }
}

/// A hypercall being executed.
struct HypercallInvocation {
  let caller: ContextID
  let control: HypercallInput
  let isLongMode: Bool
  let now: VirtualTime
  let runTime: VirtualTime
  /// Header, variable header, then all elements.
  let input: [UInt8]
  let shape: HypercallShape
  /// The element to do now.
  var rep = 0
  /// The output of the elements done in this invocation.
  var output: [UInt8] = []
  var effects: [HyperVEffect] = []

  /// Where the element to do now begins in `input`.
  var element: Int { shape.header + 8 * control.variableHeaderSize + (shape.element ?? 0) * rep }

  /// The partition, which every header begins with, has to be the caller's own.
  func checkPartition(orAnswer status: HypercallStatus = .invalidPartitionID) throws(HypercallStatus) {
    guard input.uint64(at: 0) == HypercallConstant.partitionSelf else { throw status }
  }

  /// The vector of a fixed interrupt at `offset`, 4 bytes: 16 to 255.
  func vector(at offset: Int) throws(HypercallStatus) -> VectorNumber {
    guard let vector = UInt8(exactly: input.uint32(at: offset)), vector >= 16 else { throw .invalidParameter }
    return VectorNumber(rawValue: vector)
  }

  /// Adds the low `count` bytes of a value, at most 8, to the output.
  mutating func answer(_ value: UInt64, count: Int) {
    for i in 0..<count { output.append(UInt8(truncatingIfNeeded: value &>> UInt64(8 * i))) }
  }

  /// The VP named at `offset`.
  func vp(at offset: Int, in partition: HyperVPartition) throws(HypercallStatus) -> VPIndex {
    let index = input.uint32(at: offset)
    if index == HypercallConstant.vpIndexSelf { return caller.vp }
    guard index < UInt32(partition.processors.count) else { throw .invalidVPIndex }
    return VPIndex(rawValue: index)
  }

  /// The VTL named by the HV_INPUT_VTL at `offset`: never above the caller's.
  func targetVTL(at offset: Int) throws(HypercallStatus) -> VTL {
    let input = HypercallInputVTL(rawValue: input.uint8(at: offset))
    guard input.areReservedBitsZero else { throw .invalidParameter }
    guard input.usesTarget else { return caller.vtl }
    guard input.target <= caller.vtl else { throw .accessDenied }
    return input.target
  }

  /// The reserved bytes in `range` have to be zero.
  ///
  /// Only where they may come to mean something. Bytes that merely fill a structure up are not looked at: guests leave
  /// in them what was on their stack.
  func checkZero(_ range: Range<Int>) throws(HypercallStatus) {
    for offset in range where input.uint8(at: offset) != 0 { throw .invalidParameter }
  }
}
