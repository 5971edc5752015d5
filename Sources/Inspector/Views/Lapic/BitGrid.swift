import Architecture
import Diagnosis
import Journal

/// 256 vectors as 16 rows of 16: a row is a priority class, so the PPR is a waterline.
enum BitGrid {
  static var width: Int { 37 }

  enum Content {
    case combined
    case irr, isr, tmr

    var title: String {
      switch self {
      case .combined: ""
      case .irr: "IRR"
      case .isr: "ISR"
      case .tmr: "TMR"
      }
    }
  }

  /// The title, the column numbers and 16 rows.
  static func lines(
    _ context: ContextSnapshot, _ content: Content, title: Line, selected: VectorNumber?, found: Set<VectorNumber>
  ) -> [Line] {
    let water = Int(context.processorPriority >> 4)
    var lines = [title, Line("    0 1 2 3 4 5 6 7 8 9 a b c d e f", .dim)]
    for row in (0..<16).reversed() {
      let isWater = row == water && water > 0
      var line = Line(isWater ? ">" : " ", .waiting)
      line.append(TextForm.hex(UInt8(row << 4), 2), isWater ? .waiting : .dim)
      for column in 0..<16 {
        let vector = row << 4 | column
        var cell = cell(context, content, vector, isBlocked: row <= water && water > 0)
        if found.contains(VectorNumber(vector)) {
          cell.style.isBold = true
          cell.style.isUnderlined = true
        }
        line += " "
        line.append(String(cell.letter), selected?.index == vector ? cell.style.selected : cell.style)
      }
      lines.append(line)
    }
    return lines
  }

  /// Says which vector each cell stands for.
  static func mark(into grid: inout Grid, _ area: Rect) {
    for vector in 0x10...0xFF {
      let place = Rect(x: area.x + 4 + 2 * (vector & 15), y: area.y + 17 - vector >> 4, width: 1, height: 1)
      grid.mark(place, as: .thing(.vector(VectorNumber(vector))))
    }
  }

  private static func cell(
    _ context: ContextSnapshot, _ content: Content, _ vector: Int, isBlocked: Bool
  ) -> (letter: Character, style: Style) {
    let irr = context.apic.bit(vector, at: 0x200)
    let isr = context.apic.bit(vector, at: 0x100)
    let tmr = context.apic.bit(vector, at: 0x180)
    switch content {
    case .combined where irr && isr: return ("@", .waiting)
    case .combined where isr, .isr where isr: return ("#", .active)
    case .combined where irr, .irr where irr:
      return (tmr ? "O" : "o", isBlocked ? Style(.waiting, bold: true) : .waiting)
    case .tmr where tmr: return ("O", .plain)
    default: break
    }
    if vector < 16 { return ("x", .dim) }
    return (isBlocked && content != .tmr && content != .isr ? "-" : ".", .dim)
  }

  static var legend: [Line] {
    [
      Line("o IRR  O IRR level  # ISR  @ both", .dim),
      Line("- blocked by PPR  > PPR  x never", .dim),
    ]
  }

  /// The same bits as the dwords of the three registers, the highest vectors on top.
  static func words(_ context: ContextSnapshot, title: Line) -> [Line] {
    var lines = [title, Line("        IRR       ISR       TMR", .dim)]
    for word in (0..<8).reversed() {
      var line = Line(" " + TextForm.hex(UInt8(word << 5), 2) + "  ", .dim)
      for offset in [0x200, 0x100, 0x180] {
        let value = context.apic[offset + word * 0x10]
        line.append("  " + TextForm.hex(value, 8), value == 0 ? .dim : .bold)
      }
      lines.append(line)
    }
    return lines + [.empty, Line(" bit 0 of a word is the vector at its left", .dim)]
  }
}
