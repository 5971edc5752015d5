import Interpreter

/// Which features of the core a guest may see: all of them, or those of a level, with single ones added or hidden.
public struct CPUModel: Hashable, Sendable {
  public var features: CPUFeatures

  public init(features: CPUFeatures) { self.features = features }

  /// Everything there is.
  public static var max: Self { Self(features: .all) }

  /// The models by name. The levels are those of the System V ABI's x86-64 supplement, 3.1.1, without what comes beside:
  /// x2APIC, the TSC deadline, and the protection that newer processors have.
  static let models: [(name: String, features: CPUFeatures)] = [
    ("max", .all), ("x86-64", level1), ("x86-64-v2", level2),
  ]
  private static var level1: CPUFeatures { [.syscall, .noExecute, .fpu, .mmx, .fxsr, .sse, .sse2] }
  private static var level2: CPUFeatures { level1.union([.cmpxchg16b, .popcnt, .sse3, .ssse3, .sse41, .sse42]) }

  /// Features by their names in Linux's /proc/cpuinfo, with a hyphen or an underscore.
  static let names: [(name: String, feature: CPUFeatures)] = [
    ("abm", .lzcnt), ("adx", .adx), ("avx", .avx), ("avx2", .avx2), ("bmi1", .bmi1), ("bmi2", .bmi2),
    ("clflushopt", .clflushopt), ("cx16", .cmpxchg16b), ("fpu", .fpu), ("fsgsbase", .fsgsbase), ("fxsr", .fxsr),
    ("invpcid", .invpcid), ("mmx", .mmx), ("movbe", .movbe), ("nx", .noExecute), ("pcid", .pcid),
    ("pku", .protectionKeys), ("pni", .sse3), ("popcnt", .popcnt), ("rdpid", .rdpid), ("rdtscp", .rdtscp),
    ("smap", .smap), ("smep", .smep), ("sse", .sse), ("sse2", .sse2), ("sse4-1", .sse41), ("sse4-2", .sse42),
    ("ssse3", .ssse3), ("syscall", .syscall), ("tsc-adjust", .tscAdjust), ("tsc-deadline", .tscDeadline),
    ("umip", .umip), ("x2apic", .x2apic), ("xsave", .xsave), ("xsaveopt", .xsaveopt),
  ]

  /// `MODEL[,+FEATURE|,-FEATURE]...`; a feature without a sign is added.
  public init(_ text: String) throws(CPUModelError) {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard let model = Self.models.first(where: { $0.name == words[0] }) else { throw .unknownModel(words[0]) }
    features = model.features
    for word in words.dropFirst() {
      let isHidden = word.hasPrefix("-")
      let name = isHidden || word.hasPrefix("+") ? String(word.dropFirst()) : word
      guard let feature = Self.feature(named: name) else { throw .unknownFeature(name) }
      if isHidden { features.subtract(feature) } else { features.formUnion(feature) }
    }
    // What needs a feature that is not there is not there either.
    for (feature, base) in Self.needs where !features.isSuperset(of: base) { features.subtract(feature) }
  }

  /// Each feature behind those it needs (SDM Vol. 1, chapters 10 to 14).
  private static let needs: [(feature: CPUFeatures, base: CPUFeatures)] = [
    (.mmx, .fpu), (.fxsr, .fpu), (.sse, [.mmx, .fxsr]), (.sse2, .sse), (.sse3, .sse2), (.ssse3, .sse3),
    (.sse41, .ssse3), (.sse42, .sse41), (.xsave, .fxsr), (.xsaveopt, .xsave), (.avx, [.xsave, .sse42]),
    (.avx2, .avx),
  ]

  private static func feature(named name: String) -> CPUFeatures? {
    let hyphenated = String(name.map { $0 == "_" ? "-" : $0 })
    return names.first { $0.name == hyphenated }?.feature
  }
}

/// What is wrong with the text of a CPU model, in one line.
public enum CPUModelError: Error, Hashable, CustomStringConvertible {
  case unknownModel(String)
  case unknownFeature(String)

  public var description: String {
    switch self {
    case .unknownModel(let name):
      "no CPU model \"\(name)\": need \(CPUModel.models.map(\.name).joined(separator: ", "))"
    case .unknownFeature(let name):
      "no CPU feature \"\(name)\": need \(CPUModel.names.map(\.name).joined(separator: ", "))"
    }
  }
}
