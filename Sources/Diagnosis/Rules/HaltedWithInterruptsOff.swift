import Architecture
import Journal

extension Rule {
  /// S5: HLT with RFLAGS.IF clear. Only NMI, SMI and INIT end it; what is in the IRR does not matter.
  ///
  /// An inactive VTL is left out: there IF is no reason to wait (TLFS, interrupts of a higher VTL).
  static var haltedWithInterruptsOff: Rule {
    Rule(.haltedWithInterruptsOff, "HLT with IF = 0") { context, scene in
      guard context.isDeaf, context.nmiPending == 0, !context.initPending, context.startupPending == nil
      else { return nil }

      let isWanted = !context.pending.isEmpty || context.externalPending
      let evidence: [Finding.Evidence] =
        [
          .init("\(context.id) is the active context of its VP and is halted"),
          .init("RFLAGS \(String(context.rflags, radix: 16)): IF is 0"),
          .init("an NMI or INIT is pending", holds: false),
          .init(
            context.pending.isEmpty
              ? "interrupts wait in its IRR" : "interrupts wait in its IRR: \(list(context.pending))",
            holds: !context.pending.isEmpty),
        ] + (context.externalPending ? [.init("the 8259 has an interrupt for it (ExtINT)")] : [])
      let cause =
        if let halt = context.lastHalt {
          "HLT before \(scene.place(halt.rip)) with RFLAGS \(String(halt.value, radix: 16)), "
            + scene.moment(halt.time)
        } else {
          "HLT before \(scene.place(context.rip))"
        }
      return Finding(
        .haltedWithInterruptsOff, .proved, isWanted ? .high : .medium, .context(context.id),
        since: context.since, title: "halted with IF=0", evidence: evidence, effect: context.heldBack, cause: cause,
        remedy: "an NMI or INIT to \(context.id); in the guest: STI before HLT",
        journey: context.pending.first?.journey)
    }
  }
}
