import Architecture
import Memory

/// Runs x86-64 instructions of any number of VPs that share one memory, until one needs the machine.
///
/// Results and ticks depend on the guest's state alone, never on what is decoded or translated already.
public final class Interpreter {
  public let memory: GuestMemory
  public let features: CPUFeatures
  let code: CodeCache
  /// One block cut to the rest of a slice, or to one instruction.
  let scratch: BlockPointer
  let stampCounter: UnsafeMutablePointer<UInt64>

  public init(memory: GuestMemory, features: CPUFeatures = .all) {
    self.memory = memory
    self.features = features
    code = CodeCache(memory: memory)
    let bytes = (Block.headerUnits + Block.countLimit + 2) * MemoryLayout<Op>.stride
    scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
      .bindMemory(to: Block.self, capacity: 1)
    scratch.initialize(to: Block(offset: 0, backing: 0, isTransient: true))
    stampCounter = .allocate(capacity: 1)
    stampCounter.initialize(to: 0)
  }

  deinit {
    UnsafeMutableRawPointer(scratch).deallocate()
    stampCounter.deallocate()
  }

  /// Delivers an external interrupt through the IDT. The machine has checked `canTakeInterrupt`.
  public func deliver(_ vector: VectorNumber, to processor: Processor) {
    prepare(processor.state)
    deliver(processor.state, Fault(vector: vector.rawValue), .external)
  }

  /// Delivers an NMI: vector 2; others wait for IRET. The machine has checked `canTakeNMI`.
  public func deliverNMI(to processor: Processor) {
    prepare(processor.state)
    processor.state.pointee.nmiBlocked = true
    deliver(processor.state, Fault(vector: 2), .external)
  }

  /// Before a VP does anything: code that others wrote is dropped, and the right translations are chosen.
  func prepare(_ c: CPU) {
    if !memory.staleCode.isEmpty {
      for page in memory.staleCode { dropCode(of: page) }
      memory.forgetStaleCode()
    }
    selectBank(c)
  }
}
