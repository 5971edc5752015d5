import Architecture
import HyperV
import Journal

/// Registers of VPs as a dictionary; what is not in it does not exist.
struct TestRegisters: VPRegisterAccess {
  struct Key: Hashable {
    var register: VPRegisterName
    var context: ContextID
  }
  var values: [Key: UInt128] = [:]
  /// Answers instead of writing.
  var answer: VPRegisterWrite?

  func read(_ register: VPRegisterName, of context: ContextID) -> UInt128? {
    values[Key(register: register, context: context)]
  }

  mutating func write(_ register: VPRegisterName, _ value: UInt128, of context: ContextID) -> VPRegisterWrite {
    if let answer { return answer }
    values[Key(register: register, context: context)] = value
    return .written
  }

  /// What sources answer.
  var sourceStatus = HypercallStatus.success
  func status(ofMessageFrom sender: MessageSender, to context: ContextID, sint: Int) -> HypercallStatus { sourceStatus }
  func status(ofEventTo context: ContextID, sint: Int) -> HypercallStatus { sourceStatus }
  /// The event flags that are set, of any source.
  var setFlags: Set<Int> = []
  func isEventFlagSet(_ flag: Int, of context: ContextID, sint: Int) -> Bool { setFlags.contains(flag) }
  /// Answers to `translate`, by context, and what was asked.
  var translations: [ContextID: AddressTranslation] = [:]
  var asked: [(address: GVA, flags: TranslationFlags)] = []
  mutating func translate(
    _ address: GVA, _ flags: TranslationFlags, for context: ContextID
  ) -> AddressTranslation {
    asked.append((address, flags))
    return translations[context] ?? AddressTranslation(.pageNotPresent)
  }

  /// Who withholds which rights to a page, from all VTLs below.
  var protections: [GPA: (mask: UInt8, by: VTL)] = [:]
  func protector(of access: ProtectionMask, at page: GPA, from vtl: VTL) -> VTL? {
    guard let found = protections[page], found.mask & access.rawValue != 0, found.by > vtl else { return nil }
    return found.by
  }

  /// The leaf and the subleaf, and whose they are.
  func cpuid(_ leaf: UInt32, _ subleaf: UInt32, enabledState: UInt64?, of vp: VPIndex) -> [UInt32]? {
    enabledState == 0 ? nil : [leaf, subleaf, UInt32(truncatingIfNeeded: enabledState ?? 0xFFFF), vp.rawValue]
  }

  /// 16 MiB.
  func isRAM(_ page: GPA) -> Bool { page.rawValue < 16 << 20 }
}

/// A partition with registers and one page of input, as a machine would have them.
struct TestGuest {
  var partition: HyperVPartition
  var registers = TestRegisters()
  var now = VirtualTime.zero
  /// Where input and output lie.
  static var inputPage: UInt64 { 0x1000 }
  static var outputPage: UInt64 { 0x2000 }

  init(vpCount: Int = 4, maximumVTL: VTL = .vtl1) {
    partition = HyperVPartition(HyperVConfiguration(vpCount: vpCount, maximumVTL: maximumVTL))
  }

  /// VTL1 is enabled for the partition and on VP 0.
  static func withVTL1(maximumVTL: VTL = .vtl1) -> TestGuest {
    var guest = TestGuest(maximumVTL: maximumVTL)
    _ = guest.enablePartition(.vtl1)
    _ = guest.enableVP(0, .vtl1)
    return guest
  }

  /// Executes a hypercall with its parameters in memory.
  mutating func call(
    _ control: HypercallInput, _ input: [UInt8], on vp: Int = 0, repBudget: Int = 64
  ) -> HypercallOutcome {
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = control.rawValue
    registers.rdx = Self.inputPage
    registers.r8 = Self.outputPage
    switch partition.decode(registers, on: VPIndex(vp)) {
    case .request(let request):
      return partition.execute(
        request, memory: input, at: now, runTime: .zero, registers: &self.registers, repBudget: repBudget)
    case .answer(let result):
      return HypercallOutcome(control, answering: result)
    case .fault, .vtlCall, .vtlReturn:
      fatalError("not a hypercall with a status")
    }
  }

  mutating func enablePartition(
    _ vtl: VTL, partition: UInt64 = .max, flags: UInt8 = 0, on vp: Int = 0
  ) -> HypercallStatus {
    let input = littleEndian(partition) + [vtl.rawValue, flags, 0, 0, 0, 0, 0, 0]
    return call(HypercallInput(.enablePartitionVTL), input, on: vp).status
  }

  mutating func enableVP(
    _ target: UInt32, _ vtl: VTL, partition: UInt64 = .max, context: InitialVPContext = .sample,
    on vp: Int = 0
  ) -> HypercallOutcome {
    call(HypercallInput(.enableVPVTL), contextInput(target, vtl, partition, context), on: vp)
  }

  mutating func startVP(
    _ target: UInt32, _ vtl: VTL, partition: UInt64 = .max, context: InitialVPContext = .sample,
    on vp: Int = 0
  ) -> HypercallOutcome {
    call(HypercallInput(.startVirtualProcessor), contextInput(target, vtl, partition, context), on: vp)
  }

  private func contextInput(_ target: UInt32, _ vtl: VTL, _ partition: UInt64, _ context: InitialVPContext)
    -> [UInt8]
  {
    littleEndian(partition) + littleEndian(target) + [vtl.rawValue, 0, 0, 0] + context.bytes
  }

  mutating func get(
    _ names: [VPRegisterName], vp target: UInt32 = 0xFFFF_FFFE, vtl: UInt8 = 0, partition: UInt64 = .max,
    start: Int = 0, on vp: Int = 0, repBudget: Int = 64
  ) -> HypercallOutcome {
    let header = littleEndian(partition) + littleEndian(target) + [vtl, 0, 0, 0]
    return call(
      HypercallInput(.getVPRegisters, repCount: names.count, repStart: start),
      header + names.flatMap { littleEndian($0.rawValue) }, on: vp, repBudget: repBudget)
  }

  mutating func set(
    _ values: [(VPRegisterName, UInt128)], vp target: UInt32 = 0xFFFF_FFFE, vtl: UInt8 = 0, on vp: Int = 0
  ) -> HypercallOutcome {
    var input = littleEndian(UInt64.max) + littleEndian(target) + [vtl, 0, 0, 0]
    for (name, value) in values {
      input += littleEndian(name.rawValue) + [UInt8](repeating: 0, count: 12)
      input += littleEndian(UInt64(truncatingIfNeeded: value))
      input += littleEndian(UInt64(truncatingIfNeeded: value >> 64))
    }
    return call(HypercallInput(.setVPRegisters, repCount: values.count), input, on: vp)
  }

  /// The only value that a get answers.
  mutating func value(_ name: VPRegisterName, vtl: UInt8 = 0, on vp: Int = 0) -> UInt64? {
    get([name], vtl: vtl, on: vp).memoryOutput?.bytes.uint64(at: 0)
  }

  /// Makes `vtl` the active one of `vp`.
  mutating func enter(_ vtl: VTL, on vp: Int = 0) {
    _ = partition.switchVTL(
      on: VPIndex(vp), to: vtl, reason: .operator, live: VTLReturnRegisters(rax: 0, rcx: 0), isLongMode: true)
  }
}

extension InitialVPContext {
  /// 64-bit mode, as Linux sets up VTL2: flat segments, paging and long mode on.
  static var sample: InitialVPContext {
    var context = InitialVPContext()
    context.rip = 0x0000_0000_0020_0000
    context.rsp = 0x0000_0000_0030_0000
    context.cs = HyperVSegment(base: 0, limit: 0xFFFF_FFFF, selector: 0x10, attributes: 0xA09B)
    let data = HyperVSegment(base: 0, limit: 0xFFFF_FFFF, selector: 0x18, attributes: 0xC093)
    (context.ds, context.es, context.fs, context.gs, context.ss) = (data, data, data, data, data)
    context.tr = HyperVSegment(base: 0x5000, limit: 0x67, selector: 0x28, attributes: 0x8B)
    context.ldtr = HyperVSegment(attributes: 0x82)
    context.gdtr = HyperVTable(base: 0x6000, limit: 0x37)
    context.idtr = HyperVTable(base: 0x7000, limit: 0xFFF)
    context.efer = 0x500
    context.cr0 = 0x8000_0011
    context.cr3 = 0x9000
    context.cr4 = 0x20
    context.pat = 0x0007_0406_0007_0406
    return context
  }
}

func littleEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
