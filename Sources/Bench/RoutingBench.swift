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
    print("\none routed IPI, x2APIC, 3 groups")
    row("", ["map ns", "map instr.", "scan ns", "scan instr."])
    for form in Form.allCases {
      for size in sizes {
        let routing = partition(of: size)
        var figures: [String] = []
        for isScan in [false, true] {
          // About the same work per measurement, whatever the size.
          let times = isScan || form == .broadcast ? max(200, 400_000 / size) : 400_000
          figures.append(tenths(nanoseconds(times) { count(routing, form, size, times: $0, scan: isScan) }))
          figures.append(instructions(form, size, isScan).map { "\($0)" } ?? "no valgrind")
        }
        row("\(form.rawValue), \(size) VPs", figures)
      }
    }
  }

  /// Counted as the difference of two runs, so that setting up costs nothing.
  private static func instructions(_ form: Form, _ size: Int, _ isScan: Bool) -> UInt64? {
    let times: UInt64 = size > 64 ? 64 : 1_000
    let work = ["routing", form.rawValue, "\(size)", isScan ? "scan" : "map"]
    guard let once = InstructionCounter.count(work + ["\(times)"]),
      let twice = InstructionCounter.count(work + ["\(2 * times)"]), twice > once
    else { return nil }
    return (twice - once) / times
  }

  /// `Bench --work routing FORM SIZE map|scan TIMES`.
  static func work(_ arguments: [String]) {
    guard arguments.count == 4, let form = Form(rawValue: arguments[0]), let size = Int(arguments[1]),
      let times = Int(arguments[3])
    else { return }
    _ = count(partition(of: size), form, size, times: times, scan: arguments[2] == "scan")
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

  private static func nanoseconds(_ times: Int, _ body: (Int) -> Int) -> Double {
    let start = hostNanoseconds()
    let found = body(times)
    let time = hostNanoseconds() - start
    precondition(found >= times, "every message has a target")
    return Double(time) / Double(times)
  }
}
