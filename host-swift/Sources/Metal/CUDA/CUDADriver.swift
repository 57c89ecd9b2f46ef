import Foundation

/// The part of the CUDA driver API that the device uses, by dlopen: a machine without it has no CUDA devices.
///
/// Names and types are those of cuda.h; the suffix `_v2` is what the header's macros add.
struct CUDADriver: Sendable {
  typealias Status = UInt32
  typealias Device = Int32
  typealias Context = OpaquePointer
  typealias Stream = OpaquePointer
  typealias Event = OpaquePointer
  typealias Module = OpaquePointer
  typealias Function = OpaquePointer
  typealias LinkState = OpaquePointer
  typealias DevicePointer = UInt64

  typealias Init = @convention(c) (UInt32) -> Status
  typealias DriverGetVersion = @convention(c) (UnsafeMutablePointer<Int32>) -> Status
  typealias DeviceGetCount = @convention(c) (UnsafeMutablePointer<Int32>) -> Status
  typealias DeviceGet = @convention(c) (UnsafeMutablePointer<Device>, Int32) -> Status
  typealias DeviceGetName = @convention(c) (UnsafeMutablePointer<CChar>, Int32, Device) -> Status
  typealias DeviceGetBus = @convention(c) (UnsafeMutablePointer<CChar>, Int32, Device) -> Status
  typealias DeviceGetAttribute = @convention(c) (UnsafeMutablePointer<Int32>, Int32, Device) -> Status
  typealias PrimaryContextRetain = @convention(c) (UnsafeMutablePointer<Context?>, Device) -> Status
  typealias ContextSetCurrent = @convention(c) (Context) -> Status
  typealias MemoryGetInfo = @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Status
  typealias MemoryAllocate = @convention(c) (UnsafeMutablePointer<DevicePointer>, Int) -> Status
  typealias MemoryFree = @convention(c) (DevicePointer) -> Status
  typealias HostAllocate = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int, UInt32) -> Status
  typealias HostFree = @convention(c) (UnsafeMutableRawPointer) -> Status
  typealias CopyToDevice = @convention(c) (DevicePointer, UnsafeRawPointer, Int, Stream?) -> Status
  typealias CopyToHost = @convention(c) (UnsafeMutableRawPointer, DevicePointer, Int, Stream?) -> Status
  /// Either side may be host memory of `hostAllocate`'s.
  typealias Copy = @convention(c) (DevicePointer, DevicePointer, Int, Stream?) -> Status
  /// Takes a CUDA_MEMCPY2D; see `CUDAMemory`.
  typealias CopyRectangle = @convention(c) (UnsafeRawPointer, Stream?) -> Status
  typealias Fill = @convention(c) (DevicePointer, UInt8, Int, Stream?) -> Status
  typealias FillRectangle = @convention(c) (DevicePointer, Int, UInt8, Int, Int, Stream?) -> Status
  typealias StreamCreate = @convention(c) (UnsafeMutablePointer<Stream?>, UInt32) -> Status
  typealias StreamCall = @convention(c) (Stream?) -> Status
  typealias EventCreate = @convention(c) (UnsafeMutablePointer<Event?>, UInt32) -> Status
  typealias EventRecord = @convention(c) (Event, Stream?) -> Status
  typealias EventElapsedTime = @convention(c) (UnsafeMutablePointer<Float>, Event, Event) -> Status
  typealias EventDestroy = @convention(c) (Event) -> Status
  typealias ModuleLoadData = @convention(c) (UnsafeMutablePointer<Module?>, UnsafeRawPointer) -> Status
  typealias ModuleGetFunction = @convention(c) (UnsafeMutablePointer<Function?>, Module, UnsafePointer<CChar>) -> Status
  typealias ModuleUnload = @convention(c) (Module) -> Status
  /// Takes arrays of CUjit_option and of their values, which have to live as long as the state.
  typealias LinkCreate =
    @convention(c) (UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<LinkState?>)
    -> Status
  typealias LinkAddData =
    @convention(c) (
      LinkState, UInt32, UnsafeRawPointer, Int, UnsafePointer<CChar>, UInt32, UnsafeMutablePointer<UInt32>?,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Status
  typealias LinkComplete = @convention(c) (LinkState, UnsafeMutablePointer<UnsafeRawPointer?>, UnsafeMutablePointer<Int>) -> Status
  typealias LinkDestroy = @convention(c) (LinkState) -> Status
  typealias FunctionGetAttribute = @convention(c) (UnsafeMutablePointer<Int32>, Int32, Function) -> Status
  typealias FunctionSetAttribute = @convention(c) (Function, Int32, Int32) -> Status
  typealias LaunchKernel =
    @convention(c) (
      Function, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Stream?, UnsafePointer<UnsafeMutableRawPointer?>?,
      UnsafePointer<UnsafeMutableRawPointer?>?
    ) -> Status
  typealias GetErrorText = @convention(c) (Status, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Status

  let initialize: Init
  let driverGetVersion: DriverGetVersion
  let deviceGetCount: DeviceGetCount
  let deviceGet: DeviceGet
  let deviceGetName: DeviceGetName
  let deviceGetBus: DeviceGetBus
  let deviceGetAttribute: DeviceGetAttribute
  let primaryContextRetain: PrimaryContextRetain
  let contextSetCurrent: ContextSetCurrent
  let memoryGetInfo: MemoryGetInfo
  let memoryAllocate: MemoryAllocate
  let memoryFree: MemoryFree
  let hostAllocate: HostAllocate
  let hostFree: HostFree
  let copyToDevice: CopyToDevice
  let copyToHost: CopyToHost
  let copy: Copy
  let copyRectangle: CopyRectangle
  let fill: Fill
  let fillRectangle: FillRectangle
  let streamCreate: StreamCreate
  let streamSynchronize: StreamCall
  let streamDestroy: StreamCall
  let eventCreate: EventCreate
  let eventRecord: EventRecord
  let eventElapsedTime: EventElapsedTime
  let eventDestroy: EventDestroy
  let moduleLoadData: ModuleLoadData
  let moduleGetFunction: ModuleGetFunction
  let moduleUnload: ModuleUnload
  let linkCreate: LinkCreate
  let linkAddData: LinkAddData
  let linkComplete: LinkComplete
  let linkDestroy: LinkDestroy
  let functionGetAttribute: FunctionGetAttribute
  let functionSetAttribute: FunctionSetAttribute
  let launchKernel: LaunchKernel
  let getErrorName: GetErrorText
  let getErrorString: GetErrorText

  /// nil where there is no driver, or one that lacks a function.
  static let shared = CUDADriver()

  private init?() {
    guard
      let library = DynamicLibrary(["libcuda.so.1"]),
      let initialize = library.function("cuInit", as: Init.self),
      let driverGetVersion = library.function("cuDriverGetVersion", as: DriverGetVersion.self),
      let deviceGetCount = library.function("cuDeviceGetCount", as: DeviceGetCount.self),
      let deviceGet = library.function("cuDeviceGet", as: DeviceGet.self),
      let deviceGetName = library.function("cuDeviceGetName", as: DeviceGetName.self),
      let deviceGetBus = library.function("cuDeviceGetPCIBusId", as: DeviceGetBus.self),
      let deviceGetAttribute = library.function("cuDeviceGetAttribute", as: DeviceGetAttribute.self),
      let primaryContextRetain = library.function("cuDevicePrimaryCtxRetain", as: PrimaryContextRetain.self),
      let contextSetCurrent = library.function("cuCtxSetCurrent", as: ContextSetCurrent.self),
      let memoryGetInfo = library.function("cuMemGetInfo_v2", as: MemoryGetInfo.self),
      let memoryAllocate = library.function("cuMemAlloc_v2", as: MemoryAllocate.self),
      let memoryFree = library.function("cuMemFree_v2", as: MemoryFree.self),
      let hostAllocate = library.function("cuMemHostAlloc", as: HostAllocate.self),
      let hostFree = library.function("cuMemFreeHost", as: HostFree.self),
      let copyToDevice = library.function("cuMemcpyHtoDAsync_v2", as: CopyToDevice.self),
      let copyToHost = library.function("cuMemcpyDtoHAsync_v2", as: CopyToHost.self),
      let copy = library.function("cuMemcpyAsync", as: Copy.self),
      let copyRectangle = library.function("cuMemcpy2DAsync_v2", as: CopyRectangle.self),
      let fill = library.function("cuMemsetD8Async", as: Fill.self),
      let fillRectangle = library.function("cuMemsetD2D8Async", as: FillRectangle.self),
      let streamCreate = library.function("cuStreamCreate", as: StreamCreate.self),
      let streamSynchronize = library.function("cuStreamSynchronize", as: StreamCall.self),
      let streamDestroy = library.function("cuStreamDestroy_v2", as: StreamCall.self),
      let eventCreate = library.function("cuEventCreate", as: EventCreate.self),
      let eventRecord = library.function("cuEventRecord", as: EventRecord.self),
      let eventElapsedTime = library.function("cuEventElapsedTime", as: EventElapsedTime.self),
      let eventDestroy = library.function("cuEventDestroy_v2", as: EventDestroy.self),
      let moduleLoadData = library.function("cuModuleLoadData", as: ModuleLoadData.self),
      let moduleGetFunction = library.function("cuModuleGetFunction", as: ModuleGetFunction.self),
      let moduleUnload = library.function("cuModuleUnload", as: ModuleUnload.self),
      let linkCreate = library.function("cuLinkCreate_v2", as: LinkCreate.self),
      let linkAddData = library.function("cuLinkAddData_v2", as: LinkAddData.self),
      let linkComplete = library.function("cuLinkComplete", as: LinkComplete.self),
      let linkDestroy = library.function("cuLinkDestroy", as: LinkDestroy.self),
      let functionGetAttribute = library.function("cuFuncGetAttribute", as: FunctionGetAttribute.self),
      let functionSetAttribute = library.function("cuFuncSetAttribute", as: FunctionSetAttribute.self),
      let launchKernel = library.function("cuLaunchKernel", as: LaunchKernel.self),
      let getErrorName = library.function("cuGetErrorName", as: GetErrorText.self),
      let getErrorString = library.function("cuGetErrorString", as: GetErrorText.self)
    else { return nil }
    self.initialize = initialize
    self.driverGetVersion = driverGetVersion
    self.deviceGetCount = deviceGetCount
    self.deviceGet = deviceGet
    self.deviceGetName = deviceGetName
    self.deviceGetBus = deviceGetBus
    self.deviceGetAttribute = deviceGetAttribute
    self.primaryContextRetain = primaryContextRetain
    self.contextSetCurrent = contextSetCurrent
    self.memoryGetInfo = memoryGetInfo
    self.memoryAllocate = memoryAllocate
    self.memoryFree = memoryFree
    self.hostAllocate = hostAllocate
    self.hostFree = hostFree
    self.copyToDevice = copyToDevice
    self.copyToHost = copyToHost
    self.copy = copy
    self.copyRectangle = copyRectangle
    self.fill = fill
    self.fillRectangle = fillRectangle
    self.streamCreate = streamCreate
    self.streamSynchronize = streamSynchronize
    self.streamDestroy = streamDestroy
    self.eventCreate = eventCreate
    self.eventRecord = eventRecord
    self.eventElapsedTime = eventElapsedTime
    self.eventDestroy = eventDestroy
    self.moduleLoadData = moduleLoadData
    self.moduleGetFunction = moduleGetFunction
    self.moduleUnload = moduleUnload
    self.linkCreate = linkCreate
    self.linkAddData = linkAddData
    self.linkComplete = linkComplete
    self.linkDestroy = linkDestroy
    self.functionGetAttribute = functionGetAttribute
    self.functionSetAttribute = functionSetAttribute
    self.launchKernel = launchKernel
    self.getErrorName = getErrorName
    self.getErrorString = getErrorString
  }

  /// Throws where `status` is not CUDA_SUCCESS.
  func check(_ status: Status) throws(CUDAError) {
    guard status != 0 else { return }
    throw CUDAError(status: status, name: text(getErrorName, status), explanation: text(getErrorString, status))
  }

  private func text(_ get: GetErrorText, _ status: Status) -> String {
    var text: UnsafePointer<CChar>?
    return get(status, &text) == 0 ? text.map { String(cString: $0) } ?? "" : "CUDA error \(status)"
  }
}
