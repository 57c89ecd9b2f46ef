import ArgumentParser

@main
struct Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wasmburst-host", abstract: HostProcess.abstract, version: HostProcess.versionText)

  func run() throws {
    try StdioTransport.run()
  }
}
