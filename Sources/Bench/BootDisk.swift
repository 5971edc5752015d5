/// A disk whose first sector loads 64-bit code to 10000h and starts it, for emulators that begin with a BIOS.
///
/// The code finds what it finds in `vtlscope run` too: 64-bit mode, memory mapped to itself in pages of 2 MiB, a stack,
/// interrupts disabled.
enum BootDisk {
  static var codeAddress: UInt64 { 0x10000 }
  static var sectors: Int { 80 }
  static var codeLimit: Int { sectors * 512 }
  /// The geometry that Bochs is told.
  static let cylinders = 20
  private static var bytes: Int { cylinders * 16 * 63 * 512 }

  static func image(_ code: [UInt8]) -> [UInt8] {
    precondition(code.count <= codeLimit, "what the boot sector loads")
    var disk = bootSector + [UInt8](repeating: 0, count: 510 - bootSector.count) + [0x55, 0xAA] + code
    disk += [UInt8](repeating: 0, count: bytes - disk.count)
    return disk
  }

  /// At 7C00h, in real mode, DL = the disk.
  private static let bootSector: [UInt8] =
    [
      0xFA,  // cli
      0x31, 0xC0,  // xor ax, ax
      0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0,  // mov ds, ax; mov es, ax; mov ss, ax
      0xBC, 0x00, 0x7C,  // mov sp, 0x7C00
      0xBE, 0x94, 0x7C,  // mov si, packet
      0xB4, 0x42, 0xCD, 0x13,  // mov ah, 0x42; int 0x13: read sectors
      0xE4, 0x92, 0x0C, 0x02, 0xE6, 0x92,  // in al, 0x92; or al, 2; out 0x92, al: the A20 gate
      0xFC,  // cld
      0xBF, 0x00, 0x10,  // mov di, 0x1000
      0x31, 0xC0,  // xor ax, ax
      0xB9, 0x00, 0x10, 0xF3, 0xAB,  // mov cx, 0x1000; rep stosw
      0xC7, 0x06, 0x00, 0x10, 0x03, 0x20,  // mov word [0x1000], 0x2003: PML4
      0xC7, 0x06, 0x00, 0x20, 0x03, 0x30,  // mov word [0x2000], 0x3003: PDPT
      0xBF, 0x00, 0x30,  // mov di, 0x3000: 512 pages of 2 MiB
      0x66, 0xB8, 0x83, 0x00, 0x00, 0x00,  // mov eax, 0x83
      0x66, 0x89, 0x05,  // next: mov [di], eax
      0x83, 0xC7, 0x08,  // add di, 8
      0x66, 0x05, 0x00, 0x00, 0x20, 0x00,  // add eax, 0x200000
      0x81, 0xFF, 0x00, 0x40, 0x72, 0xEE,  // cmp di, 0x4000; jb next
      0x0F, 0x01, 0x16, 0xBC, 0x7C,  // lgdt [gdtr]
      0x66, 0xB8, 0x20, 0x00, 0x00, 0x00, 0x0F, 0x22, 0xE0,  // mov eax, 0x20; mov cr4, eax: PAE
      0x66, 0xB8, 0x00, 0x10, 0x00, 0x00, 0x0F, 0x22, 0xD8,  // mov eax, 0x1000; mov cr3, eax
      0x66, 0xB9, 0x80, 0x00, 0x00, 0xC0, 0x0F, 0x32,  // mov ecx, 0xC0000080; rdmsr: EFER
      0x0D, 0x00, 0x01, 0x0F, 0x30,  // or ax, 0x100; wrmsr: LME
      0x66, 0xB8, 0x11, 0x00, 0x00, 0x80, 0x0F, 0x22, 0xC0,  // mov eax, 0x80000011; mov cr0, eax: PG, PE
      0xEA, 0x7D, 0x7C, 0x08, 0x00,  // jmp 8:long
      0xB8, 0x10, 0x00, 0x00, 0x00,  // long: mov eax, 0x10
      0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0,  // mov ds, eax; mov es, eax; mov ss, eax
      0xBC, 0x00, 0x00, 0x08, 0x00,  // mov esp, 0x80000
      0xB8, 0x00, 0x00, 0x01, 0x00, 0xFF, 0xE0,  // mov eax, 0x10000; jmp rax
      // packet: its size, how many sectors, to 1000h:0000h, from sector 1 on
      0x10, 0x00, UInt8(sectors), 0x00, 0x00, 0x00, 0x00, 0x10, 0x01, 0, 0, 0, 0, 0, 0, 0,
      // Null, 64-bit code, data.
      0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0x9B, 0xAF, 0, 0xFF, 0xFF, 0, 0, 0, 0x93, 0xCF, 0,
      0x17, 0x00, 0xA4, 0x7C, 0x00, 0x00,  // gdtr: limit and address
    ]
}

/// The least ELF64 file that has `code` at `address` and is entered there.
func executable(_ code: [UInt8], at address: UInt64) -> [UInt8] {
  func little(_ value: UInt64, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
  let size = little(UInt64(code.count), 8)
  // ELF header: identification, ET_EXEC, x86-64, version, entry, program headers at 64, no sections, sizes and counts.
  let header =
    [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + little(0, 9) + little(2, 2) + little(62, 2) + little(1, 4) + little(address, 8)
    + little(64, 8) + little(0, 12) + little(64, 2) + little(56, 2) + little(1, 2) + little(0, 6)
  // PT_LOAD, RWX: offset, addresses, sizes, alignment.
  return header + little(1, 4) + little(7, 4) + little(120, 8) + little(address, 8) + little(address, 8) + size + size
    + little(16, 8) + code
}
