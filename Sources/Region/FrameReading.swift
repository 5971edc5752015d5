import CVTLScope
import Glibc
import Journal

extension RegionReader {
  /// The current frame, decoded.
  ///
  /// Reads again only when the writer has reused the frame's bank meanwhile, which takes it two more frames.
  public func snapshot() throws(RegionError) -> Snapshot {
    for _ in 0..<64 {
      let frame = try readLive().frame
      guard frame != 0 else { throw .noFrame(path: path) }
      if let layout = try copyFrame(frame) { return try decode(layout) }
      // A bank that is not the current frame's while nothing moves is not a race.
      guard try readLive().frame != frame || source.isLocked else {
        throw damaged("frame \(frame) is not in its bank")
      }
      sched_yield()
    }
    throw .busy(path: path)
  }

  /// The number of the current frame: unchanged means that there is nothing new to decode.
  ///
  /// 0 before the first.
  public func currentFrame() throws(RegionError) -> UInt64 { try readLive().frame }

  /// Where the tables of a copied frame are in the buffer.
  struct FrameLayout {
    var machine: CopiedTable
    var groups: CopiedTable
    var mapEntries: CopiedTable
    var contexts: CopiedTable
    var ioapics: CopiedTable
    var pins: CopiedTable
    var messageRoutes: CopiedTable
    var devices: CopiedTable
    var memory: CopiedTable
    /// For each context, where its stamps are, or -1 when it has none.
    var stamps: [Int] = []
  }

  /// A table in the buffer, its records as long as this version knows them, or longer.
  struct CopiedTable {
    var place: Int
    var stride: Int

    @inline(__always) func place(of index: Int) -> Int { place + index * stride }

    func load<T>(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer) -> T {
      buffer.load(fromByteOffset: place(of: index), as: T.self)
    }
  }

  /// Copies a frame's tables one after the other; nil when the bank holds another frame before or after.
  private func copyFrame(_ frame: UInt64) throws(RegionError) -> FrameLayout? {
    let raw = header.raw
    let bank = raw.banks.offset + frame % UInt64(raw.banks.count) * UInt64(raw.banks.stride)
    guard try word(at: bank) == frame else { return nil }
    var end = 0
    var layout = FrameLayout(
      machine: try append(raw.machine, of: vtlscope_machine.self, bank, &end),
      groups: try append(raw.groups, of: vtlscope_group.self, bank, &end),
      mapEntries: try append(raw.map_entries, of: vtlscope_map_entry.self, bank, &end),
      contexts: try append(raw.contexts, of: vtlscope_context.self, bank, &end),
      ioapics: try append(raw.ioapics, of: vtlscope_ioapic.self, bank, &end),
      pins: try append(raw.pins, of: vtlscope_pin.self, bank, &end),
      messageRoutes: try append(raw.message_routes, of: vtlscope_message_route.self, bank, &end),
      devices: try append(raw.devices, of: vtlscope_devices.self, bank, &end),
      memory: try append(raw.memory, of: vtlscope_memory.self, bank, &end))
    layout.stamps.reserveCapacity(header.contextCount)
    for index in 0..<header.contextCount {
      // Most contexts have nothing pending, and a full table is large.
      guard hasVectors(layout.contexts.place(of: index)) else {
        layout.stamps.append(-1)
        continue
      }
      layout.stamps.append(end)
      let size = MemoryLayout<vtlscope_stamps>.size
      try copy(bank + raw.stamps.offset + UInt64(index) * UInt64(raw.stamps.stride), size, to: end)
      end += size
    }
    guard try word(at: bank) == frame else { return nil }
    return layout
  }

  /// Copies a table of the bank to the end of what has been copied, and returns where it is.
  ///
  /// Records of an older version are shorter: they are lengthened, with zeros in the fields that they do not have.
  private func append<T>(
    _ table: vtlscope_table, of _: T.Type, _ bank: UInt64, _ end: inout Int
  ) throws(RegionError) -> CopiedTable {
    let (count, stride, size) = (Int(table.count), Int(table.stride), MemoryLayout<T>.size)
    let copied = CopiedTable(place: end, stride: max(stride, size))
    if stride >= size {
      try copy(bank + table.offset, stride * count, to: end)
    } else {
      // Behind the place they will be spread over, so that no record is overwritten before it has moved.
      let source = end + (size - stride) * count
      try copy(bank + table.offset, stride * count, to: source)
      for index in 0..<count {
        let record = buffer.baseAddress! + copied.place(of: index)
        record.copyMemory(from: buffer.baseAddress! + source + index * stride, byteCount: stride)
        (record + stride).initializeMemory(as: UInt8.self, repeating: 0, count: size - stride)
      }
    }
    end += (copied.stride * count + 15) / 16 * 16
    return copied
  }

  private func hasVectors(_ place: Int) -> Bool {
    let pending = MemoryLayout<vtlscope_context>.offset(of: \.pending)!
    let inService = MemoryLayout<vtlscope_context>.offset(of: \.in_service)!
    var any: UInt64 = 0
    for i in 0..<4 {
      any |= buffer.load(fromByteOffset: place + pending + i * 8, as: UInt64.self)
      any |= buffer.load(fromByteOffset: place + inService + i * 8, as: UInt64.self)
    }
    return any != 0
  }
}
