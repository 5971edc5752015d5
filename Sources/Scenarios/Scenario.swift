import Guests
import Machine

/// A guest, the machine it wants, and what there is to see.
public struct Scenario: Sendable {
  /// What `--scenario` takes; stuck scenarios are named for the way they get stuck.
  public var name: String
  /// The catalogue number of the signature it gets stuck with, such as "S2"; nil when it is healthy.
  public var signature: String?
  /// What the list is grouped by.
  public var topic: Topic
  /// One line for `--list-scenarios`.
  public var summary: String
  /// The guest program, see `GuestImage`.
  public var guest: String
  public var configuration: Configuration

  init(
    _ name: String, _ signature: String?, _ topic: Topic, _ summary: String, guest: String? = nil,
    _ configuration: Configuration
  ) {
    self.name = name
    self.signature = signature
    self.topic = topic
    self.summary = summary
    self.guest = guest ?? name
    self.configuration = configuration
  }

  public enum Topic: Int, Sendable, CaseIterable {
    case healthy, processors, localAPIC, timers, addresses, devices, vtls

    public var title: String {
      switch self {
      case .healthy: "Healthy"
      case .processors: "Start-up and halts"
      case .localAPIC: "Local APICs that hold back or turn away"
      case .timers: "Timers"
      case .addresses: "Requests that miss"
      case .devices: "Devices, the IOAPIC and MSI"
      case .vtls: "VTLs"
      }
    }
  }

  /// The guest's ELF64 image.
  public var image: [UInt8] {
    guard let image = GuestImage.named(guest) else { preconditionFailure("no guest program is named \(guest)") }
    return image
  }

  public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }

  /// The scenario without its one mistake, as with `--append near-miss`; nil for one that makes none.
  public var nearMiss: Scenario? {
    guard signature != nil else { return nil }
    var result = self
    result.configuration.commandLine = Self.nearMissWord
    return result
  }

  /// The word on a stuck guest's command line that makes it a near miss.
  public static var nearMissWord: String { "near-miss" }
}
