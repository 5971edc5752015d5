import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// CPU state and local APICs as HvCallGetVpRegisters and HvCallSetVpRegisters reach them.
struct MachineVPRegisters: VPRegisterAccess {
  let partition: Partition

  func read(_ register: VPRegisterName, of id: ContextID) -> UInt128? {
    if let msr = register.apicMSR {
      return (try? partition.apic(id).pointee.readMSR(msr, at: partition.clock)).map { UInt128($0) }
    }
    if let synic = SynICRegister(register) { return UInt128(partition.synic(id).pointee.read(synic)) }
    if let shared = readShared(register, partition.vps[id.vp.index].processor) { return shared }
    return readPrivate(register, partition.privateState(of: id), id)
  }

  mutating func write(_ register: VPRegisterName, _ value: UInt128, of id: ContextID) -> VPRegisterWrite {
    if let msr = register.apicMSR { return writeAPIC(msr, value, id) }
    if let synic = SynICRegister(register) { return writeSynIC(synic, value, id) }
    if register == .cr8 || register == .apicBase { return writeAPICState(register, value, id) }
    if readShared(register, partition.vps[id.vp.index].processor) != nil {
      return writeShared(register, value, partition.vps[id.vp.index].processor)
    }
    if register == .pendingInterruption {
      return partition.writePendingInterruption(UInt64(truncatingIfNeeded: value), of: id)
    }
    if register == .pendingEvent0 { return inject(PendingEvent(rawValue: value), id) }
    var state = partition.privateState(of: id)
    let outcome = writePrivate(register, value, &state)
    if outcome == .written { partition.setPrivateState(state, of: id) }
    return outcome
  }

  func isRAM(_ page: GPA) -> Bool { partition.memory.isRAM(page) }

  // MARK: - Shared by the VTLs of a VP

  private func readShared(_ register: VPRegisterName, _ processor: Processor) -> UInt128? {
    let raw = register.rawValue
    if (0x2_0000...0x2_000F).contains(raw), register != .rsp,
      let name = GeneralRegister(rawValue: UInt8(raw & 15))
    {
      return UInt128(processor[name])
    }
    if (0x3_0000...0x3_000F).contains(raw) {
      let (low, high) = processor.vector(Int(raw & 15))
      return UInt128(low) | UInt128(high) << 64
    }
    switch register {
    case .cr2: return UInt128(processor.cr2)
    case .dr0, .dr1, .dr2, .dr3: return UInt128(processor.debugRegister(Int(raw & 3)))
    case .dr6: return UInt128(processor.debugRegister(6))
    default: return nil
    }
  }

  private func writeShared(_ register: VPRegisterName, _ value: UInt128, _ processor: Processor) -> VPRegisterWrite {
    let raw = register.rawValue
    let low = UInt64(truncatingIfNeeded: value)
    switch raw {
    case 0x2_0000...0x2_000F: GeneralRegister(rawValue: UInt8(raw & 15)).map { processor[$0] = low }
    case 0x3_0000...0x3_000F:
      processor.setVector(Int(raw & 15), low: low, high: UInt64(truncatingIfNeeded: value >> 64))
    case 0x4_0001: processor.cr2 = low
    default: processor.setDebugRegister(Int(raw & 7) == 4 ? 6 : Int(raw & 3), low)
    }
    return .written
  }

  // MARK: - Private to a VTL

  /// Taken when the VTL is entered next, also by one that is halted.
  private func inject(_ event: PendingEvent, _ id: ContextID) -> VPRegisterWrite {
    guard !event.isPending || event.fault != nil else { return .invalidValue }
    var state = partition.privateState(of: id)
    state.inject(event.fault)
    partition.setPrivateState(state, of: id)
    if let fault = event.fault {
      partition.record(.eventInjected(id.vtl, vector: fault.vector, errorCode: fault.errorCode), context: id)
      partition.wake(id)
    }
    return .written
  }

  private func readPrivate(_ register: VPRegisterName, _ state: PrivateState, _ id: ContextID) -> UInt128? {
    if let segment = Self.segments[register] { return HyperVSegment(state[keyPath: segment]).value }
    if let word = Self.words[register] { return UInt128(state[keyPath: word]) }
    switch register {
    case .idtr: return HyperVTable(base: state.idtr.base, limit: state.idtr.limit).value
    case .gdtr: return HyperVTable(base: state.gdtr.base, limit: state.gdtr.limit).value
    case .cr8: return UInt128(partition.apic(id).pointee.cr8)
    case .apicBase: return UInt128(partition.apic(id).pointee.base.rawValue)
    case .pendingEvent0: return state.injectedFault.map { PendingEvent($0).rawValue } ?? 0
    case .initialApicID: return UInt128(id.vp.rawValue)
    case .tsc: return UInt128(partition.clock.rawValue &+ partition.vps[id.vp.index].timeStampAdjust)
    default: return partition.readEventRegister(register, of: id, state).map { UInt128($0) }
    }
  }

  private func writePrivate(
    _ register: VPRegisterName, _ value: UInt128, _ state: inout PrivateState
  ) -> VPRegisterWrite {
    let low = UInt64(truncatingIfNeeded: value)
    if let segment = Self.segments[register] {
      state[keyPath: segment] = HyperVSegment(value).register
      return .written
    }
    if let word = Self.words[register] {
      guard Self.isValid(low, for: register) else { return .invalidValue }
      state[keyPath: word] = low
      return .written
    }
    switch register {
    case .idtr: state.idtr = TableRegister(base: HyperVTable(value).base, limit: HyperVTable(value).limit)
    case .gdtr: state.gdtr = TableRegister(base: HyperVTable(value).base, limit: HyperVTable(value).limit)
    case .interruptState:
      state.interruptShadow = low.bit(0)
      state.nmiBlocked = low.bit(1)
    case .initialApicID, .tsc, .internalActivityState: return .readOnly
    default: return .unknownRegister
    }
    return .written
  }

  /// What the processor itself would refuse to hold (SDM Vol. 3A, 2.5 and 2.2.1).
  private static func isValid(_ value: UInt64, for register: VPRegisterName) -> Bool {
    switch register {
    case .cr0: value >> 32 == 0 && (!value.bit(31) || value.bit(0))
    case .cr4: value >> 32 == 0
    case .efer: value & ~0xD01 == 0
    case .rflags: value.bit(1) && value >> 22 == 0
    case .rip, .lstar, .cstar, .kernelGSBase, .sysenterEIP, .sysenterESP:
      (Int64(bitPattern: value) << 16) >> 16 == Int64(bitPattern: value)
    default: true
    }
  }

  private typealias Word = WritableKeyPath<PrivateState, UInt64>
  private typealias Segment = WritableKeyPath<PrivateState, SegmentRegister>

  nonisolated(unsafe) private static let words: [VPRegisterName: Word] =
    [
      .rip: \.rip, .rsp: \.rsp, .rflags: \.rflags, .cr0: \.cr0, .cr3: \.cr3, .cr4: \.cr4, .dr7: \.dr7,
      .efer: \.efer, .kernelGSBase: \.kernelGSBase, .pat: \.pat, .sysenterCS: \.sysenterCS,
      .sysenterEIP: \.sysenterEIP, .sysenterESP: \.sysenterESP, .star: \.star, .lstar: \.lstar, .cstar: \.cstar,
      .sfmask: \.sfmask, .tscAux: \.tscAux,
    ]

  nonisolated(unsafe) private static let segments: [VPRegisterName: Segment] =
    [
      .es: \.es, .cs: \.cs, .ss: \.ss, .ds: \.ds, .fs: \.fs, .gs: \.gs, .ldtr: \.ldtr, .tr: \.tr,
    ]

  // MARK: - The local APIC

  private func writeAPIC(_ msr: UInt32, _ value: UInt128, _ id: ContextID) -> VPRegisterWrite {
    do throws(Fault) {
      let low = UInt64(truncatingIfNeeded: value)
      let effect = try partition.apic(id).pointee.writeMSR(msr, low, at: partition.clock, rip: 0)
      partition.apply(effect, to: id)
      return .written
    } catch { return .invalidValue }
  }

  /// What WRMSR refuses with #GP is an invalid parameter here.
  private func writeSynIC(_ register: SynICRegister, _ value: UInt128, _ id: ContextID) -> VPRegisterWrite {
    do throws(Fault) {
      try partition.writeSynIC(register, UInt64(truncatingIfNeeded: value), of: id)
      return .written
    } catch { return .readOnly }
  }

  private func writeAPICState(_ register: VPRegisterName, _ value: UInt128, _ id: ContextID) -> VPRegisterWrite {
    let low = UInt64(truncatingIfNeeded: value)
    let apic = partition.apic(id)
    if register == .cr8 {
      guard low < 16 else { return .invalidValue }
      partition.apply(apic.pointee.writeCR8(low, at: partition.clock, rip: 0), to: id)
      return .written
    }
    do throws(Fault) {
      partition.apply(try apic.pointee.writeBase(low), to: id)
      return .written
    } catch { return .invalidValue }
  }
}

extension Partition {
  func privateState(of id: ContextID) -> PrivateState {
    id == active(id.vp.index) ? vps[id.vp.index].processor.privateState : context(id).pointee.saved
  }

  func setPrivateState(_ state: PrivateState, of id: ContextID) {
    if id == active(id.vp.index) {
      vps[id.vp.index].processor.privateState = state
    } else {
      context(id).pointee.saved = state
    }
    context(id).pointee.generation &+= 1
    touch(id.vp.index)
  }
}
