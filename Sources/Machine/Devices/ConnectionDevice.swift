import Architecture
import Journal

/// The SynIC test device of kvm-unit-tests, QEMU's `hyperv-testdev`: a 32-bit write to port 3000h makes or breaks a
/// connection, or raises a synthetic interrupt source. It reads zeros.
struct ConnectionDevice: PortDevice {
  static var name: String { "SynIC test device" }
  static var ports: [ClosedRange<UInt16>] { [0x3000...0x3003] }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (0, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    guard port == 0x3000, size == 4, let command = ConnectionCommand(value) else { return nil }
    return [.connection(command)]
  }
}

/// What is written: SINT 7:0, VP index 15:8, operation 23:16, connection 31:24.
struct ConnectionCommand: Hashable {
  enum Operation: UInt8, Hashable {
    case makeRoute = 1
    case breakRoute = 2
    /// Raise the source.
    case signalRoute = 3
    case makeMessageConnection = 4
    case breakMessageConnection = 5
    case makeEventConnection = 6
    case breakEventConnection = 7
  }
  var operation: Operation
  var vp: VPIndex
  var sint: UInt8
  var connection: UInt8

  init?(_ value: UInt32) {
    guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: value &>> 16)) else { return nil }
    self.operation = operation
    sint = UInt8(truncatingIfNeeded: value)
    vp = VPIndex(rawValue: value &>> 8 & 0xFF)
    connection = UInt8(truncatingIfNeeded: value &>> 24)
  }

  var kind: ConnectionKind {
    switch operation {
    case .makeRoute, .breakRoute, .signalRoute: .route
    case .makeMessageConnection, .breakMessageConnection: .message
    case .makeEventConnection, .breakEventConnection: .event
    }
  }

  /// A route has no ID: it is the one to its source.
  func id(in vtl: VTL) -> UInt32 {
    kind == .route ? UInt32(vtl.rawValue) &<< 16 | vp.rawValue &<< 8 | UInt32(sint) : UInt32(connection)
  }
}
