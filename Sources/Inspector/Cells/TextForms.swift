import Architecture
import Journal

/// How numbers, times and names are written on the screen. The same everywhere, and never wider than said
/// here.
public enum TextForm {
  private static func tenths(_ value: UInt64, _ unit: UInt64) -> String {
    "\(value / unit).\(value % unit * 10 / unit)"
  }

  /// A span of time in at most 7 columns.
  public static func span(_ time: VirtualTime) -> String { time == .never ? "never" : time.spanText }

  public static func decimal(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// A count in at most 5 columns: `999`, `1204`, `31.2k`, `2.1M`.
  public static func count(_ value: UInt64) -> String {
    switch value {
    case ..<10_000: "\(value)"
    case ..<100_000: tenths(value, 1_000) + "k"
    case ..<1_000_000: "\(value / 1_000)k"
    case ..<100_000_000: tenths(value, 1_000_000) + "M"
    case ..<1_000_000_000: "\(value / 1_000_000)M"
    case ..<100_000_000_000: tenths(value, 1_000_000_000) + "G"
    default: "\(value / 1_000_000_000)G"
    }
  }

  public static func hex(_ value: some FixedWidthInteger & UnsignedInteger, _ digits: Int = 0) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  public static func vector(_ vector: VectorNumber) -> String { hex(vector.rawValue, 2) }

  /// A 64-bit value with a mark in the middle, as debuggers write it: `00000000`000c40cf`.
  public static func wide(_ value: UInt64) -> String { hex(value &>> 32, 8) + "`" + hex(value & 0xFFFF_FFFF, 8) }

  /// The fraction `milli`/1000 as `x0.001`, `x0.42`, `x1.00`, `x12.3`, `x140`.
  public static func ratio(milli: UInt32) -> String {
    if milli < 100 { return "x0.\(decimal(UInt64(milli), 3))" }
    if milli < 10_000 { return "x\(milli / 1_000).\(decimal(UInt64(milli % 1_000 / 10), 2))" }
    return milli < 100_000 ? "x\(milli / 1_000).\(milli % 1_000 / 100)" : "x\(milli / 1_000)"
  }

  /// Text that a guest controls, safe to show: control bytes as `^[` or `\x9b`, everything beyond ASCII by
  /// number.
  ///
  /// Nothing a guest writes may reach a terminal as a control sequence (C0, DEL, C1), turn the line around
  /// (bidirectional marks) or take more columns than it has scalars.
  public static func escaped(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x20..<0x7F: out.append(scalar)
      case 0..<0x20, 0x7F:
        out.append("^")
        out.append(Unicode.Scalar(UInt8(scalar.value ^ 0x40)))
      case ..<0x100: out.append(contentsOf: ("\\x" + hex(scalar.value, 2)).unicodeScalars)
      default: out.append(contentsOf: "\\u{\(hex(scalar.value))}".unicodeScalars)
      }
    }
    return String(out)
  }
}

extension TextForm {
  /// Broken between words into lines of at most `width` columns; a longer word is cut.
  public static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ").map({ String($0).clipped(to: max(1, width)) }) {
      if line.isEmpty {
        line = word
      } else if line.columns + 1 + word.columns <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = word
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
