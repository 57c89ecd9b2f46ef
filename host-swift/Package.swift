// swift-tools-version: 6.0
import Foundation
import PackageDescription

// Where the two packages cannot be fetched, WASMBURST_HOST_DEPS=none builds the executable's command line and stdio
// transport from their Foundation/Dispatch twins; every other target is the same.
let choice = ProcessInfo.processInfo.environment["WASMBURST_HOST_DEPS"] ?? ""
let withoutDependencies = choice == "none"
if !["", "none", "packages"].contains(choice) {
  FileHandle.standardError.write(Data("WASMBURST_HOST_DEPS is '\(choice)': expected none or packages\n".utf8))
  exit(1)
}

let packages: [Package.Dependency] =
  withoutDependencies
  ? []
  : [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.80.0"),
  ]

let executableDependencies: [Target.Dependency] =
  withoutDependencies
  ? []
  : [
    .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
  ]

#if os(Linux)
  // Apple's Metal on a Mac; on Linux the slice of it that the host uses, over the cpu device. The shim is embedded so that the
  // host's binary needs no file beside it.
  let metalTargets: [Target] = [
    .target(name: "Metal", dependencies: ["BurstEnvironment"], resources: [.embedInCode("CPU/Shim"), .embedInCode("CUDA/Shim")]),
    // Breaks one rule of the API a run; the tests watch it die.
    .executableTarget(name: "MetalMisuse", dependencies: ["Metal"], path: "Tests/MetalMisuse"),
    // What `npm run check:cuda` asks NVRTC through.
    .executableTarget(name: "CUDAUsage", dependencies: ["Metal"], path: "Tests/CUDAUsage"),
    .testTarget(name: "MetalTests", dependencies: ["Metal", "MetalMisuse"]),
  ]
  let metalDependency: [Target.Dependency] = ["Metal"]
#else
  let metalTargets: [Target] = []
  let metalDependency: [Target.Dependency] = []
#endif

let package = Package(
  name: "wasmburst-host",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "wasmburst-host", targets: ["wasmburst-host"]),
    // For programs that embed the host with functions of their own: docs/host-functions.md.
    .library(name: "BurstRuntime", targets: ["BurstRuntime", "BurstTransport", "BurstProtocol"]),
  ],
  dependencies: packages,
  targets: [
    .target(name: "BurstProtocol"),
    .target(name: "BurstEnvironment"),
    .target(name: "BurstTransport", dependencies: ["BurstProtocol", "BurstEnvironment"]),
    .target(name: "BurstRuntime", dependencies: ["BurstProtocol", "BurstTransport", "BurstEnvironment"] + metalDependency),
    .executableTarget(
      name: "wasmburst-host",
      dependencies: ["BurstProtocol", "BurstRuntime", "BurstTransport"] + executableDependencies,
      exclude: withoutDependencies ? ["WithPackages"] : ["WithoutPackages"]),
    .testTarget(name: "BurstEnvironmentTests", dependencies: ["BurstEnvironment"]),
    .testTarget(name: "BurstProtocolTests", dependencies: ["BurstProtocol", "BurstTransport"]),
    .testTarget(name: "BurstTransportTests", dependencies: ["BurstProtocol", "BurstTransport"]),
    .testTarget(
      name: "BurstRuntimeTests", dependencies: ["BurstProtocol", "BurstRuntime", "BurstTransport", "BurstEnvironment"] + metalDependency),
  ] + metalTargets,
  swiftLanguageModes: [.v6]
)
