import Architecture

/// Breakpoints and single steps (SDM Vol. 3A, 18.2 and 18.3).
///
/// The loop never looks for them. A page with a data breakpoint has no tags in the TLB, so its accesses come to the slow
/// path; one with an instruction breakpoint is run instruction by instruction.
extension CPUState {
  /// Derives from DR7 and CR4.DE what is enabled. To be called after each change of them or of DR0...DR3.
  mutating func updateBreakpoints() {
    let control = DR7(rawValue: dr[7])
    let before = codeBreakpoints | dataBreakpoints | portBreakpoints
    (codeBreakpoints, dataBreakpoints, portBreakpoints) = (0, 0, 0)
    for n in 0..<4 where control.isEnabled(n) {
      let bit: UInt8 = 1 << UInt8(n)
      switch control.condition(n) {
      case 0: codeBreakpoints |= bit
      case 2: if cr4 & CR4.debuggingExtensions.rawValue != 0 { portBreakpoints |= bit }
      default: dataBreakpoints |= bit
      }
    }
    if before | codeBreakpoints | dataBreakpoints | portBreakpoints != 0 { breakpointEpoch &+= 1 }
  }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  /// The DR6 bits of the enabled breakpoints in `mask` that bytes from `address` on touch.
  private func hits(_ mask: UInt8, _ address: UInt64, _ size: UInt64) -> UInt64 {
    let control = DR7(rawValue: pointee.dr[7])
    var found: UInt64 = 0
    for n in 0..<4 where mask & (1 << UInt8(n)) != 0 {
      let length = control.length(n)
      let first = pointee.dr[n] & ~(length &- 1)
      if address &- first < length || first &- address < size { found |= 1 << UInt64(n) }
    }
    return found
  }

  /// A page whose data accesses have to be looked at.
  func isWatched(_ page: UInt64) -> Bool {
    pointee.dataBreakpoints != 0 && hits(pointee.dataBreakpoints, page, 4096) != 0
  }

  /// The data breakpoints that an access hits.
  func dataHits(_ address: UInt64, _ size: Int, isWrite: Bool) -> UInt64 {
    var mask = pointee.dataBreakpoints
    let control = DR7(rawValue: pointee.dr[7])
    if !isWrite { for n in 0..<4 where control.condition(n) == 1 { mask &= ~(1 << UInt8(n)) } }
    return hits(mask, address, UInt64(size))
  }

  func portHits(_ port: UInt16, _ width: UInt8) -> UInt64 {
    pointee.portBreakpoints == 0 ? 0 : hits(pointee.portBreakpoints, UInt64(port), UInt64(width))
  }

  /// The linear address of the next instruction.
  var linearRIP: UInt64 {
    isLong ? pointee.rip : (segment(1).pointee.base &+ pointee.rip) & 0xFFFF_FFFF
  }

  func hasCodeBreakpoint(onPage page: UInt64) -> Bool { hits(pointee.codeBreakpoints, page, 4096) != 0 }

  /// The instruction breakpoints at RIP. RF holds them back for one instruction, and so does a load of SS.
  var codeHits: UInt64 {
    let isHeldBack = pointee.stackShadow || pointee.systemFlags & RFlags.resume.rawValue != 0
    return isHeldBack ? 0 : hits(pointee.codeBreakpoints, linearRIP, 1)
  }
}

extension Interpreter {
  /// What a debug exception leaves in DR6: B0...B3 are those of this one, the other bits only ever accumulate.
  func recordDebug(_ c: CPU) {
    c.pointee.dr[6] = c.pointee.dr[6] & ~DR6.breakpoints | c.pointee.pendingDebug
    c.pointee.pendingDebug = 0
    if c.pointee.dr[7] & DR7.generalDetect != 0 { c.pointee.dr[7] &= ~DR7.generalDetect }
  }

  /// Delivers the trap of the instruction that has just ended, unless it loaded SS (SDM Vol. 3A, 6.8.3).
  func deliverPendingDebug(_ c: CPU) {
    c.pointee.fault = .debug
    deliverFault(c)
  }
}
