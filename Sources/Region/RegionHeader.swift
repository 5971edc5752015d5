import CVTLScope

/// A header that has been checked: every table lies inside the file, and every count is within its limits.
struct RegionHeader {
  var raw: vtlscope_header
  var name: String
  var identity: ProcessIdentity

  var vpCount: Int { Int(raw.vp_count) }
  var vtlCount: Int { Int(raw.vtl_count) }
  var contextCount: Int { vpCount * vtlCount }
  var groupCount: Int { Int(raw.group_count) }

  init(_ raw: vtlscope_header, fileSize: UInt64, path: String) throws(RegionError) {
    guard raw.magic == VTLSCOPE_MAGIC || raw.magic == VTLSCOPE_MAGIC.byteSwapped else {
      throw .notRegion(path: path)
    }
    guard raw.magic == VTLSCOPE_MAGIC, raw.byte_order == VTLSCOPE_BYTE_ORDER else {
      throw .otherByteOrder(path: path)
    }
    guard raw.major_version == VTLSCOPE_MAJOR else {
      throw .otherVersion(
        path: path, theirs: "\(raw.major_version).\(raw.minor_version)",
        ours: "\(VTLSCOPE_MAJOR).\(VTLSCOPE_MINOR)")
    }
    self.raw = raw
    name = Self.text(raw.name)
    identity = ProcessIdentity(
      pid: Int32(truncatingIfNeeded: raw.pid), startTime: raw.start_time, bootID: Self.text(raw.boot_id))
    guard raw.file_size <= fileSize else { throw .truncated(path: path, needed: raw.file_size) }
    if let what = fault(in: raw) { throw .damaged(path: path, what: what) }
  }

  /// What is wrong with the counts and the tables, or nil.
  private func fault(in raw: vtlscope_header) -> String? {
    guard raw.header_size >= MemoryLayout<vtlscope_header>.size else {
      return "header of \(raw.header_size) bytes"
    }
    guard raw.vp_count >= 1, (1...UInt32(RegionLimits.vtls)).contains(raw.vtl_count),
      UInt64(raw.vp_count) * UInt64(raw.vtl_count) <= RegionLimits.contexts
    else { return "\(raw.vp_count) VPs of \(raw.vtl_count) VTLs" }
    guard raw.group_count <= RegionLimits.groups else { return "\(raw.group_count) groups" }
    guard raw.events.count.nonzeroBitCount == 1 else { return "\(raw.events.count) event slots" }
    let mapEntries = UInt64(raw.group_count) * UInt64(raw.map_capacity)
    let contexts = UInt64(contextCount)
    let any: ClosedRange<UInt64> = 0...UInt64(UInt32.max)
    var check = TableCheck(space: raw.file_size)
    check("banks", raw.banks, vtlscope_bank.self, 2...64, isReadWhole: false)
    check("events", raw.events, vtlscope_event.self, 2...(1 << 31), isReadWhole: false)
    check("symbols", raw.symbols, vtlscope_symbol.self, any)
    check("strings", raw.strings, CChar.self, any)
    check.space = UInt64(raw.banks.stride)
    check("machine", raw.machine, vtlscope_machine.self, 1...1)
    check("groups", raw.groups, vtlscope_group.self, UInt64(raw.group_count)...UInt64(raw.group_count))
    check("map entries", raw.map_entries, vtlscope_map_entry.self, mapEntries...mapEntries)
    check(
      "contexts", raw.contexts, vtlscope_context.self, contexts...contexts,
      smallest: Int(VTLSCOPE_CONTEXT_SIZE_1_0))
    check("stamps", raw.stamps, vtlscope_stamps.self, contexts...contexts, isReadWhole: false)
    check("IOAPICs", ifPresent: raw.ioapics, vtlscope_ioapic.self, 0...UInt64(RegionLimits.ioapics))
    check("pins", ifPresent: raw.pins, vtlscope_pin.self, 0...UInt64(RegionLimits.pins))
    check(
      "message routes", ifPresent: raw.message_routes, vtlscope_message_route.self,
      0...UInt64(RegionLimits.messageRoutes))
    check("devices", ifPresent: raw.devices, vtlscope_devices.self, 0...1)
    check("memory", ifPresent: raw.memory, vtlscope_memory.self, 0...1, bytes: Int(VTLSCOPE_MEMORY_BYTES))
    return check.fault
  }

  /// The characters of a NUL-padded array.
  private static func text<T>(_ characters: T) -> String {
    withUnsafeBytes(of: characters) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// Checks tables one by one and keeps the first fault.
private struct TableCheck {
  /// Where the tables are: this many bytes of the file, or of a bank.
  var space: UInt64
  var fault: String?

  init(space: UInt64) { self.space = space }

  /// A table that came with version 1.1: all zero where there is none.
  mutating func callAsFunction<T>(
    _ name: String, ifPresent table: vtlscope_table, _ type: T.Type, _ counts: ClosedRange<UInt64>,
    bytes: Int? = nil
  ) {
    guard table.offset != 0 || table.stride != 0 || table.count != 0 else { return }
    self(name, table, type, counts, bytes: bytes)
  }

  /// `smallest` is the size of a record in version 1.0, where it has grown since; `bytes` its size with what follows it.
  mutating func callAsFunction<T>(
    _ name: String, _ table: vtlscope_table, _: T.Type, _ counts: ClosedRange<UInt64>, isReadWhole: Bool = true,
    smallest: Int? = nil, bytes: Int? = nil
  ) {
    guard fault == nil else { return }
    let (size, alignment) = (bytes ?? MemoryLayout<T>.size, MemoryLayout<T>.alignment)
    let total = UInt64(table.stride) * UInt64(table.count)
    let (end, overflow) = table.offset.addingReportingOverflow(total)
    if !counts.contains(UInt64(table.count)) {
      fault = "\(table.count) \(name)"
    } else if table.stride < smallest ?? size || (T.self != vtlscope_bank.self && table.stride > size * 8) {
      fault = "\(name) of \(table.stride) bytes"
    } else if table.offset % 8 != 0 || Int(table.stride) % alignment != 0 {
      // A record is read in place as the C struct it is.
      fault = "\(name) are not aligned"
    } else if overflow || end > space {
      fault = "\(name) reach past the end"
    } else if isReadWhole && total > RegionLimits.tableBytes {
      fault = "\(total) bytes of \(name)"
    }
  }
}
