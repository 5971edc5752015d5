import Architecture
import Testing

@testable import Host

@Suite struct PacerTests {
  @Test func `at pace 1 virtual time may pass as host time does`() {
    var pacer = Pacer(.real, virtual: .seconds(5), host: 1_000)
    #expect(pacer.allowed(virtual: .seconds(5), host: 1_000) == .seconds(5))
    #expect(pacer.allowed(virtual: .seconds(5), host: 1_000 + 2_000_000) == .seconds(5) + .milliseconds(2))
  }

  @Test func `at pace 0.001 a virtual microsecond takes a millisecond`() {
    var pacer = Pacer(.factor(0.001), virtual: .zero, host: 0)
    #expect(pacer.allowed(virtual: .zero, host: 1_000_000) == .microseconds(1))
    #expect(pacer.delay(until: .microseconds(3), host: 1_000_000) == 2_000_000)
  }

  @Test func `a machine that fell behind goes on at its pace and does not catch up`() {
    var pacer = Pacer(.real, virtual: .zero, host: 0)
    // The host was away for ten seconds.
    #expect(pacer.allowed(virtual: .zero, host: 10_000_000_000) == .zero)
    #expect(pacer.allowed(virtual: .zero, host: 10_001_000_000) == .milliseconds(1))
  }

  @Test func `the share of frames is what they took of the second, and never said to be nothing`() {
    var meter = PublishingMeter(host: 1_000)
    #expect(meter.measure(from: 1_000, to: 5_001_000) == nil)
    #expect(meter.measure(from: 999_000_000, to: 1_000_001_000) == 6_001)
    #expect(meter.measure(from: 2_000_001_000, to: 2_000_001_000) == 1)
  }

  @Test func `at pace max nothing is held back`() {
    var pacer = Pacer(.max, virtual: .zero, host: 0)
    #expect(pacer.allowed(virtual: .seconds(9), host: 0) == .never)
    #expect(pacer.delay(until: .seconds(9), host: 0) == 0)
  }
}
