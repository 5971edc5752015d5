import Architecture
import Testing

/// The layouts of the specification, byte by byte.
struct LayoutTests {
  @Test func `an initial context has each field at its place`() {
    var context = InitialVPContext()
    context.rip = 0x1111_1111_1111_1111
    context.rsp = 0x2222_2222_2222_2222
    context.rflags = 0x3333_3333_3333_3333
    context.cs.selector = 0xC5C5
    context.ds.selector = 0xD5D5
    context.es.selector = 0xE5E5
    context.fs.selector = 0xF5F5
    context.gs.selector = 0xA5A5
    context.ss.selector = 0x5555
    context.tr.selector = 0x7272
    context.ldtr.selector = 0x1D1D
    context.idtr = HyperVTable(base: 0x4444_4444_4444_4444, limit: 0x0FFF)
    context.gdtr = HyperVTable(base: 0x6666_6666_6666_6666, limit: 0x00FF)
    context.efer = 0x7777_7777_7777_7777
    context.cr0 = 0x8888_8888_8888_8888
    context.cr3 = 0x9999_9999_9999_9999
    context.cr4 = 0xAAAA_AAAA_AAAA_AAAA
    context.pat = 0xBBBB_BBBB_BBBB_BBBB
    let bytes = context.bytes
    #expect(bytes.count == 224)
    #expect(bytes[0] == 0x11 && bytes[8] == 0x22 && bytes[16] == 0x33)
    // A selector is 12 bytes into its segment: CS at 24, DS 40, ES 56, FS 72, GS 88, SS 104, TR 120, LDTR
    // 136.
    #expect(bytes[36] == 0xC5 && bytes[52] == 0xD5 && bytes[68] == 0xE5 && bytes[84] == 0xF5)
    #expect(bytes[100] == 0xA5 && bytes[116] == 0x55 && bytes[132] == 0x72 && bytes[148] == 0x1D)
    #expect(bytes[158] == 0xFF && bytes[159] == 0x0F && bytes[160] == 0x44)
    #expect(bytes[174] == 0xFF && bytes[175] == 0x00 && bytes[176] == 0x66)
    #expect(bytes[184] == 0x77 && bytes[192] == 0x88 && bytes[200] == 0x99 && bytes[208] == 0xAA)
    #expect(bytes[216] == 0xBB && bytes[223] == 0xBB)
    #expect(InitialVPContext(bytes) == context)
  }

  @Test func `a context is read from the middle of a block, and a short block reads as zeros`() {
    let context = InitialVPContext.sample
    #expect(InitialVPContext([UInt8](repeating: 0xEE, count: 16) + context.bytes, at: 16) == context)
    #expect(InitialVPContext([]).rip == 0)
    #expect(InitialVPContext([]).pat == 0)
  }

  @Test func `a segment keeps base, limit, selector and attributes from low to high`() {
    let segment = HyperVSegment(base: 0x1234, limit: 0xFFFF_FFFF, selector: 0x10, attributes: 0xA09B)
    #expect(segment.value == 0xA09B_0010_FFFF_FFFF_0000_0000_0000_1234)
    #expect(HyperVSegment(segment.value) == segment)
    #expect(segment.isLong)
    #expect(!HyperVSegment(attributes: 0xC093).isLong)
  }

  @Test func `a table keeps its limit at byte 6 and its base at byte 8`() {
    let table = HyperVTable(base: 0xFFFF_8000_0000_1000, limit: 0x0FFF)
    #expect(table.value == 0xFFFF_8000_0000_1000_0FFF_0000_0000_0000)
    #expect(HyperVTable(table.value) == table)
  }

  @Test func `the control word has the specification's fields`() {
    let control = HypercallInput(rawValue: 0x0123_0456_0007_0050)
    #expect(control.code == .getVPRegisters)
    #expect(control.isFast)
    #expect(control.variableHeaderSize == 3)
    #expect(control.repCount == 0x456)
    #expect(control.repStart == 0x123)
    #expect(control.areReservedBitsZero)
    #expect(
      HypercallInput(.setVPRegisters, isFast: true, repCount: 2, repStart: 1).rawValue
        == 0x0001_0002_0001_0051)
    #expect(HypercallInput(.sendSyntheticClusterIPIEx, variableHeader: 1).rawValue == 0x0000_0000_0002_0015)
  }

  @Test(arguments: [27, 28, 29, 30, 44, 45, 46, 47, 60, 61, 62, 63])
  func `these bits of the control word are reserved`(bit: Int) {
    #expect(!HypercallInput(rawValue: 1 << UInt64(bit)).areReservedBitsZero)
  }

  @Test func `the result holds status and completed reps`() {
    #expect(HypercallResult(.invalidParameter, repsCompleted: 3).rawValue == 0x0000_0003_0000_0005)
    #expect(HypercallResult(rawValue: 0x0000_0FFF_0000_0086).status == .vtlAlreadyEnabled)
    #expect(HypercallResult(rawValue: 0x0000_0FFF_0000_0086).repsCompleted == 4095)
  }

  @Test func `the VSM registers have the specification's fields`() {
    #expect(VSMCodePageOffsets(call: 0x0F, return: 0x26).rawValue == 0x2600F)
    #expect(VSMVPStatus(active: .vtl1, enabled: VTLSet(rawValue: 3), isModeBased: false).rawValue == 0x0003_0001)
    #expect(VSMPartitionStatus(enabled: VTLSet(rawValue: 3), maximum: .vtl1, modeBased: .empty).rawValue == 0x0001_0003)
    let vina = VSMVina(rawValue: 0x7F4)
    #expect(vina.vector.rawValue == 0xF4 && vina.isEnabled && vina.resetsAutomatically && vina.isAutoEOI)
    #expect(VSMPartitionConfig(rawValue: 0x61).defaultProtectionMask == 0)
    #expect(VSMPartitionConfig(rawValue: 0x1F).defaultProtectionMask == 0xF)
    #expect(VSMPartitionConfig(rawValue: 0x20).zeroesMemoryOnReset)
    #expect(VSMPartitionConfig(rawValue: 0x40).deniesLowerVTLStartup)
  }

  @Test func `the assist page has the specification's offsets`() {
    #expect(VPAssistPage.entryReason == 8)
    #expect(VPAssistPage.vinaStatus == 12)
    #expect(VPAssistPage.returnRAX == 16)
    #expect(VPAssistPage.returnRCX == 24)
  }

  @Test func `an input VTL counts only with its bit`() {
    #expect(HypercallInputVTL(rawValue: 0x11).usesTarget)
    #expect(HypercallInputVTL(rawValue: 0x11).target == .vtl1)
    #expect(!HypercallInputVTL(rawValue: 0x01).usesTarget)
    #expect(!HypercallInputVTL(rawValue: 0x20).areReservedBitsZero)
    #expect(HypercallInputVTL(.vtl1).rawValue == 0x11)
  }

  @Test func `a sparse VP set has one bank for each valid bit, lowest first`() throws {
    // Banks 0 and 2: VPs 1, 63, 128.
    let bytes =
      littleEndian(UInt64(0)) + littleEndian(UInt64(0b101)) + littleEndian(0x8000_0000_0000_0002 as UInt64)
    let set = try #require(HypercallVPSet(bytes + littleEndian(UInt64(1)), at: 0, bankCount: 2))
    #expect(set.isComplete)
    #expect(set.members(vpCount: 4).map(\.rawValue) == [1, 63, 128])
    #expect(HypercallVPSet(bytes, at: 0, bankCount: 1)?.isComplete == false)
    #expect(HypercallVPSet([1, 0, 0, 0, 0, 0, 0, 0], at: 0, bankCount: 0)?.members(vpCount: 3).count == 3)
    #expect(HypercallVPSet([2, 0, 0, 0, 0, 0, 0, 0], at: 0, bankCount: 0) == nil)
  }

  @Test func `a set of VTLs skips what is not enabled`() {
    let set = VTLSet(rawValue: 0b101)
    #expect(set.lowest(above: .vtl0) == .vtl2)
    #expect(set.highest(below: .vtl2) == .vtl0)
    #expect(set.lowest(above: .vtl2) == nil)
    #expect(set.highest(below: .vtl0) == nil)
    #expect(set.highest == .vtl2)
    #expect(VTLSet.empty.highest == nil)
    #expect(VTLSet(rawValue: 0x8000).highest(above: .vtl0)?.rawValue == 15)
    #expect(VTLSet(rawValue: 0xFFFF).lowest(above: VTL(15)) == nil)
  }

  @Test func `register names are the specification's`() {
    #expect(VPRegisterName.rsp.rawValue == 0x20004)
    #expect(VPRegisterName.general(15).rawValue == 0x2000F)
    #expect(VPRegisterName.cr8.rawValue == 0x40004)
    #expect(VPRegisterName.tr.rawValue == 0x60007)
    #expect(VPRegisterName.gdtr.rawValue == 0x70001)
    #expect(VPRegisterName.sfmask.rawValue == 0x8000B)
    #expect(VPRegisterName.apic(msr: 0x830).rawValue == 0x84830)
    #expect(VPRegisterName(rawValue: 0x84802).apicMSR == 0x802)
    #expect(VPRegisterName(rawValue: 0x84840).apicMSR == nil)
    #expect(VPRegisterName.vsmVPSecureConfig(.vtl0).rawValue == 0xD0010)
    #expect(VPRegisterName(rawValue: 0xD001F).secureConfigVTL == nil)
    #expect(VPRegisterName(rawValue: 0).secureConfigVTL == nil)
  }
}
