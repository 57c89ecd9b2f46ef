/// The kernels that the host brings itself, in one text: it is built once for a device, whatever the modules.
enum HostKernels {
  static let names = ClearKernels.names + RecordKernels.names

  static let text = """
    #include <metal_stdlib>
    using namespace metal;

    \(ClearKernels.text)
    \(RecordKernels.text)
    """
}
