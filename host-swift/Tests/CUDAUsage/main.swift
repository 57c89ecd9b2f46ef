// CUDAUsage version                      prints NVRTC's version, or nothing where there is none
// CUDAUsage ARCHITECTURE ieee|ftz FILE   prints what ptxas reports of the MSL text in FILE
import Foundation
import Metal

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments == ["version"] {
  if let version = CUDAResourceUsage.compilerVersion { print(version) }
} else if arguments.count == 3, ["ieee", "ftz"].contains(arguments[1]) {
  do {
    let source = try String(contentsOfFile: arguments[2], encoding: .utf8)
    print(
      try CUDAResourceUsage.report(source: source, architecture: arguments[0], flushesSubnormals: arguments[1] == "ftz"))
  } catch {
    FileHandle.standardError.write(Data("\(arguments[2]): \(error.localizedDescription)\n".utf8))
    exit(1)
  }
} else {
  FileHandle.standardError.write(Data("usage: CUDAUsage version | ARCHITECTURE ieee|ftz FILE\n".utf8))
  exit(2)
}
