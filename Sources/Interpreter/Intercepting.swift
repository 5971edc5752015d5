import Architecture

extension UnsafeMutablePointer where Pointee == CPUState {
  /// Fetches need the right of user mode: at CPL 3 with mode-based execution control, and with SMEP, without which the
  /// kernel's right is for both (TLFS, "Mode Based Execution Control").
  var isUserFetchSeparate: Bool {
    pointee.isModeBased && pointee.cpl == 3 && pointee.cr4 & CR4.supervisorExecutionPrevention.rawValue != 0
  }
}

/// What a VTL above hears of first (TLFS, "Virtual Secure Mode", secure intercepts).
///
/// Asked only by instructions that are slow anyway. A fault for the privilege level comes before an intercept, a fault
/// for the value of CR0, CR4 or an MSR after it, as VM exits are ordered (SDM Vol. 3C, 26.1.1).
extension Interpreter {
  /// Leaves, with nothing done, where writing CR0, CR4 or XCR0 is intercepted.
  func intercept(_ c: CPU, _ op: OpPointer, _ register: InterceptedRegister, _ value: UInt64) throws(Stop) {
    let old = register == .cr4 ? c.pointee.cr4 : c.pointee.cr0
    guard !c.pointee.intercepts.control.isEmpty, c.pointee.intercepts.catches(register, value, over: old) else {
      return
    }
    throw c.leave(.registerIntercept(register, value, 0), .intercept, op)
  }

  /// The same of a table or task register; the value as HV_REGISTER_VALUE has it.
  func intercept(_ c: CPU, _ op: OpPointer, _ register: InterceptedRegister, _ value: UInt128) throws(Stop) {
    guard !c.pointee.intercepts.control.isEmpty, c.pointee.intercepts.catches(register, 0, over: 0) else { return }
    let low = UInt64(truncatingIfNeeded: value)
    throw c.leave(.registerIntercept(register, low, UInt64(truncatingIfNeeded: value >> 64)), .intercept, op)
  }

  /// Leaves, with nothing done, where an access to a port is intercepted.
  func interceptPort(
    _ c: CPU, _ op: OpPointer, _ port: UInt16, isWrite: Bool, isString: Bool = false, isRepeated: Bool = false
  ) throws(Stop) {
    guard let map = c.pointee.portIntercepts else { return }
    let size = Int(op.pointee.width)
    guard PortBitmap.catches(map, port, size: size, isWrite: isWrite) else { return }
    let access = PortAccess(port: port, size: size, isWrite: isWrite, isString: isString, isRepeated: isRepeated)
    throw c.leave(.portIntercept(access), .intercept, op)
  }

  /// The same of an MSR, whoever has it: RDMSR, and with a value WRMSR.
  func interceptMSR(_ c: CPU, _ op: OpPointer, _ number: UInt32, _ value: UInt64?) throws(Stop) {
    guard !c.pointee.intercepts.control.isEmpty else { return }
    let old = c.pointee.miscellaneousEnables
    guard c.pointee.intercepts.catchesMSR(number, isWrite: value != nil, value ?? 0, over: old) else { return }
    throw c.leave(.msrIntercept(number, value: value), .intercept, op)
  }
}
