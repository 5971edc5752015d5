import Journal
import Machine

extension Scenario {
  /// What runs when nothing else is asked for.
  public static var demo: Scenario {
    Scenario(
      "demo", "two VTLs on every VP: timers, IPIs of all forms and VTL calls, all of it counted and checked",
      machine(vtls: 2))
  }

  /// All scenarios, in the order of the list people see.
  public static var all: [Scenario] {
    [
      demo,
      Scenario(
        "lost-broadcast", "1.1 waits for answers to a group-1 broadcast that rfc-2023 group IDs deliver to nobody",
        machine(vtls: 2, groups: .rfc2023(bits: 24))),
      Scenario(
        "tpr-block", "2.0 spins on a lock with TPR 50h; the lock's holder waits for it to take vector 4Fh",
        machine(vtls: 1)),
      Scenario(
        "hlt-cli", "2.0 halts with interrupts disabled; the IPI that should wake it stays in its IRR",
        machine(vtls: 1)),
      Scenario(
        "no-sipi", "3.0 got its INIT but never a SIPI; the boot processor waits for it",
        machine(vtls: 1)),
    ]
  }

  private static func machine(vtls: Int, groups: GroupEncoding = .explicit) -> Configuration {
    Configuration(vpCount: 4, vtlCount: vtls, memoryBytes: 64 << 20, groupEncoding: groups)
  }
}
