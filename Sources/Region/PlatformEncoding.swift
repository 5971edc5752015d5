import Architecture
import CVTLScope
import Journal

// The interrupt hardware outside of the local APICs into a bank.

extension RegionWriter {
  func store(_ platform: borrowing PlatformSnapshot) {
    let ioapics = (bank + Int(header.pointee.ioapics.offset)).assumingMemoryBound(to: vtlscope_ioapic.self)
    let pins = (bank + Int(header.pointee.pins.offset)).assumingMemoryBound(to: vtlscope_pin.self)
    let routes = (bank + Int(header.pointee.message_routes.offset))
      .assumingMemoryBound(to: vtlscope_message_route.self)
    var next = 0
    for (index, ioapic) in platform.ioapics.enumerated() {
      ioapics[index].base = ioapic.base
      ioapics[index].first_interrupt = ioapic.firstInterrupt
      ioapics[index].pin_count = UInt32(ioapic.pins.count)
      ioapics[index].id = ioapic.id
      ioapics[index].version = ioapic.version
      for pin in ioapic.pins {
        Self.store(pin, pins + next)
        next += 1
      }
    }
    for (index, route) in platform.messageRoutes.enumerated() { Self.store(route, routes + index) }
    guard header.pointee.devices.count != 0 else { return }
    let devices = (bank + Int(header.pointee.devices.offset)).assumingMemoryBound(to: vtlscope_devices.self)
    devices.pointee = vtlscope_devices(platform)
  }

  private static func store(_ pin: PinSnapshot, _ record: UnsafeMutablePointer<vtlscope_pin>) {
    record.pointee.entry = pin.entry.rawValue
    record.pointee.line_since = pin.lineSince.rawValue
    record.pointee.remote_irr_since = pin.remoteIRRSince.rawValue
    record.pointee.last_sent = pin.lastSent?.rawValue ?? 0
    record.pointee.last_journey = pin.lastJourney.rawValue
    record.pointee.last_eoi = pin.lastEndOfInterrupt?.rawValue ?? 0
    record.pointee.last_masked_edge = pin.lastMaskedEdge?.rawValue ?? 0
    record.pointee.last_unmask = pin.lastUnmask?.rawValue ?? 0
    record.pointee.last_write = vtlscope_write(pin.lastWrite)
    record.pointee.raised = pin.counters.raised
    record.pointee.sent = pin.counters.sent
    record.pointee.undelivered = pin.counters.undelivered
    record.pointee.coalesced = pin.counters.coalesced
    record.pointee.masked_edges = pin.counters.maskedEdges
    record.pointee.end_of_interrupts = pin.counters.endOfInterrupts
    record.pointee.flags =
      (pin.isLineHigh ? VTLSCOPE_PIN_LINE_HIGH : 0) | (pin.lastWasDelivered ? VTLSCOPE_PIN_LAST_DELIVERED : 0)
    record.pointee.present =
      (pin.lastSent == nil ? 0 : VTLSCOPE_PIN_LAST_SENT)
      | (pin.lastEndOfInterrupt == nil ? 0 : VTLSCOPE_PIN_LAST_EOI)
      | (pin.lastMaskedEdge == nil ? 0 : VTLSCOPE_PIN_LAST_MASKED_EDGE)
      | (pin.lastUnmask == nil ? 0 : VTLSCOPE_PIN_LAST_UNMASK)
      | (pin.lastWrite == nil ? 0 : VTLSCOPE_PIN_LAST_WRITE)
    record.pointee.index = pin.index
    record.pointee.group = pin.group.rawValue
    store(pin.device, in: &record.pointee.device)
  }

  private static func store(_ route: MessageRouteSnapshot, _ record: UnsafeMutablePointer<vtlscope_message_route>) {
    record.pointee.address = route.signal.address
    record.pointee.data = route.signal.data
    record.pointee.flags = route.isEnabled ? VTLSCOPE_ROUTE_ENABLED : 0
    record.pointee.sent = route.sent
    record.pointee.undelivered = route.undelivered
    record.pointee.malformed = route.malformed
    record.pointee.last_sent = route.lastSent?.rawValue ?? 0
    record.pointee.last_journey = route.lastJourney.rawValue
    record.pointee.present = route.lastSent == nil ? 0 : VTLSCOPE_ROUTE_LAST_SENT
    record.pointee.group = route.group.rawValue
    record.pointee.last_fault = route.lastFault?.rawValue ?? 0
    store(route.device, in: &record.pointee.device)
  }

  /// A device's name, cut off where it does not fit, but not inside a character.
  private static func store<T>(_ name: String, in place: inout T) {
    withUnsafeMutableBytes(of: &place) { bytes in
      var end = 0
      for scalar in name.unicodeScalars {
        let utf8 = UTF8.encode(scalar).map(Array.init) ?? []
        guard end + utf8.count <= bytes.count else { break }
        for byte in utf8 {
          bytes[end] = byte
          end += 1
        }
      }
      for i in end..<bytes.count { bytes[i] = 0 }
    }
  }
}

extension vtlscope_devices {
  fileprivate init(_ platform: borrowing PlatformSnapshot) {
    self.init()
    if let pic = platform.pic {
      present |= VTLSCOPE_DEVICES_PIC
      if pic.isOutputHigh { flags |= VTLSCOPE_DEVICES_PIC_OUTPUT }
      self.pic = (vtlscope_pic(pic.master), vtlscope_pic(pic.slave))
      pic_acknowledged = pic.acknowledged
      pic_spurious = pic.spurious
    }
    if let pit = platform.pit {
      present |= VTLSCOPE_DEVICES_PIT | (pit.due == nil ? 0 : VTLSCOPE_DEVICES_PIT_DUE)
      pit_due = pit.due?.rawValue ?? 0
      pit_period = pit.period.rawValue
      pit_expired = pit.expired
      pit_reload = pit.reload
      pit_mode = pit.mode
    }
    if let serial = platform.serial {
      present |= VTLSCOPE_DEVICES_SERIAL
      serial_ier = serial.interruptEnable
      serial_iir = serial.interruptIdentification
      serial_lcr = serial.lineControl
      serial_mcr = serial.modemControl
      serial_lsr = serial.lineStatus
      serial_waiting = serial.waiting
      serial_trigger = serial.trigger
      serial_received = serial.received
      serial_transmitted = serial.transmitted
      serial_overruns = serial.overruns
      serial_disconnected = serial.disconnected
      serial_typed = serial.typed
    }
  }
}

extension vtlscope_pic {
  fileprivate init(_ chip: PICChipSnapshot) {
    self.init()
    requests = chip.requests
    in_service = chip.inService
    mask = chip.mask
    lines = chip.lines
    level_triggered = chip.levelTriggered
    vector_base = chip.vectorBase
    flags = UInt8(
      (chip.isAutoEOI ? VTLSCOPE_PIC_AUTO_EOI : 0) | (chip.isInitialized ? VTLSCOPE_PIC_INITIALIZED : 0))
  }
}
