/// What the driver refused, by cuda.h's name.
struct CUDAError: Error {
  let status: UInt32
  /// "CUDA_ERROR_ILLEGAL_ADDRESS".
  let name: String
  let explanation: String

  var message: String { "\(name): \(explanation)" }

  var commandBufferError: MTLCommandBufferError {
    MTLCommandBufferError(code, message)
  }

  /// Values of CUresult.
  private var code: MTLCommandBufferError.Code {
    switch status {
    case 2, 701: .outOfMemory  // CUDA_ERROR_OUT_OF_MEMORY, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES
    case 700, 714, 715, 716, 717, 718: .pageFault  // CUDA_ERROR_ILLEGAL_ADDRESS … CUDA_ERROR_INVALID_PC
    case 702: .timeout  // CUDA_ERROR_LAUNCH_TIMEOUT
    case 1: .invalidResource  // CUDA_ERROR_INVALID_VALUE
    case 4, 46, 214: .deviceRemoved  // CUDA_ERROR_DEINITIALIZED, DEVICE_UNAVAILABLE, ECC_UNCORRECTABLE
    default: .internal
    }
  }
}
