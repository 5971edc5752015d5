import Architecture
import Memory

/// For those who look on: nothing here changes the guest.
extension Interpreter {
  /// Where a linear address leads now, without setting accessed bits; nil when it is not mapped.
  public func translate(_ address: GVA, of processor: Processor) -> GPA? {
    let c = processor.state
    guard c.pointee.cr0 & CR0.paging.rawValue != 0 else { return GPA(address.rawValue & 0xFFFF_FFFF) }
    if c.isLongModeActive, !isCanonical(address.rawValue) { return nil }
    let saved = (c.pointee.fault, c.pointee.exit, c.pointee.pending)
    defer { (c.pointee.fault, c.pointee.exit, c.pointee.pending) = saved }
    var steps = InlineArray<4, TableStep>(repeating: TableStep())
    return (try? tables(c, address.rawValue, .read, .supervisor, &steps)).map { GPA($0.gpa) }
  }

  /// Up to `count` bytes at RIP, fewer where it is not mapped. A page is looked up once.
  public func instructionBytes(of processor: Processor, count: Int = 15) -> [UInt8] {
    let c = processor.state
    let base = c.isLong ? 0 : c.segment(1).pointee.base
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      let address = linear(c, base &+ c.pointee.rip &+ UInt64(bytes.count))
      let onPage = min(count - bytes.count, 4096 - Int(address & 0xFFF))
      guard let gpa = translate(GVA(address), of: processor),
        let found = memory.read(gpa, count: onPage, vtl: processor.vtl)
      else { break }
      bytes += found
    }
    return bytes
  }

  /// The length of the instruction at RIP that begins with these bytes; 0 where they do not suffice.
  public func instructionLength(of processor: Processor, _ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { buffer in
      guard let first = buffer.baseAddress else { return 0 }
      let mode = processor.state.pointee.mode
      var decoder = Decoder(bytes: first, at: 0, available: buffer.count, mode: mode, features: features)
      return decoder.decode() ? Int(decoder.op.length) : 0
    }
  }
}
