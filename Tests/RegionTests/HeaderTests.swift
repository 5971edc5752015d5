import Architecture
import CVTLScope
import Journal
import Region
import Testing

@Suite struct HeaderTests {
  /// What a VMM in C does, in its words: only functions and structs of `vtlscope.h`.
  private func foreignRegion() -> UnsafeMutableRawBufferPointer {
    var header = vtlscope_header()
    header.magic = VTLSCOPE_MAGIC
    header.byte_order = VTLSCOPE_BYTE_ORDER
    header.major_version = UInt16(VTLSCOPE_MAJOR)
    header.pid = 1
    header.vp_count = 2
    header.vtl_count = 1
    header.group_count = 1
    header.name.0 = CChar(UInt8(ascii: "c"))
    header.ioapics.count = 1
    header.pins.count = 2
    vtlscope_plan(&header, 8, 0, 0)
    let region = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(header.file_size), alignment: 4096)
    region.initializeMemory(as: UInt8.self, repeating: 0)
    let base = region.baseAddress!
    base.storeBytes(of: header, as: vtlscope_header.self)

    let bank = vtlscope_frame_begin(base)!
    let machine = (bank + Int(header.machine.offset)).assumingMemoryBound(to: vtlscope_machine.self)
    machine.pointee.time = 1234
    for vp in 0..<2 {
      let place = bank + Int(header.contexts.offset) + vp * Int(header.contexts.stride)
      let context = place.assumingMemoryBound(to: vtlscope_context.self)
      context.pointee.vp = UInt32(vp)
      context.pointee.flags = VTLSCOPE_CONTEXT_ENABLED | VTLSCOPE_CONTEXT_ACTIVE
      context.pointee.apic.8.value = 0x50
    }
    let ioapic = (bank + Int(header.ioapics.offset)).assumingMemoryBound(to: vtlscope_ioapic.self)
    ioapic.pointee.version = 0x11
    ioapic.pointee.pin_count = 2
    let pins = (bank + Int(header.pins.offset)).assumingMemoryBound(to: vtlscope_pin.self)
    pins[1].index = 1
    pins[1].entry = 0x8051
    pins[1].device.0 = CChar(UInt8(ascii: "d"))
    vtlscope_frame_end(base)

    let slot = vtlscope_event_begin(base, 0)!
    slot.pointee.vp = 1
    slot.pointee.kind = 10
    slot.pointee.detail = 0x50 << 8
    vtlscope_event_end(base, slot, 0)
    vtlscope_beat(base, VTLSCOPE_HOST_RUNNING, 1)
    return region
  }

  @Test func `a region written with the C header alone is read`() throws {
    let region = foreignRegion()
    defer { region.deallocate() }
    let reader = try RegionReader(bytes: UnsafeRawBufferPointer(region))
    #expect(reader.name == "c")
    #expect(try reader.publishingPPM() == nil, "it has not said so")
    vtlscope_cost(region.baseAddress, 20_000)
    #expect(try reader.publishingPPM() == 20_000)
    let snapshot = try reader.snapshot()
    #expect(snapshot.machine.time == VirtualTime(ticks: 1234))
    #expect(snapshot.contexts.map(\.id) == [ContextID(0, 0), ContextID(1, 0)])
    #expect(snapshot.contexts.allSatisfy { $0.isEnabled && $0.isActive && $0.apic[0x80] == 0x50 })
    #expect(snapshot.platform.ioapics.map(\.version) == [0x11])
    #expect(snapshot.platform.ioapics[0].pins.map(\.device) == ["", "d"])
    #expect(snapshot.platform.ioapics[0].pins[1].entry.isLevelTriggered)
    #expect(snapshot.platform.messageRoutes == [] && snapshot.platform.serial == nil)
    let batch = try reader.events(from: 0)
    #expect(batch.events == [Event(context: ContextID(1, 0), .taskPriorityChanged(from: 0, to: 0x50))])
  }
}
