import Architecture
import Memory
import Testing

@Test func `RAM goes on at 4 GiB after the hole below it`() throws {
  let memory = try GuestMemory(size: (3 << 30) + 0x10000)
  #expect(memory.store64(0x1122_3344_5566_7788, at: GPA(0x1_0000_0000)))
  #expect(memory.load32(GPA(0x1_0000_0004)) == 0x1122_3344)
  #expect(memory.load8(GPA(0xC000_0000)) == nil)
  #expect(memory.load8(GPA(0xFEE0_0000)) == nil)
  #expect(memory.load8(GPA(0x1_0001_0000)) == nil)
  #expect(memory.store8(1, at: GPA(0xBFFF_FFFF)))
}

@Test func `Sizes that cannot be mapped are refused`() {
  #expect(throws: MemoryError.invalidSize(4096)) { try GuestMemory(size: 4096) }
  #expect(throws: MemoryError.invalidSize((1 << 20) + 1)) { try GuestMemory(size: (1 << 20) + 1) }
}

@Test func `A value may cross a page, and nothing is stored when part of it is not RAM`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  #expect(memory.store32(0xAABB_CCDD, at: GPA(0xFFE)))
  #expect(memory.load16(GPA(0x1000)) == 0xAABB)
  #expect(memory.load32(GPA(0xFFE)) == 0xAABB_CCDD)
  #expect(!memory.store64(.max, at: GPA(0xF_FFFC)))
  #expect(memory.load32(GPA(0xF_FFFC)) == 0)
}

@Test func `An overlay is seen by one VTL, and what lies under it comes back`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  memory.store8(0x11, at: GPA(0x5000))
  let page = try memory.makeOverlay()
  memory.write([0x22], to: page)
  #expect(memory.mapOverlay(page, at: 5, vtl: .vtl1))
  #expect(memory.load8(GPA(0x5000), vtl: .vtl0) == 0x11)
  #expect(memory.load8(GPA(0x5000), vtl: .vtl1) == 0x22)
  memory.store8(0x33, at: GPA(0x5000), vtl: .vtl1)
  memory.unmapOverlay(page, at: 5, vtl: .vtl1)
  #expect(memory.load8(GPA(0x5000), vtl: .vtl1) == 0x11)
  #expect(memory.read(page, count: 1) == [0x33])
  #expect(!memory.mapOverlay(page, at: 0x10_0000, vtl: .vtl0))
}

@Test func `Of two overlays on one page the later is seen`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  let first = try memory.makeOverlay()
  let second = try memory.makeOverlay()
  memory.write([1], to: first)
  memory.write([2], to: second)
  memory.mapOverlay(first, at: 7, vtl: .vtl0)
  memory.mapOverlay(second, at: 7, vtl: .vtl0)
  #expect(memory.load8(GPA(0x7000)) == 2)
  memory.unmapOverlay(second, at: 7, vtl: .vtl0)
  #expect(memory.load8(GPA(0x7000)) == 1)
}

@Test func `A write over decoded code is remembered only if it hits a line of it`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  memory.codeLines[3] = 1 << 2
  memory.store8(0, at: GPA(0x3000))
  #expect(memory.staleCode.isEmpty)
  memory.store8(0, at: GPA(0x30BF))
  #expect(memory.staleCode == [3])
}
