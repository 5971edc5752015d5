import Architecture
import Journal

extension LocalAPIC {
  /// One entry of the local vector table.
  public internal(set) subscript(entry: LocalVector) -> LocalVectorEntry {
    get { localVectors[Int(entry.rawValue)] }
    set { localVectors[Int(entry.rawValue)] = newValue }
  }

  /// A local source fires: its entry of the local vector table says what happens. SDM Vol. 3A, 12.5.1.
  ///
  /// The timer is raised by `expireTimer`. For the error entry this does nothing unless an error waits to be
  /// told. The pins are raised when `takeDuePin` says so; with the local APIC disabled LINT1 is NMI (12.4.3).
  public mutating func raise(
    _ source: LocalVector, at now: VirtualTime, journey: JourneyID, processor: ProcessorCondition = .init()
  ) -> LocalDelivery {
    if source == .error {
      guard needsErrorInterrupt else { return .masked }
      needsErrorInterrupt = false
    }
    let entry = self[source]
    if source == .lint1, !isHardwareEnabled {
      var command = InterruptCommand(rawValue: 0)
      command.deliveryMode = .nmi
      return .accepted(command.vector, .nmi, latch(command, at: now, journey: journey, processor: processor))
    }
    guard isHardwareEnabled, !entry.isMasked else { return .masked }
    let command = localCommand(source, entry)
    guard canDeliver(source, command.deliveryMode) else {
      counters.rejected &+= 1
      return .accepted(command.vector, command.deliveryMode, .rejected(.unsupportedMode))
    }
    guard command.deliveryMode != .external else { return .external }
    let acceptance = accept(command, at: now, journey: journey, processor: processor)
    switch acceptance {
    case .pending, .merged: noteDelivery(of: source)
    case .rejected: break
    }
    return .accepted(command.vector, command.deliveryMode, acceptance)
  }

  private func localCommand(_ source: LocalVector, _ entry: LocalVectorEntry) -> InterruptCommand {
    var command = InterruptCommand(rawValue: 0)
    command.vector = entry.vector
    command.deliveryMode = source == .timer || source == .error ? .fixed : entry.deliveryMode
    command.isAsserted = true
    command.isLevelTriggered = isLevel(source)
    return command
  }

  /// INIT and ExtINT are for the pins only (SDM Vol. 3A, 12.5.1, delivery mode).
  private func canDeliver(_ source: LocalVector, _ mode: DeliveryMode) -> Bool {
    source == .lint0 || source == .lint1 || mode != .initialize && mode != .external
  }

  /// LINT0 remembers a level until its EOI; the performance entry masks itself (SDM Vol. 3B, 21.6.3), as in
  /// KVM.
  ///
  /// LINT1 is always edge sensitive (SDM Vol. 3A, 12.5.1, trigger mode).
  private mutating func noteDelivery(of source: LocalVector) {
    if isLevel(source) { self[.lint0].isRemoteIRRSet = true }
    if source == .performance { self[.performance].isMasked = true }
  }

  /// When the timer expires next; nil when it is not armed.
  @inline(__always) public var timerDue: VirtualTime? { timer.due }

  /// The timer is due: delivers its interrupt, or counts it as lost when the entry is masked.
  ///
  /// A masked tick is gone: unmasking later delivers nothing (SDM Vol. 3A, 12.5.4). KVM delivers it late. Nil
  /// when nothing is due, so calling it too often is harmless.
  public mutating func expireTimer(at now: VirtualTime, journey: JourneyID) -> TimerExpiry? {
    guard let (due, count) = timer.expire(at: now) else { return nil }
    let delivery = raise(.timer, at: now, journey: journey)
    switch delivery {
    case .masked:
      timer.expiredWhileMasked &+= count
      timer.lastMaskedExpiry = due
    case .accepted(_, _, .pending): timer.mergedTicks &+= count &- 1
    case .accepted(_, _, .merged): timer.mergedTicks &+= count
    case .accepted(_, _, .rejected), .external: break
    }
    return TimerExpiry(due: due, count: count, delivery: delivery, vector: self[.timer].vector)
  }

  /// A write to a register of the timer was done, or ignored by its mode: remembers which.
  mutating func noteTimerWrite(
    _ register: TimerRegister, _ value: UInt64, isIgnored: Bool = false, at now: VirtualTime, rip: UInt64
  ) -> APICEffect {
    let write = LastWrite(time: now, rip: rip, value: value)
    timer.note(TimerWrite(register: register, write: write, isIgnored: isIgnored))
    return isIgnored ? .timerWriteIgnored(register, value: value) : .timerChanged
  }

  /// What the guest's TSC reads beyond virtual time, modulo 2^64; moves an armed deadline.
  public mutating func setTimestampOffset(_ offset: UInt64) { timer.setTimestampOffset(offset) }
}
