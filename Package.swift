// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// For the rooms that run between any two exits of the guest: their one thread owns everything they touch, and the
/// checks of exclusive access, which debug builds keep, take half of the time of a guest that spins.
let hot: [SwiftSetting] =
  settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// A library target and everything it may import. The order of the list below is the order to read the code in.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], isHot: Bool = false
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: isHot ? hot : settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
  name: "vtlscope",
  products: [.executable(name: "vtlscope", targets: ["vtlscope"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // The vocabulary.
    library("Architecture"),
    library("Journal", ["Architecture"]),

    // The machine.
    library("Memory", ["Architecture"]),
    library("Interpreter", ["Architecture", "Memory"], isHot: true),
    library("Interrupts", ["Architecture", "Journal"]),
    library("HyperV", ["Architecture", "Journal"]),
    library(
      "Machine", ["Architecture", "Journal", "Memory", "Interpreter", "Interrupts", "HyperV"], isHot: true),

    // What is seen of it.
    .target(name: "CVTLScope"),
    library("Region", ["Architecture", "Journal", "CVTLScope"]),
    library("Host", ["Architecture", "Journal", "Machine", "Region"]),
    library("Diagnosis", ["Architecture", "Journal", "Interrupts"], exclude: ["README.md"]),
    library("Inspector", ["Architecture", "Journal", "Interrupts", "Diagnosis"]),
    .target(name: "CNcurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    library("Terminal", ["Inspector", "CNcurses"]),

    // Guests, and the programs.
    .executableTarget(name: "EmbedImage", swiftSettings: settings),
    .plugin(
      name: "GuestBuild", capability: .buildTool(), dependencies: ["EmbedImage"], path: "Sources/GuestBuild"),
    .target(
      name: "Guests", exclude: ["README.md", "include", "runtime", "programs"], swiftSettings: settings,
      plugins: ["GuestBuild"]),
    library("Scenarios", ["Architecture", "Journal", "Machine", "Guests"]),
    .executableTarget(
      name: "vtlscope",
      dependencies: [
        "Architecture", "Journal", "Machine", "Region", "Host", "Diagnosis", "Inspector", "Terminal", "Scenarios",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Bench",
      dependencies: [
        "Architecture", "Journal", "Memory", "Interpreter", "Interrupts", "Machine", "Region", "Host", "Scenarios",
        "Guests",
      ],
      swiftSettings: settings),

    tests("ArchitectureTests", ["Architecture"]),
    tests("MachineTests", ["Architecture", "Interpreter", "Interrupts", "Journal", "Machine", "Memory", "Scenarios"]),
    .target(
      name: "FuzzTargets", dependencies: ["Architecture", "Memory", "Interpreter", "Machine"],
      path: "Tests/FuzzTargets", swiftSettings: settings),
    tests("FuzzTests", ["FuzzTargets"], resources: [.copy("Corpus")]),
    tests("HostTests", ["Architecture", "Journal", "Machine", "Region", "Host", "Scenarios"]),
    tests("JournalTests", ["Architecture", "Journal"]),
    tests("MemoryTests", ["Architecture", "Memory"]),
    .target(name: "HostOracle", path: "Tests/HostOracle"),
    tests("InterpreterTests", ["Architecture", "Memory", "Interpreter", "HostOracle"]),
    tests("InterruptsTests", ["Architecture", "Journal", "Interrupts"]),
    tests("GuestsTests", ["Guests"]),
    tests("ScenariosTests", ["Architecture", "Diagnosis", "Guests", "Journal", "Machine", "Scenarios"]),
    tests("HyperVTests", ["Architecture", "Journal", "HyperV"]),
    tests("RegionTests", ["Architecture", "Journal", "Region", "CVTLScope", "RegionVictim"]),
    .executableTarget(
      name: "RegionVictim", dependencies: ["Architecture", "Journal", "Region"], path: "Tests/RegionVictim",
      swiftSettings: settings),
    tests("TerminalTests", ["Inspector", "Terminal"]),
    tests("ScreenTests", ["Architecture", "Journal", "Region"]),
    tests("DiagnosisTests", ["Architecture", "Journal", "Diagnosis"]),
    tests(
      "InspectorTests", ["Architecture", "Journal", "Interrupts", "Diagnosis", "Inspector"],
      resources: [.copy("Golden")]),
  ],
  swiftLanguageModes: [.v6]
)
