import Architecture
import Testing

@Suite struct IdentifierTests {
  @Test func `a context reads its own written form`() {
    #expect(ContextID("5.1") == ContextID(5, 1))
    #expect(ContextID(5, 1).description == "5.1")
    for bad in ["", "5", "5.", ".1", "5.1.2", "-1.0", "5.256", "a.0"] { #expect(ContextID(bad) == nil) }
  }
}
