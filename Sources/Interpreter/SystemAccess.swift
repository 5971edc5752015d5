import Architecture
import Memory

/// Accesses the processor makes by itself, to descriptor tables, the TSS and stacks of other privilege levels.
///
/// They have supervisor rights whatever CPL is (SDM Vol. 3A, 4.6.1) unless told otherwise, and bypass the TLB. Where there
/// is no RAM they read ones and write nothing.
extension Interpreter {
  private func systemPlace(
    _ c: CPU, _ address: UInt64, _ kind: AccessKind, _ privilege: Privilege?
  ) throws(Stop) -> Place {
    if c.isLongModeActive, !isCanonical(address) { throw c.fail(.generalProtection()) }
    let hasSMAP = c.pointee.cr4 & CR4.supervisorAccessPrevention.rawValue != 0
    let linear = c.isLongModeActive ? address : address & 0xFFFF_FFFF
    let walk = try walk(c, linear, kind, privilege ?? (hasSMAP ? .restricted : .supervisor))
    guard let page = memory.resolve(walk.gpa &>> 12, vtl: VTL(rawValue: c.pointee.vtl)) else {
      return Place(gpa: walk.gpa, backing: -1)
    }
    if page.access != .all || page.isReadOnlyOverlay { try checkAccess(c, page, walk.gpa, linear, kind) }
    return Place(gpa: walk.gpa, backing: page.backing)
  }

  func systemLoad(_ c: CPU, _ address: UInt64, _ size: Int) throws(Stop) -> UInt64 {
    var value: UInt64 = 0
    var done = 0
    while done < size {
      let part = min(size &- done, 4096 &- Int(truncatingIfNeeded: (address &+ UInt64(done)) & 0xFFF))
      let place = try systemPlace(c, address &+ UInt64(done), .read, nil)
      for i in 0..<part {
        let byte = place.backing < 0 ? 0xFF : hostByte(place, i).load(as: UInt8.self)
        value |= UInt64(byte) &<< UInt64((done &+ i) &* 8)
      }
      done &+= part
    }
    return value
  }

  func systemStore(
    _ c: CPU, _ address: UInt64, _ size: Int, _ value: UInt64, _ privilege: Privilege? = nil
  ) throws(Stop) {
    let first = try systemPlace(c, address, .write, privilege)
    let split = 4096 &- Int(truncatingIfNeeded: address & 0xFFF)
    let second = split < size ? try systemPlace(c, address &+ UInt64(split), .write, privilege) : first
    for i in 0..<size {
      let place = i < split ? first : second
      guard place.backing >= 0 else { continue }
      let offset = i < split ? i : i &- split
      hostByte(place, offset).storeBytes(of: UInt8(truncatingIfNeeded: value &>> UInt64(i &* 8)), as: UInt8.self)
    }
    noteSystemStore(first, min(size, split))
    if split < size { noteSystemStore(second, size &- split) }
  }

  private func hostByte(_ place: Place, _ offset: Int) -> UnsafeMutableRawPointer {
    memory.base + (place.backing &<< 12 &+ Int(truncatingIfNeeded: place.gpa & 0xFFF) &+ offset)
  }

  private func noteSystemStore(_ place: Place, _ size: Int) {
    guard place.backing >= 0 else { return }
    noteStore(place.backing, Int(truncatingIfNeeded: place.gpa & 0xFFF), size)
  }
}
