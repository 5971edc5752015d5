import Architecture
import Interrupts
import Journal

/// What it costs to route one IPI: by physical ID, by logical ID and to all, on the map and on the scan.
///
/// Every loop is the same from run to run, so an instruction counter such as callgrind gives exact figures. A
/// unicast on the map must cost the same at 4 VPs and at 4,096.
enum RoutingBench {
  static var sizes: [Int] { [4, 64, 1024, 4096] }

  /// The forms of an IPI, each aimed at member `n` of `count`.
  private enum Form: String, CaseIterable {
    case physical, logical, broadcast

    func message(_ n: Int) -> InterruptMessage {
      let id = UInt32(n)
      var command = InterruptCommand(rawValue: 0x4041)
      switch self {
      case .physical: command.destination = id
      case .logical:
        command.isLogical = true
        command.destination = (id &>> 4) &<< 16 | 1 &<< (id & 15)
      case .broadcast: command.destination = .max
      }
      return InterruptMessage(command, isNarrow: false)
    }
  }

  static func run() {
    print("ns per routed IPI, \(GroupRouting.self), x2APIC, 3 groups")
    print("form        VPs      map     scan")
    for form in Form.allCases {
      for size in sizes {
        let routing = partition(of: size)
        // About the same work per measurement, whatever the size.
        let fast = form == .broadcast ? max(200, 400_000 / size) : 400_000
        let onMap = measure(fast) { count(routing, form, size, times: $0, scan: false) }
        let onScan = measure(max(200, 400_000 / size)) { count(routing, form, size, times: $0, scan: true) }
        print(pad(form.rawValue, 10), pad(size, 5), pad(tenths(onMap), 8), pad(tenths(onScan), 8))
      }
    }
  }

  private static func partition(of size: Int) -> GroupRouting {
    var routing = GroupRouting(encoding: .explicit, groups: (0..<3).map { (GroupID($0), VTL($0)) })
    for group in 0..<3 {
      let members = (0..<size).map { vp in
        RoutingRegisters(
          context: ContextID(vp, group), initialID: ApicID(vp), mode: .x2APIC, id: ApicID(vp),
          logicalDestination: x2APICLogicalDestination(of: ApicID(vp)), isSoftwareEnabled: true)
      }
      routing.rebuild(GroupID(group), members: members, at: .zero)
    }
    return routing
  }

  /// Routes to one member after another; the number of targets keeps the optimiser honest.
  @inline(never)
  private static func count(
    _ routing: GroupRouting, _ form: Form, _ size: Int, times: Int, scan: Bool
  ) -> Int {
    var found = 0
    for n in 0..<times {
      let message = form.message(n & (size - 1))
      let sender = ContextID(0, 1)
      let route =
        scan
        ? routing.scan(message, from: sender, in: GroupID(1)) { _ in 0 }
        : routing.route(message, from: sender, in: GroupID(1)) { _ in 0 }
      found &+= route.count
    }
    return found
  }

  /// Tenths of a nanosecond per route.
  private static func measure(_ times: Int, _ body: (Int) -> Int) -> Int {
    let clock = ContinuousClock()
    var found = 0
    let time = clock.measure { found = body(times) }
    precondition(found >= times, "every message has a target")
    let (seconds, attoseconds) = time.components
    return (Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)) * 10 / times
  }

  private static func tenths(_ n: Int) -> String { "\(n / 10).\(n % 10)" }

  private static func pad(_ value: some CustomStringConvertible, _ width: Int) -> String {
    let text = value.description
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
