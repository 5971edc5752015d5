import Architecture
import Interrupts
import Journal
import Testing

/// A row of the preempt truth table.
struct PreemptRow: Sendable, CustomTestStringConvertible {
  var isInterruptFlagSet: Bool
  var isVectorAboveTPR: Bool
  var isActive: Bool
  var order: PrivilegeOrder

  static var all: [PreemptRow] {
    var rows: [PreemptRow] = []
    for flag in [false, true] {
      for above in [false, true] {
        for active in [false, true] {
          for order in [PrivilegeOrder.highestFirst, .lowestFirst] {
            rows.append(
              .init(isInterruptFlagSet: flag, isVectorAboveTPR: above, isActive: active, order: order))
          }
        }
      }
    }
    return rows
  }

  var testDescription: String {
    "IF=\(isInterruptFlagSet) above=\(isVectorAboveTPR) active=\(isActive) \(order)"
  }
}

@Suite struct GateTests {
  @Test(arguments: PreemptRow.all)
  func `preemption asks for order and priority, never for IF`(row: PreemptRow) {
    // VTL 1 has vector 41h pending. The other context is VTL 0, so VTL 1 is the more privileged one of VTLs
    // and the less privileged one of VMPLs.
    let context = ContextGates(
      vtl: .vtl1, taskPriority: row.isVectorAboveTPR ? 0x30 : 0x40, highestRequest: vector(0x41),
      interruptsEnabled: row.isInterruptFlagSet)
    let contexts = [ContextGates(vtl: .vtl0), context]
    let active: VTL = row.isActive ? .vtl1 : .vtl0
    let target = preemptionTarget(active: active, contexts: contexts, order: row.order)
    let preempts = !row.isActive && row.isVectorAboveTPR && row.order == .highestFirst
    #expect(target == (preempts ? .vtl1 : nil))
    let expected: Outlook =
      switch (row.isActive, row.order, row.isVectorAboveTPR, row.isInterruptFlagSet) {
      case (false, .lowestFirst, _, _): .held(.vtlInactive(active: .vtl0))
      case (_, _, false, _): .held(.taskPriority(0x40))
      case (false, .highestFirst, true, _): .preempts(.vtl1)
      case (true, _, true, false): .held(.interruptsDisabled(isHalted: false))
      case (true, _, true, true): .deliverable
      }
    #expect(
      outlook(for: vector(0x41), in: context, active: active, contexts: contexts, order: row.order)
        == expected)
  }

  @Test func `the most privileged of several wins, skipping levels`() {
    #expect(preemptionTarget(active: .vtl0, wanting: 0b110) == .vtl2)
    #expect(preemptionTarget(active: .vtl0, wanting: 0b010) == .vtl1)
    #expect(preemptionTarget(active: .vtl1, wanting: 0b011) == nil)
    #expect(preemptionTarget(active: .vtl2, wanting: 0b111) == nil)
    #expect(preemptionTarget(active: .vtl2, wanting: 0b011, order: .lowestFirst) == .vtl0)
    #expect(preemptionTarget(active: .vtl0, wanting: 0b111, order: .lowestFirst) == nil)
  }

  @Test func `what makes a context want the processor`() {
    func wants(_ change: (inout ContextGates) -> Void) -> Bool {
      var gates = ContextGates(vtl: .vtl1)
      change(&gates)
      return gates.wantsProcessor
    }
    #expect(!wants { _ in })
    #expect(wants { $0.highestRequest = vector(0x41) })
    #expect(
      !wants {
        $0.highestRequest = vector(0x41); $0.highestInService = vector(0x45)
      })
    #expect(
      wants {
        $0.highestRequest = vector(0x41); $0.activity = .halted
      })
    #expect(
      !wants {
        $0.highestRequest = vector(0x41); $0.activity = .waitForStartup
      })
    #expect(
      !wants {
        $0.highestRequest = vector(0x41); $0.activity = .shutdown
      })
    #expect(
      !wants {
        $0.highestRequest = vector(0x41); $0.isEnabled = false
      })
    #expect(wants { $0.nmiPending = true })
    #expect(
      !wants {
        $0.nmiPending = true; $0.nmiBlocked = true
      })
    #expect(
      wants {
        $0.initPending = true; $0.activity = .shutdown
      })
    #expect(
      wants {
        $0.startupPending = true; $0.activity = .waitForStartup
      })
    #expect(!wants { $0.startupPending = true })
  }

  @Test func `the APIC and its gates agree`() {
    var random = Seeded(9)
    for _ in 0..<2000 {
      var apic = enabled()
      apic.store(0x80, UInt64(random.below(256)))
      for _ in 0..<random.below(3) { apic.receive(UInt8(16 + random.below(240))) }
      if random.chance(50), apic.highestDeliverable != nil { _ = apic.acknowledge(at: .zero) }
      if random.chance(30) { apic.receive(0, mode: .nmi) }
      if random.chance(20) { apic.receive(0, mode: .initialize) }
      let activity = Activity.allCases[random.below(4)]
      let blocked = random.chance(30)
      let gates = apic.gates(
        activity: activity, interruptsEnabled: true, interruptShadow: false, nmiBlocked: blocked)
      #expect(gates.deliverable == apic.highestDeliverable)
      #expect(gates.processorPriority == apic.processorPriority)
      #expect(gates.wantsProcessor == apic.wantsProcessor(activity: activity, nmiBlocked: blocked))
      var snapshot = ContextSnapshot(id: apic.context, group: apic.group)
      snapshot.isEnabled = true
      snapshot.activity = activity
      snapshot.nmiBlocked = blocked
      snapshot.rflags = 0x202
      apic.fill(&snapshot, at: .zero)
      #expect(ContextGates(snapshot) == gates)
    }
  }

  @Test func `startup of a lower VTL is denied while a higher one is enabled`() {
    #expect(!isStartupDenied(of: .vtl0, enabledVTLs: 0b001))
    #expect(isStartupDenied(of: .vtl0, enabledVTLs: 0b011))
    #expect(!isStartupDenied(of: .vtl1, enabledVTLs: 0b011))
    #expect(isStartupDenied(of: .vtl1, enabledVTLs: 0b111))
  }
}
