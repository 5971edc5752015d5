import Architecture

/// The page that a guest calls into: read-only and executable, one per VTL (TLFS, "Hypercall Interface").
public enum HypercallPage {
  /// Where the stubs for 64-bit callers are.
  public static var offsets64: VSMCodePageOffsets { VSMCodePageOffsets(call: 0x0F, return: 0x26) }
  /// Where the stubs for 32-bit callers are.
  public static var offsets32: VSMCodePageOffsets { VSMCodePageOffsets(call: 0x04, return: 0x1B) }

  /// All 4096 bytes. What is not code is INT3.
  public static var bytes: [UInt8] {
    var page = [UInt8](repeating: 0xCC, count: 4096)
    func put(_ code: [UInt8], at offset: Int) {
      page.replaceSubrange(offset..<offset + code.count, with: code)
    }
    put(vmcallAndReturn, at: 0)
    put(stub32(.vtlCall), at: offsets32.call)
    put(stub64(.vtlCall), at: offsets64.call)
    put(stub32(.vtlReturn), at: offsets32.return)
    put(stub64(.vtlReturn), at: offsets64.return)
    return page
  }

  /// VMCALL; RET.
  private static var vmcallAndReturn: [UInt8] { [0x0F, 0x01, 0xC1, 0xC3] }

  /// MOV RAX, RCX; MOV ECX, code; VMCALL; RET.
  private static func stub64(_ code: HypercallCode) -> [UInt8] {
    [0x48, 0x89, 0xC8, 0xB9, UInt8(truncatingIfNeeded: code.rawValue), 0, 0, 0] + vmcallAndReturn
  }

  /// MOV ECX, EAX; MOV EAX, code; VMCALL; RET.
  private static func stub32(_ code: HypercallCode) -> [UInt8] {
    [0x89, 0xC1, 0xB8, UInt8(truncatingIfNeeded: code.rawValue), 0, 0, 0] + vmcallAndReturn
  }
}
