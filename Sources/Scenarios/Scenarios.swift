import Architecture
import Journal
import Machine

extension Scenario {
  /// What runs when nothing else is asked for.
  public static var demo: Scenario {
    Scenario(
      "demo", nil, .healthy, "two VTLs on every VP: timers, IPIs, devices, VTL calls, all counted and checked",
      machine(
        vtls: 2,
        serialInput: SerialInput(
          checked("every interrupt has a journey"), start: .milliseconds(10), interval: .milliseconds(4), repeats: true)
      )
    )
  }

  /// Virtual secure mode at work: what VTL0 tries comes to VTL1.
  public static var guarded: Scenario {
    Scenario(
      "guarded", nil, .healthy, "VTL1 guards memory and LSTAR of 0.0, which tries; timers by SynIC messages",
      machine(vtls: 2))
  }

  /// A line that the demo can check: text, '*', and the exclusive or of the text in two hexadecimal digits.
  private static func checked(_ text: String) -> String {
    let sum = text.utf8.reduce(UInt8(0), ^)
    return "\(text)*\(String(sum >> 4, radix: 16))\(String(sum & 15, radix: 16))\n"
  }

  /// All scenarios, in the order of the list people see: by topic, then by signature.
  public static var all: [Scenario] { [demo, guarded] + processors + localAPICs + timers + addresses + devices + vtls }

  private static var processors: [Scenario] {
    [
      Scenario(
        "hlt-cli", "S5", .processors, "2.0 halts with interrupts disabled; the IPI that should wake it waits", machine()
      ),
      Scenario("no-sipi", "S7", .processors, "3.0 got its INIT but never a SIPI; 0.0 waits for it", machine()),
      Scenario(
        "sipi-out-of-state", "S8", .processors, "3.0 runs and gets a SIPI without an INIT before it", machine()),
    ]
  }

  private static var localAPICs: [Scenario] {
    [
      Scenario(
        "tpr-block", "S1", .localAPIC, "2.0 spins on a lock with TPR 50h; its holder waits for it to take 4Fh",
        machine()),
      Scenario("missing-eoi", "S2", .localAPIC, "2.0's handler of 51h forgets its EOI; the next 51h waits", machine()),
      Scenario(
        "lazy-eoi", "S4", .localAPIC, "2.0 ended 51h by clearing KVM's byte; its ISR bit is only left over", machine()),
      Scenario("svr-disabled", "S10", .localAPIC, "2.0 clears SVR bit 8; what 1.0 sends is not accepted", machine()),
      Scenario(
        "apic-disabled", "S11", .localAPIC, "2.0 clears IA32_APIC_BASE.EN; what 1.0 sends finds nobody", machine()),
      Scenario("merged", "S34", .localAPIC, "1.0 sends 41h twice before 2.0 takes it, and counts on two", machine()),
    ]
  }

  private static var timers: [Scenario] {
    [
      Scenario("masked-timer", "S12", .timers, "2.0 sleeps on a timer that expires while its LVT is masked", machine()),
      Scenario(
        "deadline-ignored", "S13", .timers, "2.0 sleeps on a TSC deadline that its timer mode ignores", machine()),
      Scenario("far-timer", "S14", .timers, "2.0 wants to sleep 100 ms and sets its timer to 100 s", machine()),
    ]
  }

  private static var addresses: [Scenario] {
    [
      Scenario(
        "unicast-nowhere", "S16", .addresses, "1.0 calls APIC ID 12h, which exists in group 1 only", machine(vtls: 2)),
      Scenario(
        "lost-broadcast", "S17", .addresses, "1.1's broadcast in group 1 reaches nobody under rfc-2023 group IDs",
        machine(vtls: 2, groups: .rfc2023(bits: 24))),
      Scenario(
        "group-leak", "S18", .addresses, "1.0 calls APIC ID 12h, which is VTL1's 2.1 under rfc-2023 group IDs",
        machine(vtls: 2, groups: .rfc2023(bits: 28))),
      Scenario(
        "logical-nobody", "S19", .addresses, "1.0 calls logical ID 4, which 2.0 has not put into its LDR", machine()),
      Scenario(
        "lowest-starved", "S20", .addresses, "every lowest-priority 40h goes to 2.0, which cannot keep up, by rfc-2023",
        machine(vtls: 2, groups: .rfc2023(bits: 24))),
    ]
  }

  private static var devices: [Scenario] {
    [
      Scenario(
        "level-wedged", "S21", .devices, "pin 17 gets another vector before its EOI, and waits for one for good",
        machine()),
      Scenario(
        "masked-edge", "S22", .devices, "pin 4 is masked when a byte comes in; its edge is not replayed",
        machine(
          serialInput: SerialInput(
            "all work and no play\n", start: .milliseconds(5), interval: .milliseconds(5), repeats: true)
        )),
      Scenario(
        "msi-misaddressed", "S23", .devices, "the periodic device's messages go to FECh, where no interrupt is",
        machine()),
    ]
  }

  private static var vtls: [Scenario] {
    [
      Scenario(
        "vtl0-starved", "S24", .vtls, "2.1 works on and on, without VINA; 2.0 never gets its tick", machine(vtls: 2)),
      Scenario(
        "vtl1-tpr", "S25", .vtls, "2.1 went away with its TPR raised; what 1.1 sends it waits", machine(vtls: 2)),
      Scenario(
        "vtl-cannot-answer", "S26", .vtls, "1.1 calls VTL1 of VP 3, which is not enabled there", machine(vtls: 2)),
      Scenario(
        "return-bounce", "S27", .vtls, "2.1 has IF = 0, is entered by an interrupt and returns, over and over",
        machine(vtls: 2)),
      Scenario(
        "startup-denied", "S30", .vtls, "3.0 gets INIT and SIPI, which are dropped as VTL1 is enabled there",
        machine(vtls: 2)),
    ]
  }

  private static func machine(
    vtls: Int = 1, groups: GroupEncoding = .explicit, serialInput: SerialInput? = nil
  ) -> Configuration {
    Configuration(
      vpCount: 4, vtlCount: vtls, memoryBytes: 64 << 20, groupEncoding: groups, serialInput: serialInput)
  }
}
