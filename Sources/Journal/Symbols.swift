/// The guest's own names for its code: `RIP` to `name+offset`.
public struct SymbolTable: Hashable, Sendable {
  public struct Symbol: Hashable, Sendable {
    public var address: UInt64
    /// As the guest's image spells it. Guest-controlled text: escape it before it reaches a terminal.
    public var name: String

    public init(address: UInt64, name: String) {
      self.address = address
      self.name = name
    }
  }

  /// Ordered by address.
  public private(set) var symbols: [Symbol]
  /// Nothing at or above this address is named.
  public private(set) var end: UInt64

  public init(_ symbols: [Symbol] = [], end: UInt64 = 0) {
    self.symbols = symbols.sorted { ($0.address, $0.name) < ($1.address, $1.name) }
    self.end = end
  }

  /// The symbol at or below `address`, and how far into it the address is.
  public func lookup(_ address: UInt64) -> (name: String, offset: UInt64)? {
    guard address < end, let first = symbols.first, first.address <= address else { return nil }
    var low = 0
    var high = symbols.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if symbols[middle].address <= address { low = middle } else { high = middle }
    }
    return (symbols[low].name, address - symbols[low].address)
  }

  /// `name+1c`, or nil when the address is not in named code.
  public func describe(_ address: UInt64) -> String? {
    guard let (name, offset) = lookup(address) else { return nil }
    return offset == 0 ? name : "\(name)+\(String(offset, radix: 16))"
  }
}
