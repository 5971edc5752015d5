import Architecture
import Testing

@testable import HyperV

@Suite struct ReferenceTSCTests {
  private let vp0 = VPIndex(0)

  @Test func `the page has a valid sequence, and a scale that turns nanoseconds into 100 ns`() {
    let page = ReferenceTSCPage.bytes
    #expect(page.count == 4096)
    #expect(page.uint32(at: 0) != 0 && page.uint32(at: 0) != .max)
    // floor(10^7 x 2^64 / 10^9), computed apart.
    #expect(page.uint64(at: 8) == 184_467_440_737_095_516)
    #expect(page.uint64(at: 16) == 0)
  }

  @Test(arguments: [0, 1_000, 123_456_789_000, 86_400_000_000_000] as [UInt64])
  func `time by the page is never ahead of the counter, and less than two units behind`(ticks: UInt64) {
    let byPage = (ticks.multipliedFullWidth(by: ReferenceTSCPage.scale)).high
    let counter = ticks / 100
    #expect(byPage <= counter && counter - byPage < 2)
  }

  @Test func `each VTL maps its own, keeps reserved bits, and cannot place it beyond memory's addresses`() throws {
    var partition = HyperVPartition(HyperVConfiguration(vpCount: 1))
    #expect(try partition.writeMSR(0x4000_0021, 0x5FFF, on: vp0) == [.mapReferenceTSCPage(.vtl0, at: GPA(0x5000))])
    #expect(try partition.readMSR(0x4000_0021, on: vp0, at: .zero, runTime: .zero) == .value(0x5FFF))
    let moved: [HyperVEffect] = [
      .unmapReferenceTSCPage(.vtl0, at: GPA(0x5000)), .mapReferenceTSCPage(.vtl0, at: GPA(0x6000)),
    ]
    #expect(try partition.writeMSR(0x4000_0021, 0x6001, on: vp0) == moved)
    #expect(try partition.writeMSR(0x4000_0021, 0x6000, on: vp0) == [.unmapReferenceTSCPage(.vtl0, at: GPA(0x6000))])
    #expect(throws: Fault.generalProtection()) {
      try partition.writeMSR(0x4000_0021, 1 << 40 | 1, on: VPIndex(0))
    }
    #expect(partition.vtls[.vtl1].referenceTSC.rawValue == 0)
  }
}
