import Architecture
import Interpreter
import Interrupts

/// How much virtual time an exit takes beside its instruction's tick.
///
/// An instruction that needs the machine costs a thousand times as much host time as one that does not. If it took a
/// tick, a guest that counts how often it can do it in a second of its own time would count for minutes. The numbers are
/// constants, of the order of what such an instruction takes under hardware virtualization: 500 ns for an exit that the
/// hypervisor answers itself, and 1 us for a port of the ISA bus, or a device's registers.
extension Partition {
  static var processorExitTicks: UInt64 { 500 }
  static var deviceExitTicks: UInt64 { 1_000 }

  func cost(of exit: Exit, _ vp: Int) -> VirtualTime {
    switch exit {
    case .budget, .halted, .pause, .interruptWindow, .exception, .shutdown: .zero
    case .readMSR, .writeMSR, .cpuid, .hypercall, .readTaskPriority, .writeTaskPriority, .memoryIntercept,
      .registerIntercept, .msrIntercept, .portIntercept:
      VirtualTime(ticks: Self.processorExitTicks)
    case .portIn, .portOut: VirtualTime(ticks: Self.deviceExitTicks)
    case .mmioRead(let address, _), .mmioWrite(let address, _, _):
      VirtualTime(ticks: isAPICPage(address, of: active(vp)) ? Self.processorExitTicks : Self.deviceExitTicks)
    }
  }
}
