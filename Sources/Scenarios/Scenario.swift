import Guests
import Machine

/// A guest, the machine it wants, and what there is to see.
public struct Scenario: Sendable {
  /// What `--scenario` takes; stuck scenarios are named for the way they get stuck.
  public var name: String
  /// One line for `--list-scenarios`.
  public var summary: String
  /// The guest program, see `GuestImage`.
  public var guest: String
  public var configuration: Configuration

  init(_ name: String, _ summary: String, guest: String? = nil, _ configuration: Configuration) {
    self.name = name
    self.summary = summary
    self.guest = guest ?? name
    self.configuration = configuration
  }

  /// The guest's ELF64 image.
  public var image: [UInt8] {
    guard let image = GuestImage.named(guest) else { preconditionFailure("no guest program is named \(guest)") }
    return image
  }

  public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
