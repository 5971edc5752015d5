import Inspector
import Testing

@testable import Terminal

@Suite struct `Pastes that nobody marked` {
  private func keys(_ text: String) -> [Key] { text.unicodeScalars.map { $0 == "\n" ? .enter : .character($0) } }

  @Test func `few keys at once are keys`() {
    var guardian = PasteGuard()
    #expect(guardian.admit(keys("gGjk"), at: 0) == keys("gGjk"))
    #expect(guardian.admit(keys("123456Q"), at: 1) == keys("123456Q"))
  }

  @Test func `a key that is held down is no paste`() {
    var guardian = PasteGuard()
    let held = Array(repeating: Key.character("j"), count: 40)
    #expect(guardian.admit(held, at: 0) == held)
    let arrows = Array(repeating: Key.down, count: 40)
    #expect(guardian.admit(arrows, at: 1) == arrows)
  }

  @Test func `many at once are one pasted text`() {
    var guardian = PasteGuard()
    #expect(guardian.isDecided(keys("echo hello")))
    #expect(guardian.admit(keys("echo hi; rm\nQ"), at: 0) == [.paste("echo hi; rm\nQ")])
  }

  @Test func `what follows without a pause belongs to it, to the last character`() {
    var guardian = PasteGuard()
    var now: UInt64 = 0
    var acted: [Key] = []
    for piece in ["first part of it\n", "Q", "Qq\n", "more and more\n", "Q"] {
      acted += guardian.admit(keys(piece), at: now)
      now += PasteGuard.pause - 1
    }
    #expect(acted == [.paste("first part of it\n")])
    now += 1
    #expect(guardian.admit(["Q"], at: now) == ["Q"])
  }
}
