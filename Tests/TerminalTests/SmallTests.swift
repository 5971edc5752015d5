import Inspector
import Testing

@testable import Terminal

@Suite struct `The terminal's background and clipboard` {
  @Test func `light is what is nearer to white`() {
    #expect(Background.theme((red: 65_535, green: 65_535, blue: 65_535)) == .light)
    #expect(Background.theme((red: 0, green: 0, blue: 0)) == .dark)
    #expect(Background.theme((red: 0, green: 0, blue: 65_535)) == .dark, "blue is dark to the eye")
    #expect(Background.theme((red: 0xFDFD, green: 0xF6F6, blue: 0xE3E3)) == .light, "Solarized's light background")
    #expect(Background.theme(nil as (red: UInt16, green: UInt16, blue: UInt16)?) == nil)
  }

  @Test func `COLORFGBG names the background last`() {
    #expect(Background.theme("0;15") == .light)
    #expect(Background.theme("0;default;7") == .light)
    #expect(Background.theme("15;0") == .dark)
    #expect(Background.theme("15;8") == .dark)
    #expect(Background.theme("nonsense") == nil)
    #expect(Background.theme(nil as String?) == nil)
  }

  /// RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `base 64 as in RFC 4648`(text: String, expected: String) { #expect(base64(text.utf8) == expected) }
}
