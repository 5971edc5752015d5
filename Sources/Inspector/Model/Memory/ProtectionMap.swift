import Architecture
import Journal

/// Guest memory as rows of letters: what a VTL may do with each part of it.
struct ProtectionMap {
  /// Pages per letter: a power of two.
  let pagesPerCell: UInt64
  let columns: Int
  let letters: [Character]

  /// - Parameters:
  ///   - columns: letters in a row, at least 1.
  ///   - rows: at most so many rows; letters stand for more pages until it is enough.
  init(_ snapshot: Snapshot, of vtl: VTL, columns: Int, rows: Int) {
    let pages = max(1, snapshot.machine.memoryBytes >> 12)
    let most = UInt64(max(1, columns * rows))
    var unit: UInt64 = 1
    while (pages - 1) / unit >= most, unit < 1 << 62 { unit <<= 1 }
    pagesPerCell = unit
    self.columns = max(1, columns)
    var cells = [Part](repeating: Part(), count: Int((pages - 1) / unit) + 1)
    for run in snapshot.memory.protections where run.vtl == vtl && run.count > 0 {
      Self.paint(run, pages, unit, &cells)
    }
    letters = cells.indices.map { i in
      cells[i].letter(of: min(unit, pages - UInt64(i) * unit))
    }
  }

  var rowCount: Int { (letters.count + columns - 1) / columns }

  /// The address where a row begins.
  func address(ofRow row: Int) -> UInt64 { UInt64(row * columns) &* pagesPerCell &<< 12 }

  func text(ofRow row: Int) -> String {
    String(letters[(row * columns)..<min(letters.count, (row + 1) * columns)])
  }

  /// `4 KB`, `256 KB`, `8 MB`.
  var unitText: String {
    let kilobytes = pagesPerCell &* 4
    return kilobytes < 1024
      ? "\(kilobytes) KB" : kilobytes < 1 << 20 ? "\(kilobytes >> 10) MB" : "\(kilobytes >> 20) GB"
  }

  /// What is known of the pages behind a letter.
  private struct Part {
    var access: UInt8?
    var pages: UInt64 = 0
    var isMixed = false

    mutating func add(_ count: UInt64, _ other: UInt8) {
      isMixed = isMixed || access.map { $0 != other } ?? false
      access = other
      pages = pages &+ count
    }

    /// Pages of no run are free.
    func letter(of all: UInt64) -> Character {
      guard let access else { return AccessText.letter(AccessText.all) }
      return isMixed || pages < all && access != AccessText.all ? "m" : AccessText.letter(access)
    }
  }

  private static func paint(_ run: ProtectionRun, _ pages: UInt64, _ unit: UInt64, _ cells: inout [Part]) {
    guard run.firstPage < pages else { return }
    let end = run.firstPage + min(run.count, pages - run.firstPage)
    var page = run.firstPage
    while page < end {
      let next = min(end, (page / unit + 1) * unit)
      cells[Int(page / unit)].add(next - page, run.access)
      page = next
    }
  }
}
