import Architecture
import Journal
import Machine
import Testing

/// Expected values: the Multiboot Specification 0.6.96, and what `qemu -kernel` puts where.
@Suite("Multiboot images")
struct MultibootTests {
  /// A guest whose header is followed by `code`, at its entry.
  private func image(_ code: [UInt8], elf64: Bool = false) throws -> ELFImage {
    var sample = SampleELF()
    let header = SampleELF.multibootHeader(flags: 3)
    sample.code = header + code
    sample.entry = sample.address + UInt64(header.count)
    sample.memorySize = 0x2000
    return try ELFImage(elf64 ? sample.bytes : sample.bytes32)
  }

  /// 32-bit code that ends the machine with the value of EAX.
  private static let exitWithEAX: [UInt8] = [0x66, 0xBA, 0xF4, 0x00, 0xEF]

  /// Runs `code`, which leaves a value in EAX, and gives that value.
  private func run(
    _ code: [UInt8], elf64: Bool = false, arguments: String = "", module: BootModule? = nil
  ) throws -> UInt32 {
    let recorder = Recorder()
    let partition = try recorder.partition(
      Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 128 << 20, commandLine: arguments))
    try partition.load(try image(code + Self.exitWithEAX, elf64: elf64), name: "image", module: module)
    _ = partition.advance(slices: 100)
    #expect(partition.stopCause == .debugExit)
    return partition.exitStatus
  }

  @Test(arguments: [false, true])
  func `the guest starts in protected mode with the loader's magic in EAX`(elf64: Bool) throws {
    #expect(try run([], elf64: elf64) == 0x2BAD_B002)
    // MOV EAX, CR0: PE and ET, no paging.
    #expect(try run([0x0F, 0x20, 0xC0], elf64: elf64) == 0x11)
    // MOV EAX, CS; MOV EAX, SS.
    #expect(try run([0x8C, 0xC8], elf64: elf64) == 8)
    #expect(try run([0x8C, 0xD0], elf64: elf64) == 0x10)
  }

  @Test(
    arguments: [
      (0, 0x247), (4, 0x27F), (8, 0x1_FB80), (12, 0x8000_FFFF), (20, 0), (44, 6 * 24), (48, 0x9000),
    ] as [(UInt8, UInt32)])
  func `the information tells of 128 MiB`(offset: UInt8, value: UInt32) throws {
    // MOV EAX, [EBX + offset]
    #expect(try run([0x8B, 0x43, offset]) == value)
  }

  @Test func `the memory map's RAM above 1 MiB ends where the firmware's tables are`() throws {
    // MOV EAX, [9000h + 3 x 24 + field]: the fourth entry's size, base and length.
    for (field, value) in [(0, 20), (4, 0x10_0000), (12, 0x7EE_0000), (20, 1)] as [(UInt32, UInt32)] {
      #expect(try run([0xA1] + Code.little(0x9048 + field)) == value)
    }
  }

  @Test func `the command line is the image's name and the arguments`() throws {
    // MOV EAX, [EBX + 16]; MOV EAX, [EAX + 4]: its second four characters.
    #expect(try run([0x8B, 0x43, 16, 0x8B, 0x40, 4], arguments: "abc") == 0x6261_2065)  // "e ab"
  }

  @Test func `the platform is as firmware leaves it`() throws {
    // IN AL, 21h and IN AL, A1h: only the tick and the slave are let through.
    #expect(try run([0x31, 0xC0, 0xE4, 0x21]) == 0xFA)
    #expect(try run([0x31, 0xC0, 0xE4, 0xA1]) == 0xFF)
    // MOV EAX, [FEE00350h] and [FEE00360h]: LINT0 is ExtINT, LINT1 NMI, neither masked.
    #expect(try run([0xA1] + Code.little(UInt32(0xFEE0_0350))) & 0x1_0700 == 0x700)
    #expect(try run([0xA1] + Code.little(UInt32(0xFEE0_0360))) & 0x1_0700 == 0x400)
    // MOV EAX, [vector x 4]; MOV ECX, EAX; SHR ECX, 16; SHL ECX, 4; MOVZX EAX, AX; MOV EAX, [EAX + ECX]
    // What is at vectors 3, 08h and 70h: IRET; PUSH AX, MOV AL, 20h, OUT 20h; the same to A0h.
    for (vector, code) in [(3, 0xCF), (0x08, 0xE620_B050), (0x70, 0xE620_B050)] as [(UInt32, UInt32)] {
      let follow: [UInt8] = [0x89, 0xC1, 0xC1, 0xE9, 16, 0xC1, 0xE1, 4, 0x0F, 0xB7, 0xC0, 0x8B, 0x04, 0x08]
      let read = try run([0xA1] + Code.little(vector * 4) + follow)
      #expect(vector == 3 ? read & 0xFF == code : read == code)
    }
  }

  @Test func `the firmware's tick comes at vector 8, 18.2 times a second`() throws {
    // MOV DWORD [200040h], 8:low; MOV DWORD [200044h], high | 8E00h: gate 8. LIDT [2000F0h]; STI; HLT
    let handler: [UInt8] = [0xB8] + Code.little(UInt32(0x5A)) + Self.exitWithEAX
    let entry = UInt32(SampleELF().address) + UInt32(SampleELF.multibootHeader(flags: 3).count)
    func code(_ at: UInt32) -> [UInt8] {
      [0xC7, 0x05] + Code.little(UInt32(0x20_0040)) + Code.little(0x8_0000 | at & 0xFFFF)
        + [0xC7, 0x05] + Code.little(UInt32(0x20_0044)) + Code.little(at & 0xFFFF_0000 | 0x8E00)
        + [0x66, 0xC7, 0x05] + Code.little(UInt32(0x20_00F0)) + [0xFF, 0x07]
        + [0xC7, 0x05] + Code.little(UInt32(0x20_00F2)) + Code.little(UInt32(0x20_0000))
        + [0x0F, 0x01, 0x1D] + Code.little(UInt32(0x20_00F0)) + [0xFB, 0xF4, 0xEB, 0xFE]
    }
    let at = entry + UInt32(code(0).count)
    let recorder = Recorder()
    let partition = try recorder.partition(Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 128 << 20))
    try partition.load(try image(code(at) + handler), name: "image", module: nil)
    while case .idle(let until?) = partition.advance(slices: 200), until < VirtualTime(ticks: 1_000_000_000) {
      partition.warp(to: until)
    }
    #expect(partition.stopCause == .debugExit)
    #expect(partition.exitStatus == 0x5A)
    // 65,536 / 1,193,182 s = 54.9254 ms.
    let milliseconds = Double(partition.clock.rawValue) / 1e6
    #expect((54.92...54.95).contains(milliseconds))
  }

  @Test func `a module is told of by its start and end`() throws {
    let module = BootModule(name: "initrd", bytes: Array("NR_CPUS=2\n".utf8))
    // MOV EAX, [EBX + 20]; MOV ECX, [EBX + 24]; MOV EAX, [ECX + 4]; SUB EAX, [ECX]
    #expect(try run([0x8B, 0x43, 20], module: module) == 1)
    #expect(try run([0x8B, 0x4B, 24, 0x8B, 0x41, 4, 0x2B, 0x01], module: module) == 10)
    // MOV EAX, [ECX]; MOV EAX, [EAX]
    #expect(try run([0x8B, 0x4B, 24, 0x8B, 0x01, 0x8B, 0x00], module: module) == 0x435F_524E)  // "NR_C"
  }

  @Test func `an image in the first MiB keeps its bytes, and the information goes elsewhere`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition(Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 2 << 20))
    var sample = SampleELF()
    sample.address = 0x8000
    let header = SampleELF.multibootHeader(flags: 3)
    sample.entry = sample.address + UInt64(header.count)
    // MOV ECX, [9000h]; MOV EDX, [EBX + 48]; MOV EAX, [EDX]; SUB EAX, ECX: the map's first word, and the image's own.
    sample.code = header + [0x8B, 0x0D] + Code.little(UInt32(0x9000)) + [0x8B, 0x53, 48, 0x8B, 0x02, 0x29, 0xC8]
    sample.code += Self.exitWithEAX
    sample.code += [UInt8](repeating: 0, count: 0x1000 - sample.code.count) + [5, 0, 0, 0]
    sample.memorySize = 0x2000
    try partition.load(try ELFImage(sample.bytes32))
    _ = partition.advance(slices: 100)
    #expect(partition.stopCause == .debugExit)
    #expect(partition.exitStatus == 20 - 5)
  }

  @Test func `what does not fit is refused in words`() throws {
    let recorder = Recorder()
    let partition = try recorder.partition(Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 2 << 20))
    let large = BootModule(name: "initrd", bytes: [UInt8](repeating: 0, count: 2 << 20))
    #expect(throws: ImageError.self) { try partition.load(try image([0xF4]), module: large) }
    var sample = SampleELF()
    sample.code = [0xF4]
    let plain = try ELFImage(sample.bytes)
    #expect(throws: ImageError.self) { try partition.load(plain, module: large) }
  }

  @Test func `every truncation and 20,000 random changes of a 32-bit file are refused or read`() {
    var sample = SampleELF()
    sample.code = SampleELF.multibootHeader(flags: 3) + [0xF4]
    let whole = sample.bytes32
    for count in 0..<whole.count { _ = try? ELFImage(Array(whole[..<count])) }
    var seed: UInt64 = 1
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<3 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 24)
      }
      _ = try? ELFImage(bytes)
    }
  }
}
