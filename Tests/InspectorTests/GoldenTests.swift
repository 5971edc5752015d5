import Inspector
import Testing

struct GoldenTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  @Test(arguments: sizes) func `the overview is what it was`(size: Size) throws {
    try expectGolden(Scene.model(vps: size.width >= 200 ? 64 : 16).draw(size), "over-\(size.width)x\(size.height)")
  }
}
