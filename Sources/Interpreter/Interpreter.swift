import Architecture
import Memory

/// Runs x86-64 instructions of any number of VPs that share one memory, until one needs the machine.
///
/// Results and ticks depend on the guest's state alone, never on what is decoded or translated already.
public final class Interpreter {
  public let memory: GuestMemory

  public init(memory: GuestMemory) {
    self.memory = memory
  }

  /// Runs until `ticks` are used up or something else needs the machine. An instruction costs 1 tick, RDTSC 25,
  /// PAUSE 140, a repeated string instruction 1 per iteration.
  ///
  /// The slice ends at the first instruction boundary where the ticks used are at least `ticks`.
  /// An exit that has to be completed must have been.
  public func run(_ processor: Processor, ticks: UInt64) -> Exit {
    processor.ticksUsed = 0
    return .shutdown
  }

  /// Delivers an external interrupt through the IDT. The machine has checked `canTakeInterrupt`.
  public func deliver(_ vector: VectorNumber, to processor: Processor) {}

  /// Delivers an NMI: vector 2; others wait for IRET. The machine has checked `canTakeNMI`.
  public func deliverNMI(to processor: Processor) {}

  /// Where a linear address leads now, without setting accessed bits; nil when unmapped. For those who look on.
  public func translate(_ address: GVA, of processor: Processor) -> GPA? { nil }

  /// Up to 15 bytes at RIP, fewer when unmapped. For those who look on.
  public func instructionBytes(of processor: Processor, count: Int = 15) -> [UInt8] { [] }

  // MARK: Completing an exit

  /// The value of a port, an MSR, a memory-mapped register or CR8.
  public func completeRead(_ value: UInt64, of processor: Processor) {}

  public func completeCPUID(eax: UInt32, ebx: UInt32, ecx: UInt32, edx: UInt32, of processor: Processor) {}

  /// `writeMSR`, `hypercall` and `writeTaskPriority` are done: RIP goes on.
  public func completeWrite(of processor: Processor) {}

  /// The instruction fails instead: RIP stays and the exception is delivered.
  public func fail(_ processor: Processor, with fault: Fault) {}
}
