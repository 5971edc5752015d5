import Architecture
import Memory
import Testing

private let readOnly: PageAccess = [.read, .executeSupervisor, .executeUser]

@Test func `What every higher VTL allows is allowed`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  #expect(memory.protect(5, allowing: readOnly, by: .vtl1))
  #expect(memory.protect(5, allowing: [.read, .write], by: .vtl2))
  #expect(memory.resolve(5, vtl: .vtl0)?.access == .read)
  #expect(memory.resolve(5, vtl: .vtl1)?.access == [.read, .write])
  #expect(memory.resolve(5, vtl: .vtl2)?.access == .all)
  #expect(memory.resolve(6, vtl: .vtl0)?.access == .all)
  // One of the two lets go: the other's mask is still there.
  memory.protect(5, allowing: .all, by: .vtl1)
  #expect(memory.resolve(5, vtl: .vtl0)?.access == [.read, .write])
  #expect(memory.denied(at: 5, vtl: .vtl0) == [.executeSupervisor, .executeUser])
}

@Test func `Of two that deny an access the lower is told`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  memory.protect(5, allowing: readOnly, by: .vtl1)
  memory.protect(5, allowing: [], by: .vtl2)
  #expect(memory.protector(of: .write, at: 5, from: .vtl0) == .vtl1)
  #expect(memory.protector(of: .read, at: 5, from: .vtl0) == .vtl2)
  #expect(memory.protector(of: .read, at: 5, from: .vtl1) == .vtl2)
  #expect(memory.protector(of: .read, at: 5, from: .vtl2) == nil)
  #expect(memory.protector(of: .read, at: 6, from: .vtl0) == nil)
}

@Test func `A default mask is for all RAM, and each change counts`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  let epoch = memory.mapEpoch
  memory.protectAll(allowing: [.read, .write], by: .vtl1)
  #expect(memory.mapEpoch > epoch)
  #expect(memory.resolve(0, vtl: .vtl0)?.access == [.read, .write])
  #expect(memory.resolve(255, vtl: .vtl0)?.access == [.read, .write])
  #expect(memory.resolve(255, vtl: .vtl1)?.access == .all)
  #expect(!memory.protect(256, allowing: [], by: .vtl1))
  #expect(!memory.protect(0xC_0000, allowing: [], by: .vtl1))
  #expect(!memory.protect(0, allowing: [], by: .vtl0))
}

@Test func `An overlay is not protected, what lies under it is`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  memory.protect(5, allowing: [], by: .vtl1)
  let page = try memory.makeOverlay()
  memory.mapOverlay(page, at: 5, vtl: .vtl0)
  #expect(memory.resolve(5, vtl: .vtl0)?.access == .all)
  memory.unmapOverlay(page, at: 5, vtl: .vtl0)
  #expect(memory.resolve(5, vtl: .vtl0)?.access == [])
}

@Test func `The first byte that is denied`() throws {
  let memory = try GuestMemory(size: 1 << 20)
  memory.protect(5, allowing: readOnly, by: .vtl1)
  #expect(memory.firstDenied(.write, at: GPA(0x4FF8), count: 8, vtl: .vtl0) == nil)
  #expect(memory.firstDenied(.write, at: GPA(0x4FF8), count: 9, vtl: .vtl0) == GPA(0x5000))
  #expect(memory.firstDenied(.write, at: GPA(0x5123), count: 1, vtl: .vtl0) == GPA(0x5123))
  #expect(memory.firstDenied(.read, at: GPA(0x5123), count: 1, vtl: .vtl0) == nil)
  #expect(memory.firstDenied(.write, at: GPA(0x5123), count: 0, vtl: .vtl0) == nil)
  #expect(memory.firstDenied(.write, at: GPA(0xFFFF_FFFF_FFFF_FFFF), count: 8, vtl: .vtl0) == nil)
}
