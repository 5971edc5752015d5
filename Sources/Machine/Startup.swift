import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal

/// INIT and SIPI: how a VP is reset and how it starts (SDM Vol. 3A, 9.4; TLFS, "Virtual Processors").
extension Partition {
  /// Acts on the INIT and SIPI that the local APIC of an active context has latched.
  func processStartup(_ id: ContextID) {
    guard context(id).pointee.isEnabled else { return }
    let apic = apic(id)
    if apic.pointee.initPending {
      initialize(id, apic.pointee.takeInit())
    }
    if let (vector, journey) = apic.pointee.takeStartup() { start(id, vector, journey) }
  }

  /// Resets a context. An AP waits for a SIPI then; the bootstrap processor goes to its reset vector.
  private func initialize(_ id: ContextID, _ journey: JourneyID) {
    restart(id, .initSignal)
    record(.initialized, context: id, journey: journey)
  }

  /// What an operator's reset does: the processor and its local APIC begin again as at power-on. Memory, devices, the
  /// other VPs and what Hyper-V keeps of this one stay as they are.
  ///
  /// Only for VTL0 where no other VTL is enabled: it has the VP.
  func powerOn(_ id: ContextID) {
    apic(id).pointee.reset(.powerUp)
    context(id).pointee.lastInit = nil
    context(id).pointee.lastInitSender = nil
    context(id).pointee.lastStartup = nil
    restart(id, .powerOn)
    record(.initialized, context: id)
  }

  private func restart(_ id: ContextID, _ kind: Processor.ResetKind) {
    vps[id.vp.index].processor.reset(kind)
    context(id).pointee.isKicked = false
    context(id).pointee.waitsForTLB = nil
    invalidateMap(group(of: id.vtl))
    updateDue(id.vp.index)
    servePins(of: id)
    let isBootstrap = id.vp.rawValue == 0
    setActivity(id, isBootstrap ? .running : .waitForStartup)
    hyperV.processors[id.vp.index].isStarted = isBootstrap
  }

  /// A SIPI starts a context that waits for one, at `vector` x 1000h in real mode; any other ignores it.
  private func start(_ id: ContextID, _ vector: VectorNumber, _ journey: JourneyID) {
    guard context(id).pointee.activity == .waitForStartup else {
      record(.accepted(vector, .startup, .rejected(.notWaitingForStartup)), context: id, journey: journey)
      return
    }
    vps[id.vp.index].processor.start(vector: vector)
    context(id).pointee.lastStartup = clock
    setActivity(id, .running)
    hyperV.processors[id.vp.index].isStarted = true
    record(.started(vector), context: id, journey: journey)
  }
}
