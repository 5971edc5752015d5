import Architecture
import Memory

/// What a memory access was for.
public enum AccessKind: UInt8, Hashable, Sendable {
  case read, write, execute

  /// What it needs of a page; of a fetch, whether it is user mode's and has a right of its own.
  func needed(isUserFetch: Bool) -> PageAccess {
    switch self {
    case .read: .read
    case .write: .write
    case .execute: isUserFetch ? .executeUser : .executeSupervisor
    }
  }
}

extension Processor {
  /// What an access needs of a page now.
  public func needed(for access: AccessKind) -> PageAccess { access.needed(isUserFetch: state.isUserFetchSeparate) }
}

/// Why `Interpreter.run` came back: what the guest needs from the machine, in the way of KVM_RUN.
public enum Exit: Hashable, Sendable {
  /// The ticks are used up.
  case budget
  /// HLT, retired.
  case halted
  /// PAUSE, retired.
  case pause
  /// `interruptWindowRequested` was set and an interrupt can be taken now.
  case interruptWindow
  /// To be completed with `completeRead` or `fail`.
  case portIn(port: UInt16, size: Int)
  /// Posted: the instruction, or this iteration of it, is retired.
  case portOut(port: UInt16, size: Int, value: UInt32)
  /// An MSR that is not plain CPU state: to be completed with `completeRead` or `fail`.
  case readMSR(UInt32)
  /// To be completed with `completeWrite` or `fail`.
  case writeMSR(UInt32, value: UInt64)
  /// To be completed with `completeRead`; the instruction then runs again with that value.
  case mmioRead(GPA, size: Int)
  /// Posted.
  case mmioWrite(GPA, size: Int, value: UInt64)
  /// To be completed with `completeCPUID`.
  case cpuid(leaf: UInt32, subleaf: UInt32)
  /// VMCALL or VMMCALL: to be completed with `completeWrite` or `fail`; the machine sets result registers itself.
  case hypercall(isVMMCALL: Bool)
  /// MOV from CR8: to be completed with `completeRead`.
  case readTaskPriority
  /// MOV to CR8, a value of 0...15: to be completed with `completeWrite`.
  case writeTaskPriority(UInt8)
  /// The VTL may not do that with this page. Nothing happened; the instruction runs again unless `fail` is called.
  /// `isWalk`: it was an entry of the page tables that translate the address.
  case memoryIntercept(GPA, GVA, AccessKind, isWalk: Bool = false)
  /// A write that `Processor.registerIntercepts` says is not to happen: the value in the layout of the register's
  /// HV_REGISTER_VALUE, low half first. Nothing happened; the instruction runs again unless `fail` is called.
  case registerIntercept(InterceptedRegister, UInt64, UInt64)
  /// The same of RDMSR, and with a value of WRMSR.
  case msrIntercept(UInt32, value: UInt64?)
  /// An access to a port that `Processor.portIntercepts` names. Nothing happened, as above.
  case portIntercept(PortAccess)
  /// An exception was delivered, so that nobody misses one: see `Processor.lastException`.
  case exception
  /// A triple fault. Every further run gives this again until a reset.
  case shutdown
}
