import Foundation
import Guests
import Testing

@Suite struct GuestImageTests {
  /// The program a C file belongs to: that of its directory where the directory has one, else its own.
  private func program(of file: URL) -> String {
    let folder = file.deletingLastPathComponent()
    let main = folder.appending(path: folder.lastPathComponent + ".c")
    let isPart = FileManager.default.fileExists(atPath: main.path(percentEncoded: false))
    return isPart ? folder.lastPathComponent : file.deletingPathExtension().lastPathComponent
  }

  @Test func `every program of the source tree is embedded`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Guests/programs")
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    let programs = files.compactMap { $0 as? URL }.filter { $0.pathExtension == "c" }.map(program)
    #expect(programs.contains("demo") && programs.contains("timer-modes") && programs.contains("missing-eoi"))
    #expect(GuestImage.names == Set(programs).sorted())
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
