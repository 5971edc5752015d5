import Foundation
import PackagePlugin

/// Compiles the guest programs with the Swift toolchain's own clang and ld.lld, and embeds their images.
///
/// Every `NAME.c` in `programs` or in a folder of it, and every directory `NAME` with a `NAME.c`, becomes one ELF64
/// image, linked with everything in `runtime`. Nothing but the Swift toolchain is needed: the guests are freestanding.
@main
struct GuestBuild: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    try GuestPrograms(context, directory: target.directoryURL).commands()
  }
}

struct GuestPrograms {
  let clang: URL
  let embed: URL
  let directory: URL
  let work: URL

  init(_ context: PluginContext, directory: URL) throws {
    clang = try context.tool(named: "clang").url
    embed = try context.tool(named: "EmbedImage").url
    self.directory = directory
    work = context.pluginWorkDirectoryURL
  }

  /// One command per image, and one that lists them.
  ///
  /// A command's outputs may only be Swift files: SwiftPM would bundle objects and images as resources. So the
  /// command that writes the Swift file compiles and links too.
  func commands() throws -> [Command] {
    let headers = try files("include", ["h", "inc"])
    let runtime = try files("runtime", ["c", "S"])
    let programs = try programs()
    let list = work.appending(path: "EmbeddedImages.swift")
    return programs.map { image($0.name, sources: runtime + $0.sources, headers: headers + $0.headers) } + [
      .buildCommand(
        displayName: "Listing guest images", executable: embed,
        arguments: ["list", list.filePath] + programs.map(\.name), outputFiles: [list])
    ]
  }

  private func image(_ name: String, sources: [URL], headers: [URL]) -> Command {
    let script = directory.appending(path: "runtime/link.ld")
    let output = work.appending(path: name + ".swift")
    return .buildCommand(
      displayName: "Building guest \(name)", executable: embed,
      arguments: ["image", output.filePath, name, work.appending(path: name + ".elf").filePath, clang.filePath]
        + Self.compilation + Self.linking
        + ["-I", directory.appending(path: "include").filePath, "-Xlinker", "-T", "-Xlinker", script.filePath]
        + sources.map { $0.filePath },
      inputFiles: sources + headers + [script], outputFiles: [output])
  }

  private typealias Program = (name: String, sources: [URL], headers: [URL])

  /// The programs by name: the name is that of the file or the directory.
  private func programs() throws -> [Program] {
    try entries("programs").flatMap { entry -> [Program] in
      let folder = "programs/" + entry
      if entry.hasSuffix(".c") { return [single(folder)] }
      let inside = try entries(folder)
      guard inside.contains(entry + ".c") else { return inside.map { single(folder + "/" + $0) } }
      return [(entry, try files(folder, ["c", "S"]), try files(folder, ["h"]))]
    }.sorted { $0.name < $1.name }
  }

  private func single(_ path: String) -> Program {
    let file = directory.appending(path: path)
    return (file.deletingPathExtension().lastPathComponent, [file], [])
  }

  private func entries(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).filePath).sorted()
  }

  private func files(_ folder: String, _ extensions: Set<String>) throws -> [URL] {
    let root = directory.appending(path: folder)
    return try entries(folder).map { root.appending(path: $0) }.filter { extensions.contains($0.pathExtension) }
  }

  /// Interrupt handlers save the general registers only, and run on the interrupted stack.
  private static let compilation = [
    "-target", "x86_64-unknown-none-elf", "-std=c17", "-ffreestanding", "-fno-pic", "-mno-red-zone",
    "-mgeneral-regs-only", "-O2", "-fno-omit-frame-pointer", "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror",
  ]
  private static let linking = [
    "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,--build-id=none", "-Wl,-z,max-page-size=4096",
  ]
}

extension URL {
  /// As the file system has it, with spaces and all.
  var filePath: String { path(percentEncoded: false) }
}
