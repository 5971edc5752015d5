#if arch(x86_64)
  /// A piece of code to be run by the host's processor and by the interpreter, and what it leaves undefined.
  struct Form: Sendable {
    var name: String
    var bytes: [UInt8]
    /// Flags that the manual calls undefined after it.
    var undefined: UInt64
    /// Which of several NaNs in single precision becomes the result's is the processor's own (SDM Vol. 2, "DPPS").
    var leavesNaNOpen = false
    /// 64, or 32 for code that only 32-bit mode has.
    var bits = 64
  }

  /// Reads lines of `name | bytes | undefined flags`, where an `n` among the flags leaves open which NaN is the result.
  ///
  /// A name that ends in `*` stands for 8, 16, 32 and 64 bits, bit 0 of the opcode being the size; one in `+` for 16, 32
  /// and 64. The opcode is the bytes up to a `.`.
  func forms(_ text: String) -> [Form] {
    text.split(separator: "\n").flatMap { line -> [Form] in
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
      let name = String(fields[0].trimmingPrefix { $0 == " " })
      let halves = fields[1].split(separator: ".", omittingEmptySubsequences: false).map { hexBytes($0) }
      let opcode = halves[0]
      let tail = halves.count > 1 ? halves[1] : []
      let undefined = fields.count > 2 ? flagBits(fields[2]) : 0
      let leavesNaNOpen = fields.count > 2 && fields[2].contains("n")
      var variants: [[UInt8]] = [opcode]
      if name.contains("*") || name.contains("+") { variants = [opcode, [0x66] + opcode, [0x48] + opcode] }
      if name.contains("*") {
        var byte = opcode
        byte[byte.count - 1] &= 0xFE
        variants += [byte, [0x40] + byte]
      }
      return variants.map { Form(name: name, bytes: $0 + tail, undefined: undefined, leavesNaNOpen: leavesNaNOpen) }
    }
  }

  private func hexBytes(_ text: Substring) -> [UInt8] { text.split(separator: " ").compactMap { UInt8($0, radix: 16) } }

  private func flagBits(_ text: Substring) -> UInt64 {
    let bits: [Character: UInt64] = ["c": 1, "p": 4, "a": 0x10, "z": 0x40, "s": 0x80, "o": 0x800]
    return text.reduce(0) { $0 | (bits[$1] ?? 0) }
  }

  func hex(_ value: Int) -> String { String(value, radix: 16) }
#endif
