import Foundation

/// The command line without ArgumentParser: the twin of WithPackages/Command.swift.
@main
enum Command {
  static let help = """
    OVERVIEW: \(HostProcess.abstract)

    USAGE: wasmburst-host

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    """

  static func main() {
    switch CommandLine.arguments.dropFirst().first {
    case nil: StdioTransport.run()
    case "--version": print(HostProcess.versionText)
    case "-h", "--help": print(help)
    case let argument?:
      FileHandle.standardError.write(Data("Error: Unexpected argument '\(argument)'\n\(help)".utf8))
      exit(HostProcess.usageExitCode)
    }
  }
}
