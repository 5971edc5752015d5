import Guests
import Testing

@Suite struct GuestImageTests {
  @Test func `every program of the source tree is embedded`() {
    #expect(
      GuestImage.names == [
        "demo", "exceptions", "hello", "hlt-cli", "ipi-all-forms", "lost-broadcast", "no-sipi", "timer-modes",
        "tpr-block", "vtl-basics",
      ])
  }

  @Test(arguments: GuestImage.names)
  func `an image is an ELF64 executable for x86-64`(name: String) throws {
    let image = try #require(GuestImage.named(name))
    try #require(image.count > 64)
    #expect(Array(image[0..<7]) == [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    #expect(Array(image[16..<20]) == [2, 0, 62, 0])
  }

  @Test func `a name that no program has gives nothing`() {
    #expect(GuestImage.named("nobody") == nil)
  }
}
