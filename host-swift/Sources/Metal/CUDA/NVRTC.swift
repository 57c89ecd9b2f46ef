import Foundation

/// NVIDIA's runtime compiler, by dlopen. Headers and other files of CUDA are not needed.
struct NVRTC: Sendable {
  private typealias Program = OpaquePointer
  private typealias Status = UInt32
  private typealias Strings = UnsafePointer<UnsafePointer<CChar>?>
  private typealias Version = @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Status
  private typealias Create =
    @convention(c) (UnsafeMutablePointer<Program?>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32, Strings?, Strings?) -> Status
  private typealias Compile = @convention(c) (Program, Int32, Strings) -> Status
  private typealias GetSize = @convention(c) (Program, UnsafeMutablePointer<Int>) -> Status
  private typealias GetBytes = @convention(c) (Program, UnsafeMutableRawPointer) -> Status
  private typealias Destroy = @convention(c) (UnsafeMutablePointer<Program?>) -> Status
  private typealias ErrorString = @convention(c) (Status) -> UnsafePointer<CChar>?

  struct Failure: Error {
    var message: String
    /// The text is at fault, not the compiler.
    var isCompileError: Bool
  }

  /// "13.0".
  let version: String
  /// 13000, as the driver counts.
  let versionNumber: Int32
  private let create: Create
  private let compile: Compile
  private let logSize: GetSize
  private let log: GetBytes
  private let cubinSize: GetSize
  private let cubin: GetBytes
  private let destroy: Destroy
  private let errorString: ErrorString

  /// nil where no NVRTC is found; see `candidates`.
  init?(environment: [String: String]) {
    guard
      let library = DynamicLibrary(Self.candidates(environment: environment)),
      let version = library.function("nvrtcVersion", as: Version.self),
      let create = library.function("nvrtcCreateProgram", as: Create.self),
      let compile = library.function("nvrtcCompileProgram", as: Compile.self),
      let logSize = library.function("nvrtcGetProgramLogSize", as: GetSize.self),
      let log = library.function("nvrtcGetProgramLog", as: GetBytes.self),
      let cubinSize = library.function("nvrtcGetCUBINSize", as: GetSize.self),
      let cubin = library.function("nvrtcGetCUBIN", as: GetBytes.self),
      let destroy = library.function("nvrtcDestroyProgram", as: Destroy.self),
      let errorString = library.function("nvrtcGetErrorString", as: ErrorString.self)
    else { return nil }
    var (major, minor): (Int32, Int32) = (0, 0)
    guard version(&major, &minor) == 0 else { return nil }
    self.version = "\(major).\(minor)"
    versionNumber = major * 1000 + minor * 10
    self.create = create
    self.compile = compile
    self.logSize = logSize
    self.log = log
    self.cubinSize = cubinSize
    self.cubin = cubin
    self.destroy = destroy
    self.errorString = errorString
  }

  /// `WASMBURST_NVRTC` alone where it is set, else the loader's path, then where CUDA is usually installed.
  static func candidates(environment: [String: String]) -> [String] {
    if let path = environment["WASMBURST_NVRTC"], !path.isEmpty { return [path] }
    let names = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]
    let installs = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/local")) ?? []
    // The plain name first: it is the one that the machine's owner chose.
    let roots = ["cuda"] + installs.filter { $0.hasPrefix("cuda-") }.sorted().reversed()
    let folders = roots.flatMap { ["/usr/local/\($0)/lib64", "/usr/local/\($0)/targets/x86_64-linux/lib"] }
    return names + folders.flatMap { folder in names.map { "\(folder)/\($0)" } }
  }

  struct Output {
    var cubin: Data
    /// What the compiler said on the way.
    var log: String
  }

  /// Compiles `source` to a cubin.
  func compile(source: String, name: String, options: [String]) throws(Failure) -> Output {
    var program: Program?
    try check(create(&program, source, name, 0, nil, nil))
    guard let handle = program else { throw Failure(message: "NVRTC made no program", isCompileError: false) }
    defer { _ = destroy(&program) }
    let arguments = options.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    let status = arguments.map { UnsafePointer($0) }.withUnsafeBufferPointer {
      compile(handle, Int32(options.count), $0.baseAddress!)
    }
    // The log ends in a zero byte.
    let text = (try? bytes(of: handle, logSize, log)).map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? ""
    guard status == 0 else {
      // NVRTC_ERROR_COMPILATION
      throw Failure(message: text.isEmpty ? message(status) : text, isCompileError: status == 6)
    }
    return Output(cubin: try bytes(of: handle, cubinSize, cubin), log: text)
  }

  private func bytes(of program: Program, _ size: GetSize, _ get: GetBytes) throws(Failure) -> Data {
    var count = 0
    try check(size(program, &count))
    var data = Data(count: max(count, 1))
    let status = data.withUnsafeMutableBytes { get(program, $0.baseAddress!) }
    try check(status)
    return data
  }

  private func check(_ status: Status) throws(Failure) {
    if status != 0 { throw Failure(message: message(status), isCompileError: false) }
  }

  private func message(_ status: Status) -> String {
    errorString(status).map { String(cString: $0) } ?? "NVRTC error \(status)"
  }
}
