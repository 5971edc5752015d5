import Architecture
import Interrupts
import Journal
import Testing

/// Two VPs with two VTLs each: VTL 0 runs, VTL 1 is enabled on VP 1 only.
@Suite struct PreviewTests {
  private func machine(_ change: (inout ContextSnapshot) -> Void = { _ in }) -> Snapshot {
    var snapshot = Snapshot(
      machine: MachineSnapshot(vpCount: 2, vtlCount: 2, memoryBytes: 0), contexts: [], groups: [])
    var routing = GroupRouting(encoding: .explicit, groups: [(GroupID(0), .vtl0), (GroupID(1), .vtl1)])
    for vp in 0..<2 {
      for vtl in 0..<2 {
        var apic = LocalAPIC(
          id: ApicID(vp), context: ContextID(vp, vtl), group: GroupID(vtl), isBootstrap: vp == 0)
        apic.store(0xF0, 0x1FF)
        var context = ContextSnapshot(id: ContextID(vp, vtl), group: GroupID(vtl))
        context.isEnabled = vtl == 0 || vp == 1
        context.isActive = vtl == 0
        context.rflags = 0x202
        apic.fill(&context, at: .zero)
        change(&context)
        snapshot.contexts.append(context)
      }
    }
    for group in 0..<2 {
      let members = snapshot.contexts.filter { $0.group.index == group }.map { RoutingRegisters($0) }
      routing.rebuild(GroupID(group), members: members, at: .zero)
    }
    snapshot.groups = routing.snapshots
    return snapshot
  }

  private func fire(
    _ message: InterruptMessage, from origin: FireRequest.Origin = .context(ContextID(0, 0)),
    in snapshot: Snapshot
  ) -> FirePreview {
    preview(FireRequest(origin: origin, message: message), in: snapshot)
  }

  private func outlook(_ snapshot: Snapshot, vtl: Int = 0, _ message: InterruptMessage = message(to: 1))
    -> Outlook?
  {
    let preview = fire(message, from: .message(GroupID(vtl)), in: snapshot)
    #expect(preview.route.contexts == [ContextID(1, vtl)])
    return preview.targets.first?.outlook
  }

  @Test func `an interrupt for the active VTL is taken, for a higher one preempts`() {
    #expect(outlook(machine()) == .deliverable)
    #expect(outlook(machine(), vtl: 1) == .preempts(.vtl1))
    let off = machine { if $0.id.vtl == .vtl1 { $0.rflags = 2 } }
    #expect(outlook(off, vtl: 1) == .preempts(.vtl1))
  }

  @Test func `each gate is named`() {
    #expect(outlook(machine { $0.rflags = 2 }) == .held(.interruptsDisabled(isHalted: false)))
    #expect(
      outlook(
        machine {
          $0.rflags = 2; $0.activity = .halted
        }) == .held(.interruptsDisabled(isHalted: true)))
    #expect(outlook(machine { $0.interruptShadow = true }) == .held(.interruptShadow))
    #expect(outlook(machine { $0.activity = .waitForStartup }) == .held(.waitForStartup))
    #expect(outlook(machine { $0.activity = .shutdown }) == .held(.shutdown))
    #expect(outlook(machine { $0.apic[0x80] = 0x4F }) == .held(.taskPriority(0x4F)))
    #expect(outlook(machine { $0.apic[0x120] = 0x8 }) == .held(.inService(vector(0x43))))
    #expect(outlook(machine { if $0.id.vtl == .vtl0 { $0.apic[0x230] = 0x1 } }) == .held(.behind(vector(0x60))))
    // VTL1 has something to take and has not been entered yet: it will be, before the next instruction.
    #expect(outlook(machine { if $0.id.vtl == .vtl1 { $0.apic[0x230] = 0x1 } }) == .held(.vtlInactive(active: .vtl1)))
    let inVTL1 = machine { $0.isActive = $0.id.vtl == .vtl1 || $0.id.vp.index == 0 && $0.id.vtl == .vtl0 }
    #expect(outlook(inVTL1) == .held(.vtlInactive(active: .vtl1)))
    #expect(outlook(machine { $0.apic[0x80] = 0x40 }, vtl: 1) == .held(.taskPriority(0x40)))
  }

  @Test func `NMI ignores IF and priority and waits for the handler before it`() {
    let nmi = message(to: 1, vector: 0, mode: .nmi)
    #expect(
      outlook(
        machine {
          $0.rflags = 2; $0.apic[0x80] = 0xFF
        }, nmi) == .deliverable)
    #expect(outlook(machine { $0.nmiBlocked = true }, nmi) == .held(.nmiBlocked))
    #expect(outlook(machine { $0.interruptShadow = true }, nmi) == .held(.interruptShadow))
    #expect(outlook(machine(), vtl: 1, nmi) == .preempts(.vtl1))
  }

  @Test func `a vector that is pending already merges`() {
    let snapshot = machine {
      guard $0.id.vtl == .vtl0 else { return }
      $0.apic[0x220] = 0x2
      $0.pending = [
        VectorState(
          vector: vector(0x41), since: .zero, journey: JourneyID(rawValue: 9), isLevelTriggered: false)
      ]
    }
    let preview = fire(message(to: 1), in: snapshot)
    #expect(preview.targets.map(\.acceptance) == [.merged(with: JourneyID(rawValue: 9))])
    #expect(preview.targets.first?.outlook == .deliverable)
  }

  @Test func `whom it does not reach, and why`() {
    let preview = fire(message(shorthand: .allExcludingSelf), in: machine())
    #expect(preview.route.contexts == [ContextID(1, 0)])
    #expect(preview.others == [Explanation(context: ContextID(0, 0), rejection: .senderExcluded)])
    let absent = fire(message(to: 0), from: .message(GroupID(1)), in: machine())
    #expect(absent.route.reason == .contextNotEnabled)
    #expect(absent.targets.isEmpty)
  }

  @Test func `startup follows the rules of waiting and of VTLs`() {
    let sipi = message(to: 0, vector: 0x10, mode: .startup)
    func acceptance(_ message: InterruptMessage, _ snapshot: Snapshot) -> Acceptance? {
      fire(message, from: .message(GroupID(0)), in: snapshot).targets.first?.acceptance
    }
    #expect(acceptance(sipi, machine()) == .rejected(.notWaitingForStartup))
    #expect(acceptance(sipi, machine { $0.activity = .waitForStartup }) == .pending)
    #expect(acceptance(sipi, machine { $0.initPending = true }) == .pending)
    let initialize = message(to: 1, mode: .initialize)
    #expect(acceptance(initialize, machine()) == .rejected(.startupDeniedByVTL))
    #expect(acceptance(message(to: 0, mode: .initialize), machine()) == .pending)
  }

  @Test func `what cannot be sent is refused`() {
    #expect(fire(message(), from: .context(ContextID(7, 0)), in: machine()).refusal == .noSuchContext)
    #expect(fire(message(), from: .context(ContextID(0, 1)), in: machine()).refusal == .vtlNotEnabled)
    #expect(fire(message(), from: .message(GroupID(5)), in: machine()).refusal == .noSuchGroup)
    #expect(fire(message(), in: machine { $0.apicBase = 0xFEE0_0000 }).refusal == .apicDisabled)
    #expect(fire(message(to: 1, vector: 3), in: machine()).route.reason == .illegalVector)
  }

  @Test func `the posted encoding is read back from a snapshot, rewritten IDs and all`() {
    var routing = GroupRouting(
      encoding: .rfc2023(bits: 30), groups: [(GroupID(0), .vtl0), (GroupID(1), .vtl1)])
    var snapshot = machine { if $0.id == ContextID(1, 0) { $0.apic[0x20] = 0x2000_0000 } }
    snapshot.machine.groupEncoding = .rfc2023(bits: 30)
    for group in 0..<2 {
      var members = snapshot.contexts.filter { $0.group.index == group }.map { RoutingRegisters($0) }
      for i in members.indices { members[i].initialID = ApicID(members[i].context.vp.index ^ 1) }
      routing.rebuild(GroupID(group), members: members, at: .zero)
    }
    snapshot.groups = routing.snapshots
    let image = GroupRouting(snapshot)
    for destination: UInt32 in 0..<16 {
      for sender in [ContextID(0, 0), nil] {
        let live = routing.route(message(to: destination, isNarrow: true), from: sender, in: GroupID(0)) {
          _ in 0
        }
        let seen = image.route(message(to: destination, isNarrow: true), from: sender, in: GroupID(0)) { _ in
          0
        }
        #expect(live == seen)
      }
    }
    #expect(fire(message(to: 0, isNarrow: true), in: snapshot).route.contexts == [ContextID(1, 0)])
    #expect(fire(message(to: 4, isNarrow: true), in: snapshot).route.contexts == [ContextID(1, 1)])
  }

  @Test func `a snapshot of garbage previews without harm`() {
    var random = Seeded(0xBAD)
    for _ in 0..<400 {
      let vtls = UInt8(truncatingIfNeeded: random.next())
      var snapshot = Snapshot(
        machine: MachineSnapshot(vpCount: .max, vtlCount: random.chance(50) ? 2 : vtls, memoryBytes: 0),
        contexts: [], groups: [])
      if random.chance(50) { snapshot.machine.groupEncoding = .rfc2023(bits: UInt8(random.below(256))) }
      for _ in 0..<random.below(6) {
        let id = ContextID(
          vp: VPIndex(rawValue: random.chance(60) ? UInt32(random.below(3)) : .max),
          vtl: VTL(rawValue: random.chance(60) ? UInt8(random.below(3)) : 255))
        var context = ContextSnapshot(id: id, group: GroupID(rawValue: random.chance(60) ? 0 : 255))
        context.isEnabled = random.chance(80)
        context.isActive = random.chance(50)
        context.apicBase = random.chance(50) ? 0xFEE0_0800 : random.next()
        for offset in stride(from: 0, to: 0x400, by: 16) {
          context.apic[offset] = UInt32(truncatingIfNeeded: random.next())
        }
        snapshot.contexts.append(context)
        var group = GroupSnapshot(id: context.group, vtl: id.vtl)
        group.physical = [MapEntry(key: .max, vp: id.vp), MapEntry(key: 0, vp: id.vp)]
        snapshot.groups.append(group)
      }
      for _ in 0..<20 {
        let origin = snapshot.contexts.first?.id ?? ContextID(0, 0)
        let shot = RoutingPropertyTests.randomMessage(&random)
        let fromGroup = fire(
          shot, from: .message(GroupID(rawValue: random.chance(50) ? 0 : 255)), in: snapshot)
        let fromContext = fire(shot, from: .context(origin), in: snapshot)
        #expect(fromGroup.targets.count == fromGroup.route.count)
        #expect(fromContext.targets.count == fromContext.route.count)
      }
    }
  }
}
