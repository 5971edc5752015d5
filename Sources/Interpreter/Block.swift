/// A decoded instruction. Registers are byte offsets into `CPUState`.
struct Op {
  /// What the loop does. `plain` unless it was fused with the next one or flags need not be set.
  var operation: Operation = .invalid
  /// The instruction alone, with all its effects.
  var plain: Operation = .invalid
  /// Destination, or the operand of ModRM.rm.
  var a: UInt8 = Offset.zero
  /// Source, or the operand of ModRM.reg.
  var b: UInt8 = Offset.zero
  var base: UInt8 = Offset.zero
  var index: UInt8 = Offset.zero
  /// The index is shifted left by this.
  var scale: UInt8 = 0
  /// The number of the segment: SS decides #SS against #GP.
  var segment: UInt8 = 3
  /// Not a plain 64-bit address: see `Addressing`.
  var addressing: UInt8 = 0
  /// Bytes of the instruction.
  var length: UInt8 = 0
  /// Instructions of the block before this one.
  var number: UInt8 = 0
  /// Operand size in bytes, where the operation does not tell.
  var width: UInt8 = 0
  /// Offset in the page of the instruction after it.
  var next: UInt16 = 0
  /// What the family makes of it: a condition, an opcode extension, prefixes.
  var detail: UInt16 = 0
  /// The third operand: the register of VEX.vvvv.
  var third: UInt8 = Offset.zero
  /// Of vector instructions: the bits of `Form`, and which one it is.
  var form: UInt8 = 0
  var vector: UInt8 = 0
  var displacement: UInt64 = 0
  var immediate: UInt64 = 0
}

/// Bits of `Op.addressing`.
enum Addressing {
  /// The segment's base is added, and its limit and rights are checked outside 64-bit mode.
  static var segmented: UInt8 { 1 }
  /// The offset is cut to 32 bits.
  static var address32: UInt8 { 2 }
  /// The offset is cut to 16 bits.
  static var address16: UInt8 { 4 }
}

/// Instructions of one page that run one after the other, up to a branch. The operations follow it in memory.
struct Block {
  /// The block at the branch's target, and the one after the last instruction, once known: on the same page.
  var taken: UnsafeMutablePointer<Block>?
  var fallThrough: UnsafeMutablePointer<Block>?
  /// Where it starts in its page.
  var offset: UInt16
  /// Instructions, which are also its ticks.
  var count: UInt16
  /// Operations, the closing one included.
  var operations: UInt16
  /// Not in the cache: links must not be set.
  var isTransient: Bool
  var backing: Int
  /// The unit of the page's block that was decoded before this one; 0 for none.
  var older: UInt32

  /// Room kept for the header, in units of `Op`.
  static var headerUnits: Int { 2 }
  /// Keeps `Op.number` small, and a page's blocks from overlapping too much.
  static var countLimit: Int { 64 }
}

extension UnsafeMutablePointer where Pointee == Block {
  @inline(__always)
  var ops: UnsafeMutablePointer<Op> {
    (UnsafeMutableRawPointer(self) + MemoryLayout<Op>.stride &* Block.headerUnits)
      .assumingMemoryBound(to: Op.self)
  }
}
