import Architecture

extension Processor {
  /// What a VTL switch exchanges.
  public var privateState: PrivateState {
    get {
      // Field by field: a copy of everything would be mostly vector registers.
      let c = state
      var s = PrivateState()
      (s.rip, s.rsp, s.rflags) = (c.pointee.rip, c.pointee.registers[4], state.rflags)
      (s.cr0, s.cr3, s.cr4, s.efer, s.dr7) = (
        c.pointee.cr0, c.pointee.cr3, c.pointee.cr4, c.pointee.efer, c.pointee.dr[7]
      )
      (s.gdtr, s.idtr) = (c.pointee.gdtr, c.pointee.idtr)
      (s.es, s.cs, s.ss, s.ds) = (
        c.pointee.segments[0], c.pointee.segments[1], c.pointee.segments[2], c.pointee.segments[3]
      )
      (s.fs, s.gs, s.tr, s.ldtr) = (
        c.pointee.segments[4], c.pointee.segments[5], c.pointee.segments[6], c.pointee.segments[7]
      )
      (s.star, s.lstar, s.cstar, s.sfmask) = (c.pointee.star, c.pointee.lstar, c.pointee.cstar, c.pointee.sfmask)
      (s.sysenterCS, s.sysenterESP, s.sysenterEIP) = (
        c.pointee.sysenterCS, c.pointee.sysenterESP, c.pointee.sysenterEIP
      )
      (s.pat, s.kernelGSBase, s.tscAux) = (c.pointee.pat, c.pointee.kernelGSBase, c.pointee.tscAux)
      (s.interruptShadow, s.nmiBlocked) = (c.pointee.shadow, c.pointee.nmiBlocked)
      (s.stackShadow, s.pendingDebug, s.held) = (c.pointee.stackShadow, c.pointee.pendingDebug, c.pointee.held)
      return s
    }
    set(s) {
      state.pointee.registers[4] = s.rsp
      state.pointee.rip = s.rip
      state.pointee.setRFlags(s.rflags)
      (state.pointee.cr0, state.pointee.cr3, state.pointee.cr4) = (s.cr0, s.cr3, s.cr4)
      (state.pointee.efer, state.pointee.dr[7]) = (s.efer, s.dr7 & DR7.writable | DR7.fixed)
      (state.pointee.gdtr, state.pointee.idtr) = (s.gdtr, s.idtr)
      (state.pointee.segments[0], state.pointee.segments[1]) = (s.es, s.cs)
      (state.pointee.segments[2], state.pointee.segments[3]) = (s.ss, s.ds)
      (state.pointee.segments[4], state.pointee.segments[5]) = (s.fs, s.gs)
      (state.pointee.segments[6], state.pointee.segments[7]) = (s.tr, s.ldtr)
      (state.pointee.star, state.pointee.lstar, state.pointee.cstar) = (s.star, s.lstar, s.cstar)
      state.pointee.sfmask = s.sfmask
      (state.pointee.sysenterCS, state.pointee.sysenterESP) = (s.sysenterCS, s.sysenterESP)
      state.pointee.sysenterEIP = s.sysenterEIP
      (state.pointee.pat, state.pointee.kernelGSBase) = (s.pat, s.kernelGSBase)
      state.pointee.tscAux = s.tscAux
      (state.pointee.shadow, state.pointee.nmiBlocked) = (s.interruptShadow, s.nmiBlocked)
      (state.pointee.stackShadow, state.pointee.pendingDebug) = (s.stackShadow && s.interruptShadow, s.pendingDebug)
      state.pointee.held = s.held
      state.pointee.arePointersStale = true
      state.pointee.updateMode()
      state.pointee.updateBreakpoints()
    }
  }
}

extension CPUState {
  /// Derives what depends on CS, CR0 and EFER: how to decode, and the privilege level.
  mutating func updateMode() {
    let cs = segments[1]
    if efer & EFER.longModeActive.rawValue != 0, cs.isLong {
      mode = .bits64
    } else {
      mode = cs.isDefault32 ? .bits32 : .bits16
    }
    cpl = cr0 & CR0.protection.rawValue == 0 ? 0 : segments[2].privilege
  }
}
