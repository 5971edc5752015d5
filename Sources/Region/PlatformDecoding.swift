import Architecture
import CVTLScope
import Journal

// The interrupt hardware outside of the local APICs out of a copied frame; nothing in it is trusted.

extension RegionReader {
  func decodePlatform(_ layout: FrameLayout) throws(RegionError) -> PlatformSnapshot {
    var platform = PlatformSnapshot()
    let shape = PlatformShape(header.raw)
    var next = 0
    for index in 0..<shape.ioapics {
      let record: vtlscope_ioapic = layout.ioapics.load(index, buffer)
      let count = Int(record.pin_count)
      guard count <= shape.pins - next else { throw damaged("IOAPIC \(index): \(count) pins") }
      var ioapic = IOAPICSnapshot(
        id: record.id, version: record.version, base: record.base, firstInterrupt: record.first_interrupt)
      ioapic.pins.reserveCapacity(count)
      for pin in 0..<count {
        ioapic.pins.append(try decode(layout.pins.load(next + pin, buffer) as vtlscope_pin, pin, of: index))
      }
      next += count
      platform.ioapics.append(ioapic)
    }
    guard next == shape.pins else { throw damaged("\(shape.pins - next) pins of no IOAPIC") }
    for index in 0..<shape.messageRoutes {
      platform.messageRoutes.append(
        try decode(layout.messageRoutes.load(index, buffer) as vtlscope_message_route, index))
    }
    if shape.hasDevices { try decode(layout.devices.load(0, buffer) as vtlscope_devices, &platform) }
    return platform
  }

  private func decode(_ record: vtlscope_pin, _ index: Int, of ioapic: Int) throws(RegionError) -> PinSnapshot {
    guard Int(record.index) == index else {
      throw damaged("IOAPIC \(ioapic): pin \(index) is recorded as \(record.index)")
    }
    var pin = PinSnapshot(
      index: record.index, entry: RedirectionEntry(rawValue: record.entry), group: GroupID(rawValue: record.group))
    let present = record.present
    pin.device = Self.name(record.device)
    pin.isLineHigh = record.flags & VTLSCOPE_PIN_LINE_HIGH != 0
    pin.lineSince = VirtualTime(rawValue: record.line_since)
    pin.remoteIRRSince = VirtualTime(rawValue: record.remote_irr_since)
    pin.lastSent = record.last_sent.time(if: present & VTLSCOPE_PIN_LAST_SENT)
    pin.lastJourney = JourneyID(rawValue: record.last_journey)
    pin.lastWasDelivered = record.flags & VTLSCOPE_PIN_LAST_DELIVERED != 0
    pin.lastEndOfInterrupt = record.last_eoi.time(if: present & VTLSCOPE_PIN_LAST_EOI)
    pin.lastMaskedEdge = record.last_masked_edge.time(if: present & VTLSCOPE_PIN_LAST_MASKED_EDGE)
    pin.lastUnmask = record.last_unmask.time(if: present & VTLSCOPE_PIN_LAST_UNMASK)
    pin.lastWrite = LastWrite(record.last_write, if: present & VTLSCOPE_PIN_LAST_WRITE)
    pin.counters.raised = record.raised
    pin.counters.sent = record.sent
    pin.counters.undelivered = record.undelivered
    pin.counters.coalesced = record.coalesced
    pin.counters.maskedEdges = record.masked_edges
    pin.counters.endOfInterrupts = record.end_of_interrupts
    return pin
  }

  private func decode(_ record: vtlscope_message_route, _ index: Int) throws(RegionError) -> MessageRouteSnapshot {
    let fault = MessageFault(rawValue: record.last_fault)
    guard fault != nil || record.last_fault == 0 else {
      throw damaged("message route \(index): fault \(record.last_fault)")
    }
    var route = MessageRouteSnapshot(
      device: Self.name(record.device), isEnabled: record.flags & VTLSCOPE_ROUTE_ENABLED != 0,
      signal: MessageSignal(address: record.address, data: record.data), group: GroupID(rawValue: record.group))
    route.sent = record.sent
    route.undelivered = record.undelivered
    route.malformed = record.malformed
    route.lastFault = fault
    route.lastSent = record.last_sent.time(if: record.present & VTLSCOPE_ROUTE_LAST_SENT)
    route.lastJourney = JourneyID(rawValue: record.last_journey)
    return route
  }

  private func decode(_ record: vtlscope_devices, _ platform: inout PlatformSnapshot) throws(RegionError) {
    if record.present & VTLSCOPE_DEVICES_PIC != 0 {
      var pic = PICSnapshot(master: PICChipSnapshot(record.pic.0), slave: PICChipSnapshot(record.pic.1))
      pic.isOutputHigh = record.flags & VTLSCOPE_DEVICES_PIC_OUTPUT != 0
      pic.acknowledged = record.pic_acknowledged
      pic.spurious = record.pic_spurious
      platform.pic = pic
    }
    if record.present & VTLSCOPE_DEVICES_PIT != 0 {
      guard record.pit_mode <= 5, record.pit_reload <= 65_536 else {
        throw damaged("PIT: mode \(record.pit_mode), reload \(record.pit_reload)")
      }
      var pit = PITSnapshot()
      pit.mode = record.pit_mode
      pit.reload = record.pit_reload
      pit.due = record.pit_due.time(if: record.present & VTLSCOPE_DEVICES_PIT_DUE)
      pit.period = VirtualTime(rawValue: record.pit_period)
      pit.expired = record.pit_expired
      platform.pit = pit
    }
    if record.present & VTLSCOPE_DEVICES_SERIAL != 0 {
      guard record.serial_waiting <= 16 else { throw damaged("serial port: \(record.serial_waiting) bytes wait") }
      platform.serial = SerialSnapshot(record)
    }
  }

  private static func name<T>(_ characters: T) -> String {
    withUnsafeBytes(of: characters) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension PICChipSnapshot {
  fileprivate init(_ record: vtlscope_pic) {
    self.init()
    requests = record.requests
    inService = record.in_service
    mask = record.mask
    lines = record.lines
    levelTriggered = record.level_triggered
    vectorBase = record.vector_base
    isAutoEOI = UInt32(record.flags) & VTLSCOPE_PIC_AUTO_EOI != 0
    isInitialized = UInt32(record.flags) & VTLSCOPE_PIC_INITIALIZED != 0
  }
}

extension SerialSnapshot {
  fileprivate init(_ record: vtlscope_devices) {
    self.init()
    interruptEnable = record.serial_ier
    interruptIdentification = record.serial_iir
    lineControl = record.serial_lcr
    modemControl = record.serial_mcr
    lineStatus = record.serial_lsr
    waiting = record.serial_waiting
    trigger = record.serial_trigger
    received = record.serial_received
    transmitted = record.serial_transmitted
    overruns = record.serial_overruns
    disconnected = record.serial_disconnected
    typed = record.serial_typed
  }
}
