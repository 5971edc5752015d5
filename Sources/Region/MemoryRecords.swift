import Architecture
import CVTLScope
import Journal

// What the VTLs may do with guest memory, into a bank and out of a copied frame.

extension RegionWriter {
  func store(_ memory: borrowing MemorySnapshot) {
    let place = bank + Int(header.pointee.memory.offset)
    let protections = min(memory.protections.count, Int(VTLSCOPE_PROTECTIONS))
    let overlays = min(memory.overlays.count, Int(VTLSCOPE_OVERLAYS))
    let record = place.assumingMemoryBound(to: vtlscope_memory.self)
    record.pointee.dropped_protections =
      memory.droppedProtections &+ UInt64(memory.protections.count - protections)
    record.pointee.dropped_overlays = memory.droppedOverlays &+ UInt64(memory.overlays.count - overlays)
    record.pointee.intercepts = memory.intercepts
    record.pointee.intercept_waits = memory.interceptWaits
    record.pointee.protection_count = UInt32(protections)
    record.pointee.overlay_count = UInt32(overlays)
    record.pointee.intercepted_ports = memory.interceptedPorts
    let runs = (place + MemoryLayout<vtlscope_memory>.size).assumingMemoryBound(to: vtlscope_protection.self)
    for (index, run) in memory.protections.prefix(protections).enumerated() {
      runs[index].first_page = run.firstPage
      runs[index].count = run.count
      runs[index].vtl = run.vtl.rawValue
      runs[index].access = run.access
    }
    let pages = (place + Int(VTLSCOPE_MEMORY_OVERLAYS)).assumingMemoryBound(to: vtlscope_overlay.self)
    for (index, overlay) in memory.overlays.prefix(overlays).enumerated() {
      pages[index].page = overlay.page
      pages[index].vp = overlay.context.vp.rawValue
      pages[index].vtl = overlay.context.vtl.rawValue
      pages[index].kind = overlay.kind.rawValue
      pages[index].is_writable = overlay.isWritable ? 1 : 0
    }
  }
}

extension RegionReader {
  /// Empty where the writer has none. Counts beyond the room, and kinds that this version does not know, are refused.
  func decodeMemory(_ layout: FrameLayout) throws(RegionError) -> MemorySnapshot {
    var memory = MemorySnapshot()
    guard header.raw.memory.count == 1 else { return memory }
    let record: vtlscope_memory = layout.memory.load(0, buffer)
    guard record.protection_count <= VTLSCOPE_PROTECTIONS, record.overlay_count <= VTLSCOPE_OVERLAYS else {
      throw damaged("\(record.protection_count) protections and \(record.overlay_count) overlays")
    }
    memory.droppedProtections = record.dropped_protections
    memory.droppedOverlays = record.dropped_overlays
    memory.intercepts = record.intercepts
    memory.interceptWaits = record.intercept_waits
    memory.interceptedPorts = record.intercepted_ports
    let place = layout.memory.place(of: 0)
    for index in 0..<Int(record.protection_count) {
      let at = place + MemoryLayout<vtlscope_memory>.size + index * MemoryLayout<vtlscope_protection>.stride
      let run = buffer.load(fromByteOffset: at, as: vtlscope_protection.self)
      memory.protections.append(
        ProtectionRun(vtl: VTL(rawValue: run.vtl), firstPage: run.first_page, count: run.count, access: run.access))
    }
    for index in 0..<Int(record.overlay_count) {
      let at = place + Int(VTLSCOPE_MEMORY_OVERLAYS) + index * MemoryLayout<vtlscope_overlay>.stride
      let page = buffer.load(fromByteOffset: at, as: vtlscope_overlay.self)
      guard let kind = OverlayKind(rawValue: page.kind) else { throw damaged("an overlay of kind \(page.kind)") }
      let owner = ContextID(vp: VPIndex(rawValue: page.vp), vtl: VTL(rawValue: page.vtl))
      memory.overlays.append(
        OverlaySnapshot(kind: kind, context: owner, page: page.page, isWritable: page.is_writable != 0))
    }
    return memory
  }
}
