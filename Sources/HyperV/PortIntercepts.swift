import Architecture

/// The I/O ports at which a VTL stops the VTLs below it, on every VP: installed with HvCallInstallIntercept.
public struct PortIntercepts: Hashable, Sendable {
  /// As `PortBitmap` lays it out; empty while there are none.
  public private(set) var words: [UInt64] = []
  public init() {}

  public var isEmpty: Bool { words.isEmpty }

  /// Replaces what is intercepted at a port.
  mutating func set(_ port: UInt16, reads: Bool, writes: Bool) {
    if words.isEmpty { words = Array(repeating: 0, count: PortBitmap.wordCount) }
    for (isWrite, isOn) in [(false, reads), (true, writes)] {
      let (word, bit) = PortBitmap.place(of: port, isWrite: isWrite)
      words[word] = words[word] & ~bit | (isOn ? bit : 0)
    }
    if words.allSatisfy({ $0 == 0 }) { words = [] }
  }

  /// Whether an access of `size` bytes meets a port that is intercepted.
  public func catches(_ port: UInt16, size: Int, isWrite: Bool) -> Bool {
    guard !words.isEmpty else { return false }
    return words.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { PortBitmap.catches($0, port, size: size, isWrite: isWrite) } ?? false
    }
  }
}

extension HyperVPartition {
  /// The VTLs above the active one, enabled on its VP, that stop it at ports.
  public func portInterceptors(on vp: VPIndex) -> VTLSet {
    var found = VTLSet.empty
    for vtl in higherVTLs(on: vp) where !vtls[vtl].portIntercepts.isEmpty { found.insert(vtl) }
    return found
  }

  /// The lowest of them that stops it at this access.
  public func portInterceptor(on vp: VPIndex, _ port: UInt16, size: Int, isWrite: Bool) -> VTL? {
    higherVTLs(on: vp).first { vtls[$0].portIntercepts.catches(port, size: size, isWrite: isWrite) }
  }
}
