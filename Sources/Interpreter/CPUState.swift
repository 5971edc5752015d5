import Architecture

/// How the arithmetic flags follow from the last operation that set them.
///
/// Operands and results are kept sign-extended to 64 bits, so the kinds need not know the operand's width.
enum FlagKind: UInt8 {
  /// They are in `flagBits` as they are in RFLAGS.
  case explicit
  /// AND, OR, XOR, TEST: CF = OF = AF = 0.
  case logic
  case add
  case sub
  /// INC and DEC: CF is bit 0 of `flagB`.
  case increment
  case decrement
  /// ZF, SF and PF from the result; CF is bit 0 and OF bit 1 of `flagB`, AF bit 4 of `flagA`.
  case given
}

/// Everything the interpreter's loop touches of one VP, in raw memory: reached by pointer, registers by byte offset.
///
/// The first three members have fixed places, see `Offset`.
struct CPUState {
  /// 0...15 the general registers; `zero`, `page` and `scratch` as in `Offset`.
  var registers: InlineArray<20, UInt64>
  /// ES CS SS DS FS GS TR LDTR.
  var segments: InlineArray<8, SegmentRegister>
  /// XMM0...XMM15, low half first.
  var vectors: InlineArray<32, UInt64>
  /// Bits 255:128 of YMM0...YMM15.
  var uppers: InlineArray<32, UInt64>
  /// The x87 registers by number, not by place in the stack: significand, then sign and exponent.
  var floats: InlineArray<16, UInt64>

  // The loop.
  /// Ticks left of the slice; negative when the last instruction's cost went over.
  var remaining: Int64
  var flagResult: UInt64
  var flagA: UInt64
  var flagB: UInt64
  var flagBits: UInt64
  /// RFLAGS without OF SF ZF AF PF CF.
  var systemFlags: UInt64
  var rip: UInt64
  /// The current privilege level's and VTL's translations.
  var tlb: UnsafeMutablePointer<TLBEntry>
  var jumps: UnsafeMutablePointer<JumpEntry>
  var fetches: UnsafeMutablePointer<FetchEntry>
  var bank: UnsafeMutablePointer<TLBBank>
  var banks: UnsafeMutablePointer<TLBBank>
  /// Marks the jump entries that are valid now.
  var stamp: UInt64
  var flagKind: FlagKind
  /// 0 in 64-bit mode, 1 with a 32-bit and 2 with a 16-bit code segment.
  var mode: CodeMode
  var cpl: UInt8
  /// Memory-mapped registers may be touched: exactly one instruction runs, then `run` looks.
  var isSingle: Bool
  /// The last instruction was STI or loaded SS: no interrupt is taken before the next one is done.
  var shadow: Bool
  /// The last instruction loaded SS: debug exceptions wait as well (SDM Vol. 3A, 6.8.3).
  var stackShadow: Bool
  var nmiBlocked: Bool
  var isShutdown: Bool
  var interruptWindowRequested: Bool
  /// TF was set when the instruction started, and nothing it did takes the trap after it away.
  var isTrapDue: Bool
  /// The same of an instruction that the machine completes.
  var isTrapDueOnCompletion: Bool
  /// Unaligned data accesses are #AC: CPL 3 with CR0.AM and RFLAGS.AC.
  var checksAlignment: Bool
  /// EFER.NXE cannot be set, see `Processor.refusesNoExecute`.
  var refusesNoExecute: Bool
  /// IA32_MISC_ENABLE, which the machine keeps: to see what a write changes.
  var miscellaneousEnables: UInt64
  /// The PDPTE registers have to be read again before they are used.
  var arePointersStale: Bool
  var vtl: UInt8
  /// Set by delivering an exception of this instruction, until it is delivered.
  var fault: Fault

  // Debugging.
  /// DR6 bits of the debug exception that comes before the next instruction.
  var pendingDebug: UInt64
  /// Which of DR0...DR3 are enabled for what: a bit each.
  var codeBreakpoints: UInt8
  var dataBreakpoints: UInt8
  var portBreakpoints: UInt8
  /// Counts changes of the enabled breakpoints: translations made under others are void.
  var breakpointEpoch: UInt64

  // Time.
  var sliceTicks: Int64
  /// Ticks of this slice that are not retired instructions: costs above 1, and faults.
  var extraTicks: Int64
  var tscBase: UInt64

  // System registers.
  var cr0: UInt64
  var cr2: UInt64
  var cr3: UInt64
  var cr4: UInt64
  var efer: UInt64
  /// The page-directory-pointer-table entries of PAE paging (SDM Vol. 3A, 4.4.1).
  var pointers: InlineArray<4, UInt64>
  var pkru: UInt32
  var dr: InlineArray<8, UInt64>
  var gdtr: TableRegister
  var idtr: TableRegister
  var star: UInt64
  var lstar: UInt64
  var cstar: UInt64
  var sfmask: UInt64
  var sysenterCS: UInt64
  var sysenterESP: UInt64
  var sysenterEIP: UInt64
  var pat: UInt64
  var kernelGSBase: UInt64
  var tscAux: UInt64
  var mxcsr: UInt32
  var fpuControl: UInt16
  var fpuStatus: UInt16
  /// A bit set: the register, by number, is not empty.
  var fpuTags: UInt8
  var fpuOpcode: UInt16
  var fpuInstruction: UInt64
  var fpuData: UInt64
  var xcr0: UInt64
  /// What higher VTLs hear of first.
  var intercepts: RegisterIntercepts
  var portIntercepts: UnsafePointer<UInt64>?
  /// Mode-based execution control is on for the VTL that runs.
  var isModeBased: Bool

  // The exit being made.
  var exit: Exit
  var pending: Pending
  /// The length of the instruction that left with an exit to be completed.
  var pendingLength: UInt8
  /// The length of the branch whose target is looked up now; 0 where something else led there.
  var branchLength: UInt8
  /// Values of MMIO reads that the instruction at RIP has already made.
  var readCount: Int
  var readCursor: Int
  var reads: InlineArray<8, MMIOAccess>
  /// An event whose delivery was intercepted: it is delivered before anything else.
  var held: HeldEvent?
  /// Posted MMIO writes the machine has not seen yet.
  var writeCount: Int
  var writes: InlineArray<8, MMIOAccess>

  // The log.
  var exceptionCount: UInt64
  var lastException: Fault
  var lastExceptionRIP: UInt64
}

/// Byte offsets into `CPUState`, as decoded operations have them.
enum Offset {
  static var rsp: Int { 32 }
  static var zero: UInt8 { 128 }
  /// RIP at the start of the linear page that is being run.
  static var page: UInt8 { 136 }
  static var scratch: UInt8 { 144 }
  static var segments: Int { 160 }
  /// FS.base and GS.base, for addresses in 64-bit mode.
  static var fsBase: UInt8 { 224 }
  static var gsBase: UInt8 { 240 }
  static var vectors: Int { 288 }
}

/// How instructions are decoded: by the code segment's L and D bits.
enum CodeMode: UInt8 {
  case bits64, bits32, bits16
}

/// What the machine has to complete before the next run.
enum Pending: UInt8 {
  case none
  /// A register takes the value: the operand is in `reads[0].size`.
  case portIn
  case readMSR
  case mmioRead
  case readTaskPriority
  case cpuid
  /// The instruction is done when the machine says so.
  case write
  case intercept

  /// The instruction's tick is used and it counts as retired; the others run again.
  var isPaid: Bool { self != .mmioRead && self != .intercept && self != .none }
}

struct MMIOAccess {
  var gpa: UInt64
  var value: UInt64
  var size: Int
}

/// One translation. A tag is the page's linear address, or 1 where there is none.
struct TLBEntry {
  var readTag: UInt64
  /// Absent for pages that hold decoded code, too.
  var writeTag: UInt64
  /// Host address of the page minus its linear address.
  var addend: UInt64
  /// As `writeTag`, but present for pages with code.
  var writableTag: UInt64

  static var empty: Self { TLBEntry(readTag: 1, writeTag: 1, addend: 0, writableTag: 1) }
  static var count: Int { 1024 }
}

/// From an instruction address to its block.
struct JumpEntry {
  var rip: UInt64
  var stamp: UInt64
  var block: UnsafeMutablePointer<Block>?

  static var empty: Self { JumpEntry(rip: 0, stamp: 0, block: nil) }
  static var count: Int { 1024 }
}
