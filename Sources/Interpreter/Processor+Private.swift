import Architecture

extension Processor {
  /// What a VTL switch exchanges.
  public var privateState: PrivateState {
    get {
      let c = state.pointee
      var s = PrivateState()
      (s.rip, s.rsp, s.rflags) = (c.rip, c.registers[4], state.rflags)
      (s.cr0, s.cr3, s.cr4, s.efer, s.dr7) = (c.cr0, c.cr3, c.cr4, c.efer, c.dr[7])
      (s.gdtr, s.idtr) = (c.gdtr, c.idtr)
      (s.es, s.cs, s.ss, s.ds) = (c.segments[0], c.segments[1], c.segments[2], c.segments[3])
      (s.fs, s.gs, s.tr, s.ldtr) = (c.segments[4], c.segments[5], c.segments[6], c.segments[7])
      (s.star, s.lstar, s.cstar, s.sfmask) = (c.star, c.lstar, c.cstar, c.sfmask)
      (s.sysenterCS, s.sysenterESP, s.sysenterEIP) = (c.sysenterCS, c.sysenterESP, c.sysenterEIP)
      (s.pat, s.kernelGSBase, s.tscAux) = (c.pat, c.kernelGSBase, c.tscAux)
      (s.interruptShadow, s.nmiBlocked) = (c.shadow, c.nmiBlocked)
      (s.stackShadow, s.pendingDebug, s.held) = (c.stackShadow, c.pendingDebug, c.held)
      return s
    }
    set(s) {
      state.pointee.registers[4] = s.rsp
      state.pointee.rip = s.rip
      state.pointee.setRFlags(s.rflags)
      (state.pointee.cr0, state.pointee.cr3, state.pointee.cr4) = (s.cr0, s.cr3, s.cr4)
      (state.pointee.efer, state.pointee.dr[7]) = (s.efer, s.dr7 & DR7.writable | DR7.fixed)
      (state.pointee.gdtr, state.pointee.idtr) = (s.gdtr, s.idtr)
      for (i, segment) in [s.es, s.cs, s.ss, s.ds, s.fs, s.gs, s.tr, s.ldtr].enumerated() {
        state.pointee.segments[i] = segment
      }
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
