import Architecture
import Interrupts
import Testing

@Suite struct PriorityTests {
  @Test func `PPR is the manual's formula for every TPR and every ISRV`() {
    var wrong: [(UInt8, UInt8)] = []
    for tpr in UInt8.min...UInt8.max {
      for isrv in UInt8.min...UInt8.max {
        // SDM Vol. 3A, 12.8.3.1: PPR[7:4] is the greater of TPR[7:4] and ISRV[7:4]. PPR[3:0] is TPR[3:0]
        // where TPR[7:4] is greater, 0 where ISRV[7:4] is greater, and either of the two where they are
        // equal: TPR[3:0].
        let (high, low) = tpr / 16 >= isrv / 16 ? (tpr / 16, tpr % 16) : (isrv / 16, 0)
        if processorPriority(taskPriority: tpr, inService: isrv) != high * 16 + low {
          wrong.append((tpr, isrv))
        }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test func `a vector passes exactly when its class is above PPR's`() {
    var wrong: [(UInt8, UInt8)] = []
    for v in UInt8.min...UInt8.max {
      for ppr in UInt8.min...UInt8.max where isDeliverable(vector(v), above: ppr) != (v / 16 > ppr / 16) {
        wrong.append((v, ppr))
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test(
    arguments: [
      (0x30, 0x00, nil), (0x30, 0x2F, nil), (0x30, 0x30, PriorityCause.taskPriority(0x30)),
      (0x3F, 0x31, .taskPriority(0x31)),
    ] as [(UInt8, UInt8, PriorityCause?)])
  func `the task priority holds back its own class and below`(v: UInt8, tpr: UInt8, cause: PriorityCause?) {
    #expect(priorityCause(of: vector(v), taskPriority: tpr, inService: nil) == cause)
    var apic = enabled()
    apic.store(0x80, UInt64(tpr))
    apic.receive(v)
    #expect(apic.highestDeliverable == (cause == nil ? vector(v) : nil))
    #expect(apic.load(0xA0) == UInt64(tpr))
  }

  @Test func `of two causes the one that makes the PPR is named`() {
    #expect(
      priorityCause(of: vector(0x31), taskPriority: 0x20, inService: vector(0x45)) == .inService(vector(0x45))
    )
    #expect(
      priorityCause(of: vector(0x31), taskPriority: 0x50, inService: vector(0x45)) == .taskPriority(0x50))
    #expect(
      priorityCause(of: vector(0x31), taskPriority: 0x40, inService: vector(0x45)) == .taskPriority(0x40))
    #expect(priorityCause(of: vector(0x61), taskPriority: 0x50, inService: vector(0x45)) == nil)
  }

  @Test func `CR8 is bits 7:4 of the TPR`() {
    var apic = enabled()
    apic.store(0x80, 0x5A)
    #expect(apic.cr8 == 5)
    _ = apic.writeCR8(9, at: .zero, rip: 0)
    #expect(apic.load(0x80) == 0x90)
  }
}
