import Architecture
import HyperV
import Testing

/// Hypercalls about interrupts and APIC IDs.
struct InterruptCallTests {
  func send(_ guest: inout TestGuest, vector: UInt32, vtl: UInt8 = 0, mask: UInt64) -> HypercallOutcome {
    let input = littleEndian(vector) + [vtl, 0, 0, 0] + littleEndian(mask)
    return guest.call(HypercallInput(.sendSyntheticClusterIPI), input)
  }

  @Test func `a cluster IPI names VPs by index`() {
    var guest = TestGuest()
    let outcome = send(&guest, vector: 0xF1, mask: 0b1010)
    #expect(
      outcome.effects == [
        .sendInterrupt(VectorNumber(0xF1), .vtl0, to: [VPIndex(1), VPIndex(3)], absent: 0)
      ])
    #expect(outcome.result.rawValue == 0)
  }

  @Test func `VPs that do not exist are skipped and counted`() {
    var guest = TestGuest()
    #expect(
      send(&guest, vector: 0x40, mask: 0x8000_0000_0000_0011).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl0, to: [VPIndex(0)], absent: 2)])
  }

  @Test(arguments: [0, 15, 256, 0x1_0040, 0xFFFF_FFFF] as [UInt32])
  func `vectors are 16 to 255`(vector: UInt32) {
    var guest = TestGuest()
    #expect(send(&guest, vector: vector, mask: 1).status.rawValue == 0x05)
  }

  @Test func `the target VTL is one that the partition has, also above the caller's`() {
    var guest = TestGuest()
    #expect(send(&guest, vector: 0x40, vtl: 0x11, mask: 1).status.rawValue == 0x06)
    guest = .withVTL1()
    #expect(
      send(&guest, vector: 0x40, vtl: 0x11, mask: 1).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl1, to: [VPIndex(0)], absent: 0)])
    #expect(send(&guest, vector: 0x40, vtl: 0x12, mask: 1).status.rawValue == 0x06)
    #expect(send(&guest, vector: 0x40, vtl: 0x40, mask: 1).status.rawValue == 0x05)
    guest.enter(.vtl1)
    #expect(
      send(&guest, vector: 0x40, mask: 1).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl1, to: [VPIndex(0)], absent: 0)])
    #expect(
      send(&guest, vector: 0x40, vtl: 0x10, mask: 1).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl0, to: [VPIndex(0)], absent: 0)])
  }

  @Test func `bytes that fill the structure up may be anything`() {
    var guest = TestGuest()
    let input = littleEndian(0x40 as UInt32) + [0, 0xA5, 0x5A, 0xFF] + littleEndian(1 as UInt64)
    #expect(guest.call(HypercallInput(.sendSyntheticClusterIPI), input).status.rawValue == 0)
  }

  func sendEx(_ guest: inout TestGuest, _ set: [UInt64], banks: Int) -> HypercallOutcome {
    let input = littleEndian(0x40 as UInt32) + [0, 0, 0, 0] + set.flatMap { littleEndian($0) }
    return guest.call(HypercallInput(.sendSyntheticClusterIPIEx, variableHeader: banks), input)
  }

  @Test func `the Ex form takes a set of VPs`() {
    var guest = TestGuest(vpCount: 70)
    #expect(
      sendEx(&guest, [0, 0b11, 0b100, 0b1], banks: 2).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl0, to: [VPIndex(2), VPIndex(64)], absent: 0)])
    guard case .sendInterrupt(_, _, let all, 0) = sendEx(&guest, [1, 0], banks: 0).effects.first else {
      Issue.record("nothing sent")
      return
    }
    #expect(all.count == 70)
  }

  @Test func `the Ex form wants as many banks as its mask has bits`() {
    var guest = TestGuest()
    #expect(sendEx(&guest, [0, 0b11, 1], banks: 1).status.rawValue == 0x03)
    #expect(sendEx(&guest, [0, 0b1, 1, 1], banks: 2).status.rawValue == 0x03)
    #expect(sendEx(&guest, [2, 0], banks: 0).status.rawValue == 0x05)
    #expect(
      sendEx(&guest, [0, 0], banks: 0).effects
        == [.sendInterrupt(VectorNumber(0x40), .vtl0, to: [], absent: 0)])
  }

  @Test func `a long spin yields`() {
    var guest = TestGuest()
    let outcome = guest.call(HypercallInput(.notifyLongSpinWait), littleEndian(7 as UInt64))
    #expect(outcome.effects == [.yield])
    #expect(outcome.status == .success)
  }

  func indices(_ guest: inout TestGuest, _ ids: [UInt32], vtl: UInt8 = 0, partition: UInt64 = .max)
    -> HypercallOutcome
  {
    let input = littleEndian(partition) + [vtl, 0, 0, 0, 0, 0, 0, 0] + ids.flatMap { littleEndian($0) }
    return guest.call(HypercallInput(.getVPIndexFromApicID, repCount: ids.count), input)
  }

  @Test func `APIC IDs are found at a stride of four bytes`() {
    var guest = TestGuest()
    guest.partition = HyperVPartition(
      HyperVConfiguration(apicIDs: [0, 2, 4, 0x1_0000].map { ApicID($0) }))
    let outcome = indices(&guest, [4, 0x1_0000, 0])
    #expect(outcome.result.rawValue == 0x0000_0003_0000_0000)
    #expect(outcome.memoryOutput?.bytes == [2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
    let failed = indices(&guest, [2, 3, 4])
    #expect(failed.result.rawValue == 0x0000_0001_0000_0005)
    #expect(failed.memoryOutput?.bytes == [1, 0, 0, 0])
  }

  @Test func `a VP without the VTL is not found, and a higher VTL is not looked into`() {
    var guest = TestGuest.withVTL1()
    #expect(indices(&guest, [0], vtl: 1).status.rawValue == 0x06)
    #expect(indices(&guest, [0], partition: 3).status.rawValue == 0x0D)
    guest.enter(.vtl1)
    #expect(indices(&guest, [0], vtl: 1).status == .success)
    #expect(indices(&guest, [1], vtl: 1).result.rawValue == 0x05)
  }
}
