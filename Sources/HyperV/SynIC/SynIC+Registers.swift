import Architecture

/// What the machine has to do after a register was written.
public enum SynICEffect: Hashable, Sendable {
  case none
  /// The page of messages, or of event flags, moves.
  case messagePageMoved(from: GPA?, to: GPA?)
  case eventPageMoved(from: GPA?, to: GPA?)
  /// Messages that wait may have a slot now.
  case retryMessages
  /// `due` may have changed.
  case timersChanged
}

/// Reading and writing, by MSR and by hypercall alike.
extension SynIC {
  public func read(_ register: SynICRegister) -> UInt64 {
    switch register {
    case .control: control
    case .version: 1
    case .eventPage: eventPage.rawValue
    case .messagePage: messagePage.rawValue
    case .endOfMessage: 0
    case .source(let n): sources[n].register.rawValue
    case .timerConfig(let n): timers[n].config.rawValue
    case .timerCount(let n): timers[n].count
    }
  }

  /// Writes. That a page can lie where it is to lie has been checked.
  ///
  /// - Throws: #GP(0) for SVERSION, a vector below 16 in a source that interrupts, and reserved bits of a timer.
  public mutating func write(
    _ register: SynICRegister, _ value: UInt64, at now: VirtualTime
  ) throws(Fault) -> SynICEffect {
    isAtReset = false
    switch register {
    case .version: throw .generalProtection()
    case .control:
      control = value
      return .retryMessages
    case .messagePage:
      let old = messagePage
      messagePage = OverlayPageMSR(rawValue: value)
      return .messagePageMoved(from: old.enabledAddress, to: messagePage.enabledAddress)
    case .eventPage:
      let old = eventPage
      eventPage = OverlayPageMSR(rawValue: value)
      return .eventPageMoved(from: old.enabledAddress, to: eventPage.enabledAddress)
    case .endOfMessage: return .retryMessages
    case .source(let n): return try writeSource(n, SINTRegister(rawValue: value))
    case .timerConfig(let n):
      let config = SyntheticTimerConfig(rawValue: value)
      guard config.areReservedBitsZero else { throw .generalProtection() }
      timers[n].set(config, at: now)
    case .timerCount(let n): timers[n].setCount(value, at: now)
    }
    updateDue()
    return .timersChanged
  }

  private mutating func writeSource(_ n: Int, _ register: SINTRegister) throws(Fault) -> SynICEffect {
    guard register.isValid else { throw .generalProtection() }
    sources[n].register = register
    let bit: UInt16 = 1 &<< UInt16(n)
    if register.isAutoEOI, register.interrupts { autoEOI |= bit } else { autoEOI &= ~bit }
    return .none
  }
}
