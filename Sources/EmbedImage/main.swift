import Foundation

// Turns guest programs into Swift files that hold their images as text:
//
//   EmbedImage image OUTPUT.swift NAME IMAGE.elf CLANG ARGUMENT...    compiles and links IMAGE.elf, then embeds it
//   EmbedImage list OUTPUT.swift NAME...                              lists what was embedded
//
// Base64 in a static string compiles in no time at any size; an array literal of bytes does not.

func compile(_ image: String, with clang: String, _ arguments: [String]) throws {
  let process = Process()
  process.executableURL = URL(filePath: clang)
  process.arguments = arguments + ["-o", image]
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { exit(process.terminationStatus) }
}

func embedded(_ name: String, _ image: String) throws -> String {
  let text = try Data(contentsOf: URL(filePath: image)).base64EncodedString()
  return "extension EmbeddedImages {\n  static var `\(name)`: StaticString { \"\(text)\" }\n}\n"
}

func list(_ names: [String]) -> String {
  let rows = names.map { "    (\"\($0)\", `\($0)`),\n" }.joined()
  return "enum EmbeddedImages {\n  static let all: [(name: String, base64: StaticString)] = [\n\(rows)  ]\n}\n"
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { fatalError("usage: EmbedImage image|list OUTPUT.swift ...") }
let source: String
if arguments[0] == "image" {
  try compile(arguments[3], with: arguments[4], Array(arguments[5...]))
  source = try embedded(arguments[2], arguments[3])
} else {
  source = list(Array(arguments[2...]))
}
try Data(source.utf8).write(to: URL(filePath: arguments[1]))
