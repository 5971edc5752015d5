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
    var machine: Int
    var groups: Int
    var mapEntries: Int
    var contexts: Int
    /// For each context, where its stamps are, or -1 when it has none.
    var stamps: [Int]
  }

  /// Copies a frame's tables one after the other; nil when the bank holds another frame before or after.
  private func copyFrame(_ frame: UInt64) throws(RegionError) -> FrameLayout? {
    let raw = header.raw
    let bank = raw.banks.offset + frame % UInt64(raw.banks.count) * UInt64(raw.banks.stride)
    guard try word(at: bank) == frame else { return nil }
    var end = 0
    let machine = try append(raw.machine, bank, &end)
    let groups = try append(raw.groups, bank, &end)
    let mapEntries = try append(raw.map_entries, bank, &end)
    let contexts = try append(raw.contexts, bank, &end)
    var stamps: [Int] = []
    stamps.reserveCapacity(header.contextCount)
    for index in 0..<header.contextCount {
      // Most contexts have nothing pending, and a full table is large.
      guard hasVectors(contexts + index * Int(raw.contexts.stride)) else {
        stamps.append(-1)
        continue
      }
      stamps.append(end)
      let size = MemoryLayout<vtlscope_stamps>.size
      try copy(bank + raw.stamps.offset + UInt64(index) * UInt64(raw.stamps.stride), size, to: end)
      end += size
    }
    guard try word(at: bank) == frame else { return nil }
    return FrameLayout(
      machine: machine, groups: groups, mapEntries: mapEntries, contexts: contexts, stamps: stamps)
  }

  /// Copies a table of the bank to the end of what has been copied, and returns where it is.
  private func append(_ table: vtlscope_table, _ bank: UInt64, _ end: inout Int) throws(RegionError) -> Int {
    let place = end
    let size = Int(table.stride) * Int(table.count)
    try copy(bank + table.offset, size, to: place)
    end += (size + 15) / 16 * 16
    return place
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
