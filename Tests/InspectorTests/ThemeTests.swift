import Foundation
import Inspector
import Testing

/// The palette, measured: contrast by WCAG 2, colour vision by Machado, Oliveira and Fernandes (2009), differences by
/// CIE76.
struct ThemeTests {
  private typealias Colour = (red: Double, green: Double, blue: Double)

  /// Linear light of a colour of the xterm-256 cube.
  private func cube(_ index: Int16) -> Colour {
    let levels: [Double] = [0, 95, 135, 175, 215, 255]
    let place = Int(index) - 16
    return linear((levels[place / 36], levels[place / 6 % 6], levels[place % 6]))
  }

  /// xterm's own colours 0 to 7.
  private func basic(_ index: Int16) -> Colour {
    let colours: [Colour] = [
      (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    ]
    return linear(colours[Int(index)])
  }

  private func linear(_ colour: Colour) -> Colour {
    func one(_ value: Double) -> Double {
      value / 255 <= 0.04045 ? value / 255 / 12.92 : pow((value / 255 + 0.055) / 1.055, 2.4)
    }
    return (one(colour.red), one(colour.green), one(colour.blue))
  }

  private func luminance(_ colour: Colour) -> Double {
    0.2126 * colour.red + 0.7152 * colour.green + 0.0722 * colour.blue
  }

  private func contrast(_ colour: Colour, onWhite: Bool) -> Double {
    let light = luminance(colour) + 0.05
    return onWhite ? 1.05 / light : light / 0.05
  }

  private static let visions: [(name: String, matrix: [[Double]])] = [
    ("normal", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (
      "protanope",
      [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
      ]
    ),
    (
      "deuteranope",
      [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
      ]
    ),
    (
      "tritanope",
      [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
      ]
    ),
  ]

  private func seen(_ colour: Colour, _ matrix: [[Double]]) -> Colour {
    let out = matrix.map { min(1, max(0, $0[0] * colour.red + $0[1] * colour.green + $0[2] * colour.blue)) }
    return (out[0], out[1], out[2])
  }

  private func lab(_ c: Colour) -> [Double] {
    let x = (0.4124564 * c.red + 0.3575761 * c.green + 0.1804375 * c.blue) / 0.95047
    let y = 0.2126729 * c.red + 0.7151522 * c.green + 0.0721750 * c.blue
    let z = (0.0193339 * c.red + 0.1191920 * c.green + 0.9503041 * c.blue) / 1.08883
    func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }
    return [116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))]
  }

  private static let hues: [Style.Role] = [.active, .waiting, .wrong]

  private func colour(_ role: Style.Role, _ theme: Theme, _ count: Int) -> Int16 {
    theme.appearance(of: Style(role), colours: count).colour!
  }

  @Test(arguments: Theme.allCases.filter { $0 != .mono })
  func `in 256 colours each hue is 3 to 1 on black and on white`(theme: Theme) {
    for role in Self.hues {
      let colour = cube(colour(role, theme, 256))
      #expect(contrast(colour, onWhite: false) >= 3, "\(role)")
      #expect(contrast(colour, onWhite: true) >= 3, "\(role)")
    }
  }

  @Test func `in 8 colours each hue is 3 to 1 on the background its theme is for`() {
    for (theme, onWhite) in [(Theme.dark, false), (.light, true)] {
      for role in Self.hues {
        #expect(contrast(basic(colour(role, theme, 8)), onWhite: onWhite) >= 3, "\(theme) \(role)")
      }
    }
  }

  @Test func `the three hues stay apart in every kind of colour vision`() {
    for vision in Self.visions {
      let labs = Self.hues.map { lab(seen(cube(colour($0, .dark, 256)), vision.matrix)) }
      for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let difference = sqrt(zip(labs[a], labs[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        #expect(difference >= 50, "\(vision.name): \(difference)")
      }
    }
  }

  @Test func `text that means nothing in particular has the terminal's own colour, in every theme`() {
    for theme in Theme.allCases {
      for count in [0, 8, 256] {
        #expect(theme.appearance(of: .plain, colours: count).colour == nil)
        #expect(theme.appearance(of: .dim, colours: count).colour == nil)
      }
    }
  }

  @Test func `without colours every meaning that a hue had has an attribute`() {
    for (theme, count) in [(Theme.mono, 256), (.auto, 0), (.dark, 2)] {
      let looks = [Style.plain, .dim, .waiting, .preempted, .wrong].map { theme.appearance(of: $0, colours: count) }
      #expect(Set(looks).count == looks.count)
      #expect(looks.allSatisfy { $0.colour == nil })
      // Running is what a processor should do: it needs no mark.
      #expect(theme.appearance(of: .active, colours: count) == theme.appearance(of: .plain, colours: count))
    }
  }

  @Test func `T goes through all themes and back`() {
    var model = Scene.model()
    var names: [String] = []
    for _ in 0..<4 {
      model.strike("T")
      names.append(model.theme.name)
    }
    #expect(names == ["dark", "light", "mono", "auto"])
  }
}
