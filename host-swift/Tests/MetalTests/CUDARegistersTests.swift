import Testing

@testable import Metal

@Suite("Registers of kernels on NVIDIA GPUs")
struct CUDARegistersTests {
  private func log(_ kernels: [(registers: Int, stack: Int?)]) -> String {
    kernels.map { kernel in
      let stack = kernel.stack.map { ", \($0) bytes cumulative stack size" } ?? ""
      return """
        ptxas info    : Function properties for some
        ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
        ptxas info    : Used \(kernel.registers) registers, used 0 barriers\(stack)
        ptxas info    : Compile time = 1.000 ms

        """
    }.joined()
  }

  @Test("the kernel with most of them decides, and the stack is that of all")
  func ofSeveral() {
    let registers = CUDARegisters(log: log([(18, nil), (68, 160), (32, 8)]))
    #expect(registers.most == 68 && registers.stackBytes == 168)
    #expect(CUDARegisters(log: "").most == 0)
  }

  @Test("a limit is tried where the next wave of threads is near")
  func worthLimiting() {
    let worth = [64, 65, 80, 81, 255].filter { CUDARegisters(log: log([($0, nil)])).isWorthLimiting }
    #expect(worth == [65, 80])
  }
}
