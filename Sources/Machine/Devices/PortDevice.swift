import Architecture
import Journal

/// A device at I/O ports.
///
/// A value: an access changes it and returns what it wants done. A new one is a file of its own, and a property and a
/// line in the list of `Devices`.
protocol PortDevice: SendableMetatype {
  /// What people call it.
  static var name: String { get }
  static var ports: [ClosedRange<UInt16>] { get }
  /// The interrupt line that is its own, as a global system interrupt; nil for none.
  static var line: UInt8? { get }
  /// When it does something by itself; `never` while nothing is armed.
  var due: VirtualTime { get }

  /// IN of 1, 2 or 4 bytes. A nil value: nothing answers.
  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect])
  /// OUT of 1, 2 or 4 bytes. Nil: nothing answers.
  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]?
  /// Does what is due.
  mutating func expire(at now: VirtualTime) -> [DeviceEffect]
}

extension PortDevice {
  static var line: UInt8? { nil }
  var due: VirtualTime { .never }
  mutating func expire(at now: VirtualTime) -> [DeviceEffect] { [] }
}

/// What a device wants done.
enum DeviceEffect: Hashable {
  /// Drive a line, counted as global system interrupts are: pin 0 of the IOAPIC is line 0.
  case line(UInt8, isHigh: Bool)
  /// Write this message: the device's interrupt by MSI.
  case message(MessageSignal)
  /// A byte has left the serial port.
  case transmit(UInt8)
  /// INTR, the output of the 8259 pair, may have changed.
  case interruptRequest
  /// Drive the NMI line of the board.
  case nonMaskable(isHigh: Bool)
  /// The guest ends the machine.
  case exit(UInt32)
  /// The guest asks for a reset.
  case reset
  /// Make or break a connection to a synthetic interrupt source, or raise one.
  case connection(ConnectionCommand)
}

/// The devices of the machine.
struct Devices {
  var serial: SerialPort
  var interruptController = InterruptController()
  var intervalTimer = IntervalTimer()
  var periodic = PeriodicDevice()
  var testLines = TestLines()
  var debugExit = DebugExit()
  var firmware: FirmwareConfiguration
  var clock = RealTimeClock()
  var powerManagementTimer = PowerManagementTimer()
  var configurationSpace = ConfigurationSpace()
  var resetControl = ResetControl()
  var testLatch = TestLatch()
  var connections = ConnectionDevice()

  /// All of them. Their places number them.
  static let all = [
    Entry(\.serial), Entry(\.periodic), Entry(\.testLines), Entry(\.debugExit), Entry(\.firmware), Entry(\.clock),
    Entry(\.powerManagementTimer), Entry(\.configurationSpace), Entry(\.resetControl), Entry(\.testLatch),
    Entry(\.interruptController), Entry(\.intervalTimer), Entry(\.connections),
  ]

  /// A device without its type.
  struct Entry: Sendable {
    let name: String
    let ports: [ClosedRange<UInt16>]
    let line: UInt8?
    let due: @Sendable (borrowing Devices) -> VirtualTime
    let read: @Sendable (inout Devices, UInt16, Int, VirtualTime) -> (value: UInt32?, effects: [DeviceEffect])
    let write: @Sendable (inout Devices, UInt16, Int, UInt32, VirtualTime) -> [DeviceEffect]?
    let expire: @Sendable (inout Devices, VirtualTime) -> [DeviceEffect]

    init<Device: PortDevice>(_ path: any WritableKeyPath<Devices, Device> & Sendable) {
      name = Device.name
      ports = Device.ports
      line = Device.line
      due = { $0[keyPath: path].due }
      read = { $0[keyPath: path].read($1, $2, at: $3) }
      write = { $0[keyPath: path].write($1, $2, $3, at: $4) }
      expire = { $0[keyPath: path].expire(at: $1) }
    }
  }

  /// By port: the number of the device, or 255.
  private static let owners: [UInt8] = {
    var owners = [UInt8](repeating: 255, count: 0x1_0000)
    for (number, device) in all.enumerated() {
      for port in device.ports.joined() where owners[Int(port)] == 255 { owners[Int(port)] = UInt8(number) }
    }
    return owners
  }()

  /// The number of the device at a port.
  static func owner(of port: UInt16) -> Int? {
    let number = owners[Int(port)]
    return number == 255 ? nil : Int(number)
  }

  /// When each does something by itself. To ask them all takes longer than most accesses.
  private(set) var dues = [VirtualTime](repeating: .never, count: all.count)

  /// When the first of them does something by itself.
  var due: VirtualTime { dues.min() ?? .never }

  /// To be called after each change of device `number`.
  mutating func noteDue(of number: Int) { dues[number] = Self.all[number].due(self) }
}
