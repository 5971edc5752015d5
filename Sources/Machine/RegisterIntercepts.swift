import Architecture
import HyperV
import Interpreter
import Journal

/// Registers that a VTL may not write, or read, before one above hears of it (TLFS, CrInterceptControl).
extension Partition {
  /// Which registers: after a switch, and when a VTL above asks for others.
  func armRegisterIntercepts(_ vp: Int) {
    vps[vp].processor.registerIntercepts = hyperV.activeRegisterIntercepts(on: VPIndex(vp))
  }

  /// A write that `armRegisterIntercepts` asked to stop. True when the VP yields.
  func interceptRegister(_ register: InterceptedRegister, _ value: UInt128, _ vp: Int) -> Bool {
    let id = active(vp)
    let processor = vps[vp].processor
    let header = interceptHeader(.write, vp, id, length: processor.exitLength)
    let old = register == .cr4 ? processor.privateState.cr4 : processor.privateState.cr0
    interpreter.retry(processor)
    let low = UInt64(truncatingIfNeeded: value)
    guard let owner = hyperV.registerInterceptor(on: id.vp, { $0.catches(register, low, over: old) }) else {
      return false
    }
    let isTable = register == .gdtr || register == .idtr
    let message = RegisterInterceptMessage(header: header, register: register.name, value: value)
    return tell(
      InterceptSummary(
        .register, .write, to: owner, number: UInt64(register.name.rawValue),
        value: isTable ? UInt64(truncatingIfNeeded: value >> 64) : low),
      SynICMessage(type: RegisterInterceptMessage.type, payload: message.payload), vp)
  }

  /// The same of RDMSR, and with a value of WRMSR.
  func interceptMSR(_ number: UInt32, _ value: UInt64?, _ vp: Int) -> Bool {
    let id = active(vp)
    let processor = vps[vp].processor
    let access: AccessKind = value == nil ? .read : .write
    let message = MSRInterceptMessage(
      header: interceptHeader(access, vp, id, length: processor.exitLength), number: number, rdx: processor[.rdx],
      rax: processor[.rax])
    interpreter.retry(processor)
    let old = processor.miscellaneousEnables
    guard
      let owner = hyperV.registerInterceptor(
        on: id.vp, { $0.catchesMSR(number, isWrite: value != nil, value ?? 0, over: old) })
    else { return false }
    return tell(
      InterceptSummary(.msr, access.intercept, to: owner, number: UInt64(number), value: value ?? 0),
      SynICMessage(type: MSRInterceptMessage.type, payload: message.payload), vp)
  }
}
