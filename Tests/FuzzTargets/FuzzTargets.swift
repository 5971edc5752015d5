import Architecture
import Interpreter
import Machine
import Memory

/// What a fuzzer throws bytes at, and what the tests throw the kept bytes at. Nothing is returned: the host survives, or not.
public enum FuzzTarget {
  /// The bytes as an image: read, and if it can be read, loaded and run for a while.
  public static func load(_ bytes: [UInt8]) {
    let configuration = Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 4 << 20)
    guard let image = try? ELFImage(bytes),
      let partition = try? Partition(configuration, sink: { _ in }, serial: { _ in })
    else { return }
    let module = BootModule(name: "module", bytes: Array(bytes.prefix(64)))
    let isMultiboot = if case .multiboot = image.bootProtocol { true } else { false }
    guard (try? partition.load(image, module: isMultiboot ? module : nil)) != nil else { return }
    _ = partition.advance(slices: 2)
  }

  /// The bytes as code: the first says in which mode, the others are what is run.
  public static func run(_ bytes: [UInt8]) {
    guard let mode = bytes.first, let memory = try? GuestMemory(size: 2 << 20) else { return }
    let interpreter = Interpreter(memory: memory)
    let vp = Processor()
    memory.write(Array(bytes.dropFirst().prefix(4096)), at: GPA(0x10000))
    enter(vp, mode, memory)
    var answer: UInt64 = 0x1234_5678_9ABC_DEF0
    var left: UInt64 = 300
    for _ in 0..<30 where left > 0 {
      let exit = interpreter.run(vp, ticks: left)
      left -= min(left, vp.ticksUsed)
      answer = answer &* 6_364_136_223_846_793_005 &+ 1
      switch exit {
      case .budget, .shutdown, .halted: return
      case .portIn, .readMSR, .mmioRead, .readTaskPriority: interpreter.completeRead(answer, of: vp)
      case .writeMSR: interpreter.fail(vp, with: .generalProtection())
      case .writeTaskPriority, .hypercall: interpreter.completeWrite(of: vp)
      case .cpuid: interpreter.completeCPUID(eax: 1, ebx: 2, ecx: 3, edx: 4, of: vp)
      case .exception, .pause, .interruptWindow, .portOut, .mmioWrite, .memoryIntercept, .registerIntercept,
        .msrIntercept, .portIntercept:
        break
      }
    }
  }

  /// Real mode, 32-bit protected mode, 64-bit mode, or that with all vector state on.
  private static func enter(_ vp: Processor, _ mode: UInt8, _ memory: GuestMemory) {
    switch mode & 3 {
    case 0:
      vp.reset(.powerOn)
      vp.start(vector: VectorNumber(rawValue: 0x10))
    case 1: vp.privateState = .protectedMode(rip: 0x10000, rsp: 0x8_0000)
    default:
      memory.store64(0x2003, at: GPA(0x1000))
      memory.store64(0x83, at: GPA(0x2000))
      vp.enterLongMode(cr3: 0x1000, rip: 0x10000, rsp: 0x8_0000, rdi: 0x2_0000)
      guard mode & 3 == 3 else { return }
      var state = vp.privateState
      state.cr4 |= CR4.osxsave.rawValue
      vp.privateState = state
      vp.xcr0 = 7
    }
  }
}
