import Architecture
import HyperV
import Interpreter
import Journal

/// I/O ports at which a VTL stops the VTLs below it (TLFS, HvCallInstallIntercept).
extension Partition {
  private var levels: [VTL] { (0..<VTL.countLimit).map { VTL($0) } }

  /// Some VTL asked for other ports: the maps are made anew, and every VP looks again.
  func portInterceptsChanged() {
    portInterceptChanges &+= 1
    interceptedPorts = UInt32(
      (0...UInt16.max).count { port in
        levels.contains { vtl in
          let intercepts = hyperV.vtls[vtl].portIntercepts
          return intercepts.catches(port, size: 1, isWrite: false) || intercepts.catches(port, size: 1, isWrite: true)
        }
      })
    for (owners, map) in portMaps { fill(map, for: owners) }
    for vp in 0..<configuration.vpCount { armPortIntercepts(vp) }
  }

  /// Which ports.
  func armPortIntercepts(_ vp: Int) {
    let owners = hyperV.portInterceptors(on: VPIndex(vp))
    vps[vp].processor.portIntercepts = owners == .empty ? nil : UnsafePointer(portMap(of: owners))
  }

  private func portMap(of owners: VTLSet) -> UnsafeMutablePointer<UInt64> {
    if let map = portMaps[owners] { return map }
    let map = UnsafeMutablePointer<UInt64>.allocate(capacity: PortBitmap.wordCount)
    portMaps[owners] = map
    fill(map, for: owners)
    return map
  }

  private func fill(_ map: UnsafeMutablePointer<UInt64>, for owners: VTLSet) {
    map.initialize(repeating: 0, count: PortBitmap.wordCount)
    for vtl in levels where owners.contains(vtl) {
      for (i, word) in hyperV.vtls[vtl].portIntercepts.words.enumerated() { map[i] |= word }
    }
  }

  /// An access that the interpreter stopped at. True when the VP yields.
  func interceptPort(_ access: PortAccess, _ vp: Int) -> Bool {
    let id = active(vp)
    let processor = vps[vp].processor
    let kind: AccessKind = access.isWrite ? .write : .read
    let state = processor.privateState
    let message = PortInterceptMessage(
      header: interceptHeader(kind, vp, id, length: processor.exitLength), access: access,
      instruction: interpreter.instructionBytes(of: processor, count: 15), ds: HyperVSegment(state.ds).value,
      es: HyperVSegment(state.es).value, rax: processor[.rax], rcx: processor[.rcx], rsi: processor[.rsi],
      rdi: processor[.rdi])
    interpreter.retry(processor)
    guard
      let owner = hyperV.portInterceptor(on: id.vp, access.port, size: access.size, isWrite: access.isWrite)
    else { return false }
    let value = access.isWrite && !access.isString ? processor[.rax] & (1 << UInt64(8 * access.size) - 1) : 0
    return tell(
      InterceptSummary(.port, kind.intercept, to: owner, number: UInt64(access.port), value: value),
      SynICMessage(type: PortInterceptMessage.type, payload: message.payload), vp)
  }
}
