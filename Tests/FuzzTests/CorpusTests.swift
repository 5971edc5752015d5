import Foundation
import FuzzTargets
import Testing

/// Every input that is worth keeping: truncated and absurd images, odd code.
@Suite struct CorpusTests {
  private func inputs(_ name: String) throws -> [[UInt8]] {
    let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil)).appending(path: name)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return try files.sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
  }

  @Test func `no kept image harms the host`() throws {
    let images = try inputs("loader")
    #expect(images.count >= 10)
    for image in images { FuzzTarget.load(image) }
  }

  @Test func `no kept code harms the host`() throws {
    let programs = try inputs("decoder")
    #expect(programs.count >= 10)
    for program in programs { FuzzTarget.run(program) }
  }
}
