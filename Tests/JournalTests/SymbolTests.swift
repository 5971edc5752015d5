import Journal
import Testing

@Suite struct SymbolTests {
  @Test func `an address is named by the symbol at or below it`() {
    let table = SymbolTable([.init(address: 0x2000, name: "b"), .init(address: 0x1000, name: "a")], end: 0x3000)
    #expect(table.describe(0x1000) == "a")
    #expect(table.describe(0x1FFF) == "a+fff")
    #expect(table.describe(0x2004) == "b+4")
    #expect(table.describe(0xFFF) == nil)
    #expect(table.describe(0x3000) == nil)
  }
}
