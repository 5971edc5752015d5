import Inspector

/// What is known of the terminal's background.
enum Background {
  /// After the OSC 11 answer: light when it is nearer to white, by the weights of ITU-R BT.709.
  static func theme(_ colour: (red: UInt16, green: UInt16, blue: UInt16)?) -> Theme? {
    guard let colour else { return nil }
    let luminance = 0.2126 * Double(colour.red) + 0.7152 * Double(colour.green) + 0.0722 * Double(colour.blue)
    return luminance > 32_768 ? .light : .dark
  }

  /// After COLORFGBG, `foreground;background` in palette numbers; 7 and 9 to 15 are light.
  static func theme(_ variable: String?) -> Theme? {
    guard let last = variable?.split(separator: ";").last, let background = Int(last) else { return nil }
    return background == 7 || background > 8 ? .light : .dark
  }
}
