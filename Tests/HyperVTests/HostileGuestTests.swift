import Architecture
import HyperV
import Journal
import Testing

/// A guest that asks for anything: nothing traps, and what holds always holds.
struct HostileGuestTests {
  /// SplitMix64: the same arguments on every run.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  static let codes: [UInt16] = [
    0x08, 0x0B, 0x0D, 0x0F, 0x11, 0x12, 0x15, 0x50, 0x51, 0x5C, 0x5D, 0x99, 0x9A, 0xC0, 0xC1,
  ]

  /// Mostly a control word that might be accepted, sometimes noise.
  func control(_ random: inout Generator) -> UInt64 {
    if random.next() % 16 == 0 { return random.next() }
    let code = Self.codes.randomElement(using: &random) ?? 0
    var word = UInt64(code)
    let isSwitch = code == 0x11 || code == 0x12
    let isRep = code == 0x50 || code == 0x51 || code == 0x9A
    if !isSwitch, random.next() % 4 == 0 { word |= 1 << 16 }
    if isRep { word |= (random.next() % 5) << 32 | (random.next() % 3) << 48 }
    if code == 0x15 { word |= (random.next() % 3) << 17 }
    if random.next() % 32 == 0 { word ^= 1 << (random.next() % 64) }
    return word
  }

  /// Bytes that look like the header of something, then noise.
  func bytes(_ count: Int, _ random: inout Generator) -> [UInt8] {
    if random.next() % 8 == 0 { return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    let vp: UInt32 = random.next() % 2 == 0 ? 0xFFFF_FFFE : UInt32(random.next() % 5)
    let vtl = UInt8([0, 1, 2, 0x10, 0x11, 0x12, 0x20][Int(random.next() % 7)])
    let header = [UInt8](repeating: 0xFF, count: 8) + littleEndian(vp) + [vtl, 0, 0, 0]
    let names: [UInt32] = [
      0xD0002, 0xD0003, 0xD0005, 0xD0007, 0xD0010, 0x90013, 0x90001, 0x90002, 0x20010, 0x40000,
    ]
    let name = names.randomElement(using: &random) ?? 0
    let element =
      littleEndian(name) + [UInt8](repeating: 0, count: 12) + littleEndian(random.next() & 0x5000_0FFF)
    let body =
      random.next() % 2 == 0
      ? InitialVPContext.sample.bytes : element + [UInt8](repeating: 0, count: 8) + element
    return Array((header + body + [UInt8](repeating: 0, count: count)).prefix(count))
  }

  func registers(_ random: inout Generator) -> HypercallRegisters {
    let modes: [HypercallMode] = [.long64, .long64, .long64, .long64, .protected32, .real]
    var registers = HypercallRegisters(
      mode: modes.randomElement(using: &random) ?? .real, cpl: random.next() % 16 == 0 ? 3 : 0)
    let word = control(&random)
    let input = random.next() % 8 == 0 ? random.next() : (random.next() % 64) << 3
    let output = random.next() % 8 == 0 ? random.next() : 0x4000 + (random.next() % 64) << 3
    let block = bytes(112, &random)
    if registers.mode == .long64 {
      registers.rcx = word
      registers.rax = random.next() % 8
      let isFast = word.bit(16)
      (registers.rdx, registers.r8) = isFast ? (block.uint64(at: 0), block.uint64(at: 8)) : (input, output)
    } else {
      (registers.rdx, registers.rax) = (word >> 32, word & 0xFFFF_FFFF)
      (registers.rbx, registers.rcx) = (0, input)
      (registers.rdi, registers.rsi) = (0, output)
    }
    for i in 0..<12 { registers.xmm[i] = block.uint64(at: 16 + 8 * i) }
    return registers
  }

  /// What every partition satisfies.
  func check(_ partition: HyperVPartition) -> Bool {
    partition.enabledVTLs.contains(.vtl0)
      && partition.enabledVTLs.rawValue >> (UInt16(partition.configuration.maximumVTL.rawValue) + 1) == 0
      && partition.processors.allSatisfy { processor in
        processor.enabledVTLs.contains(.vtl0) && processor.enabledVTLs.contains(processor.activeVTL)
          && processor.enabledVTLs.rawValue & ~partition.enabledVTLs.rawValue == 0
      }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4]) func `no hypercall traps or breaks the partition`(seed: UInt64) {
    var random = Generator(state: seed)
    var partition = HyperVPartition(HyperVConfiguration(vpCount: 4, maximumVTL: VTL(Int(seed % 3))))
    var access = TestRegisters()
    var statuses: Set<UInt16> = []
    var isSound = true
    for _ in 0..<50_000 {
      let vp = VPIndex(Int(random.next() % 4))
      var registers = registers(&random)
      let live = VTLReturnRegisters(rax: registers.rax, rcx: registers.rcx)
      switch partition.decode(registers, on: vp) {
      case .fault(let fault): isSound = isSound && fault == .invalidOpcode
      case .answer(let result): statuses.insert(result.status.rawValue)
      case .vtlCall(let target):
        isSound = isSound && target > partition.processors[vp.index].activeVTL
        _ = partition.switchVTL(on: vp, to: target, reason: .call, live: live, isLongMode: true)
      case .vtlReturn(let target, _):
        isSound = isSound && target < partition.processors[vp.index].activeVTL
        _ = partition.switchVTL(on: vp, to: target, reason: .return, live: live, isLongMode: true)
      case .request(let request):
        var memory: [UInt8]?
        if case .memory(_, let count) = request.input, random.next() % 64 != 0 {
          memory = bytes(count, &random)
        }
        let outcome = partition.execute(
          request, memory: memory, at: VirtualTime(ticks: random.next()), runTime: .zero, registers: &access,
          repBudget: Int(random.next() % 3))
        isSound = isSound && check(outcome, request)
        outcome.store(in: &registers)
        statuses.insert(outcome.status.rawValue)
      }
      isSound = isSound && check(partition)
      if random.next() % 4096 == 0 { partition.reset() }
    }
    #expect(isSound)
    // The arguments are close enough to the truth to reach well into the rules.
    #expect(statuses.isSuperset(of: [0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0D, 0x0E]))
  }

  /// Output stays inside what was asked for, and reps never pass the count.
  func check(_ outcome: HypercallOutcome, _ request: HypercallRequest) -> Bool {
    guard outcome.repsCompleted <= max(request.control.repCount, request.control.repStart) else {
      return false
    }
    if outcome.isSuspended
      && (outcome.status != .success || outcome.repsCompleted == request.control.repStart)
    {
      return false
    }
    guard let (address, bytes) = outcome.memoryOutput else { return true }
    guard case .memory(let base, let count) = request.output else { return false }
    return address >= base && address + UInt64(bytes.count) <= base + UInt64(count)
  }

  @Test func `no synthetic MSR traps`() {
    var random = Generator(state: 7)
    var partition = HyperVPartition(HyperVConfiguration(vpCount: 2))
    var faults = 0
    for _ in 0..<50_000 {
      let msr: UInt32 = 0x4000_0000 + UInt32(random.next() % 0x120)
      let value = random.next() % 2 == 0 ? random.next() : random.next() & 0xFF_FFFF_F003
      do {
        _ = try partition.writeMSR(msr, value, on: VPIndex(0))
        _ = try partition.readMSR(msr, on: VPIndex(1), at: .never, runTime: .never)
      } catch {
        faults += 1
        if error != .generalProtection() { Issue.record("\(error)") }
      }
    }
    #expect(faults > 0)
    #expect(check(partition))
  }
}
