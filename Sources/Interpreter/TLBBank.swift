import Architecture

/// The translations of one VTL at one kind of privilege, with the blocks found through them.
struct TLBBank {
  /// Supervisor, user, supervisor kept off user pages by SMAP, and user whose accesses have to be aligned.
  static var perVTL: Int { 4 }
  /// The last of them. It has no tags for data, so that every access comes to the slow path.
  static var checked: Int { 3 }

  /// Allocated at first use: most banks of most VPs stay empty.
  var entries: UnsafeMutablePointer<TLBEntry>?
  var jumps: UnsafeMutablePointer<JumpEntry>?
  var fetches: UnsafeMutablePointer<FetchEntry>?
  var stamp: UInt64 = 0
  /// What the entries were made under; see `GuestMemory`.
  var codeEpoch: UInt64 = 0
  var mapEpoch: UInt64 = 0
  var generation: UInt64 = 0
  var cr0: UInt64 = 0
  var cr3: UInt64 = 0
  var cr4: UInt64 = 0
  var efer: UInt64 = 0
  var breakpointEpoch: UInt64 = 0
  var pkru: UInt32 = 0
  var isModeBased = false
  /// Jump entries are found by RIP, which is not the linear address outside 64-bit mode.
  var codeBase: UInt64 = 0

  mutating func allocate() {
    let entries = UnsafeMutablePointer<TLBEntry>.allocate(capacity: TLBEntry.count)
    entries.initialize(repeating: .empty, count: TLBEntry.count)
    self.entries = entries
    let jumps = UnsafeMutablePointer<JumpEntry>.allocate(capacity: JumpEntry.count)
    jumps.initialize(repeating: .empty, count: JumpEntry.count)
    self.jumps = jumps
    let fetches = UnsafeMutablePointer<FetchEntry>.allocate(capacity: FetchEntry.count)
    fetches.initialize(repeating: .empty, count: FetchEntry.count)
    self.fetches = fetches
  }

  mutating func free() {
    entries?.deallocate()
    jumps?.deallocate()
    fetches?.deallocate()
  }

  /// Forgets every translation. A new stamp makes the jump entries invalid.
  mutating func flush(stamp: UInt64) {
    entries?.update(repeating: .empty, count: TLBEntry.count)
    fetches?.update(repeating: .empty, count: FetchEntry.count)
    self.stamp = stamp
  }

  /// Takes the write tag from pages that hold decoded code by now, so that stores to them are noticed.
  func dropCodeWrites(codeLines: UnsafeMutablePointer<UInt64>, base: UInt64) {
    guard let entries else { return }
    for i in 0..<TLBEntry.count where entries[i].writeTag != 1 {
      let host = entries[i].writeTag &+ entries[i].addend
      if codeLines[Int(truncatingIfNeeded: (host &- base) &>> 12)] != 0 { entries[i].writeTag = 1 }
    }
  }
}

extension TLBEntry {
  @inline(__always)
  static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: (address &>> 12) & UInt64(count &- 1)) }
}
