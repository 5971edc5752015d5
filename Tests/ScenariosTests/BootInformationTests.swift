import Machine
import Testing

@Suite struct BootInformationTests {
  @Test func `the page has the layout of boot_info h`() {
    let page = BootInformation(
      vpCount: 3, vtlCount: 2, memoryBytes: 0x0400_0000, tscFrequency: 1_000_000_000,
      apicTimerFrequency: 1_000_000_000, groupBits: 24, commandLine: "exit=3"
    ).encode()
    #expect(page.count == 4096)
    #expect(Array(page[0..<8]) == Array("VTLSCOPE".utf8))
    #expect(Array(page[8..<16]) == [1, 0, 0, 0, 71, 0, 0, 0])
    #expect(Array(page[16..<24]) == [3, 0, 0, 0, 2, 0, 0, 0])
    #expect(Array(page[24..<32]) == [0, 0, 0, 4, 0, 0, 0, 0])
    #expect(Array(page[32..<40]) == [0x00, 0xCA, 0x9A, 0x3B, 0, 0, 0, 0])
    #expect(Array(page[40..<48]) == [0x00, 0xCA, 0x9A, 0x3B, 0, 0, 0, 0])
    #expect(Array(page[48..<56]) == [1, 24, 0, 0, 0, 0, 0, 0])
    #expect(Array(page[56..<64]) == [64, 0, 0, 0, 6, 0, 0, 0])
    #expect(Array(page[64..<71]) == Array("exit=3".utf8) + [0])
    #expect(page[71...].allSatisfy { $0 == 0 })
  }

  @Test func `explicit groups set no flag`() {
    let page = BootInformation(vpCount: 1, vtlCount: 1, memoryBytes: 0).encode()
    #expect(Array(page[48..<56]) == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `a command line that is too long for the page is cut, and still ends in a NUL`() {
    let page = BootInformation(
      vpCount: 1, vtlCount: 1, memoryBytes: 0, commandLine: String(repeating: "x", count: 5000)
    ).encode()
    #expect(page.count == 4096)
    #expect(page[4094] == UInt8(ascii: "x"))
    #expect(page[4095] == 0)
  }
}
