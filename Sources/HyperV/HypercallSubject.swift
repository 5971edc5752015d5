import Architecture
import Journal

/// What a hypercall is about, for whoever reads the event log. Nothing is decided by it.
struct HypercallSubject: Hashable, Sendable {
  var target: ContextID?
  /// As `HypercallSummary` has them.
  var argument: UInt64 = 0
  var value: UInt64 = 0
}

extension Hypercall {
  /// Of a hypercall that has nothing better to say: the first two qwords of its input.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: call.input.uint64(at: 0), value: call.input.uint64(at: 8))
  }
}

extension HypercallInvocation {
  /// The context named by a VP index and a VTL, whether it exists or not; nil for what no partition can have.
  func namedContext(vp index: UInt32, vtl: VTL) -> ContextID? {
    if index == HypercallConstant.vpIndexSelf { return ContextID(vp: caller.vp, vtl: vtl) }
    guard index < 4096, vtl <= .vtl2 else { return nil }
    return ContextID(vp: VPIndex(rawValue: index), vtl: vtl)
  }

  /// The VTL that an HV_INPUT_VTL names, allowed or not.
  func namedVTL(at offset: Int) -> VTL {
    let named = HypercallInputVTL(rawValue: input.uint8(at: offset))
    return named.usesTarget ? named.target : caller.vtl
  }

  /// The context of a header with a VP index at 8 and an HV_INPUT_VTL at 12.
  var registerContext: ContextID? { namedContext(vp: input.uint32(at: 8), vtl: namedVTL(at: 12)) }

  /// Where the output of the element that was tried last begins; nil when there was none to give.
  var lastOutput: Int? {
    let isAnswered = output.count == shape.outputElement * (rep - control.repStart + 1)
    return isAnswered ? output.count - shape.outputElement : nil
  }

  /// Of HvCallEnableVpVtl and HvCallStartVirtualProcessor: RIP and RSP that the context begins with.
  var initialContextSubject: HypercallSubject {
    HypercallSubject(
      target: namedContext(vp: input.uint32(at: 8), vtl: VTL(rawValue: input.uint8(at: 12))),
      argument: input.uint64(at: 16), value: input.uint64(at: 24))
  }
}

extension HypercallOutcome {
  /// For the event log.
  public var summary: HypercallSummary {
    HypercallSummary(
      code: code.rawValue, status: status.rawValue, repsCompleted: UInt16(clamping: repsCompleted),
      repCount: UInt16(clamping: repCount), isFast: isFast, target: subject.target, argument: subject.argument,
      value: subject.value)
  }
}

extension HypercallRegisters {
  /// Of a hypercall that was refused for its control word or its addresses: what is in memory was not looked at, what
  /// is in registers is told as it stands.
  public func summary(refused result: HypercallResult) -> HypercallSummary {
    HypercallSummary(
      code: control.code.rawValue, status: result.status.rawValue,
      repsCompleted: UInt16(clamping: result.repsCompleted),
      repCount: UInt16(clamping: control.repCount), isFast: control.isFast,
      argument: control.isFast ? self[0] : 0, value: control.isFast ? self[1] : 0)
  }
}
