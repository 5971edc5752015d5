import Architecture
import Inspector
import Journal
import Testing

struct EventBufferTests {
  private func events(_ range: Range<UInt64>) -> [Event] {
    range.map { Event(sequence: $0, time: VirtualTime(ticks: $0), .nmiTaken) }
  }

  @Test func `the oldest events make room`() {
    var buffer = EventBuffer(capacity: 4)
    buffer.append(events(0..<3))
    buffer.append(events(3..<7), missed: 2)
    #expect(buffer.map(\.sequence) == [3, 4, 5, 6])
    #expect(buffer.missed == 2)
    #expect(buffer.event(5)?.sequence == 5)
    #expect(buffer.event(2) == nil)
    #expect(buffer.newest(2).map(\.sequence) == [6, 5])
  }

  @Test func `events that come twice or out of order are left out`() {
    var buffer = EventBuffer(capacity: 8)
    buffer.append(events(5..<7))
    buffer.append(events(2..<8))
    #expect(buffer.map(\.sequence) == [5, 6, 7])
  }

  @Test func `the place of an event that is gone is that of the next one`() {
    var buffer = EventBuffer(capacity: 8)
    buffer.append(events(10..<12) + events(20..<22))
    #expect(buffer.place(of: 15) == 2)
    #expect(buffer.place(of: 99) == 4)
  }
}
