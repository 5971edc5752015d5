import Architecture
import Journal

/// What a VTL has asked to hear of, in words.
enum InterceptWords {
  /// Registers with a bit of CrInterceptControl for reads, for writes, or both.
  private static let registers: [(name: String, read: CRInterceptControl, write: CRInterceptControl)] = [
    ("CR0", [], .cr0Write), ("CR4", [], .cr4Write), ("XCR0", [], .xcr0Write),
    ("MISC_ENABLE", .miscellaneousEnableRead, .miscellaneousEnableWrite), ("LSTAR", .lstarRead, .lstarWrite),
    ("STAR", .starRead, .starWrite), ("CSTAR", .cstarRead, .cstarWrite), ("APIC_BASE", .apicBaseRead, .apicBaseWrite),
    ("EFER", .eferRead, .eferWrite), ("GDTR", [], .gdtrWrite), ("IDTR", [], .idtrWrite), ("LDTR", [], .ldtrWrite),
    ("TR", [], .trWrite), ("SYSENTER_CS", [], .sysenterCSWrite), ("SYSENTER_EIP", [], .sysenterEIPWrite),
    ("SYSENTER_ESP", [], .sysenterESPWrite), ("SFMASK", [], .sfmaskWrite), ("TSC_AUX", [], .tscAuxWrite),
    ("SGXLEPUBKEYHASH", [], .launchControlWrite), ("XSS", [], .xssWrite), ("S_CET", [], .supervisorCETWrite),
    ("PLn_SSP", [], .shadowStackWrite), ("INTERRUPT_SSP", [], .interruptShadowStackWrite),
  ]

  /// `CR0/80010000 CR4/300000 EFER MSR rw`: the registers it hears of; a mask says of which bits, `r` and `rw` that reads
  /// are among it.
  static func registers(_ vsm: VSMSnapshot) -> [String] {
    let control = CRInterceptControl(rawValue: vsm.interceptControl)
    return registers.compactMap { entry in
      let reads = !entry.read.isEmpty && control.contains(entry.read)
      let writes = control.contains(entry.write)
      guard reads || writes else { return nil }
      let masked = writes ? mask(of: entry.write, vsm).map { "/" + TextForm.hex($0) } ?? "" : ""
      return entry.name + masked + (reads ? (writes ? " rw" : " r") : "")
    }
  }

  /// The bits of the register whose change is heard of; nil where every write is.
  private static func mask(of write: CRInterceptControl, _ vsm: VSMSnapshot) -> UInt64? {
    switch write {
    case .cr0Write: vsm.cr0Mask
    case .cr4Write: vsm.cr4Mask
    case .miscellaneousEnableWrite: vsm.miscEnableMask
    default: nil
    }
  }
}
