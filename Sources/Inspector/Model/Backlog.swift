/// A list that grows at its end and is cut at its front, for what comes and goes with the log.
///
/// Cutting moves nothing most of the time, and a place, counted from the first element there ever was, means the
/// same element for as long as it is kept.
public struct Backlog<Element: Sendable>: Sendable, RandomAccessCollection {
  private var elements: [Element] = []
  private var head = 0
  /// How many were cut off.
  private(set) var removed = 0

  public var startIndex: Int { 0 }
  public var endIndex: Int { elements.count - head }

  public internal(set) subscript(i: Int) -> Element {
    get { elements[head + i] }
    _modify { yield &elements[head + i] }
  }

  /// The place of the next element.
  var nextPlace: Int { removed + count }

  /// The element at a place; nil when it was cut off.
  func at(place: Int) -> Element? {
    let i = place - removed
    return i >= 0 && i < count ? self[i] : nil
  }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func removeFirst(_ n: Int) {
    head += n
    removed += n
    guard head > 32, head * 2 > elements.count else { return }
    elements.removeFirst(head)
    head = 0
  }

  mutating func removeLast() -> Element { elements.removeLast() }

  /// Cuts off the elements at the front for which `isOld` holds.
  mutating func drop(while isOld: (Element) -> Bool) {
    var n = 0
    while n < count, isOld(self[n]) { n += 1 }
    if n > 0 { removeFirst(n) }
  }

  /// The first index whose element is not `isBefore`; for elements in order.
  func partition(_ isBefore: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
