import BurstProtocol
import Foundation

/// A module by hand that follows docs/kernel-abi.md: one page of memory that may grow, state of two words (memory size
/// and a global), and kernels of one i32 argument.
enum TestKernels {
  static func layout(tileWidth: Int, memoryCell: Int) -> Layout {
    Layout(
      tileWidth: tileWidth, memoryCell: memoryCell, memory: .init(minimumPages: 1, maximumPages: 4), stateBytes: 8, tableBytes: 0)
  }

  static let kernels = ["count", "divide", "grow", "load", "spin"]

  static func text(tileWidth: Int, memoryCell: Int) -> String {
    """
    #include <metal_stdlib>
    using namespace metal;

    constant ulong tile_width = \(tileWidth);
    constant ulong memory_cell = \(memoryCell);
    constant ulong state_bytes = 8;

    struct Launch {
      uint lane_count, memory_capacity_pages, memory_maximum_pages, values_bytes, call_stack_bytes, scratch_bytes, fuel_low, fuel_high;
    };

    static inline ulong place(ulong instance, ulong size, ulong cell, ulong address) {
      return instance / tile_width * tile_width * size + (address - address % cell) * tile_width + instance % tile_width * cell + address % cell;
    }

    static inline ulong word(ulong instance, ulong size, ulong index) { return place(instance, size, 4, index * 4) / 4; }

    \(kernel("instantiate", """
      state[word(i, state_bytes, 0)] = 1;
      state[word(i, state_bytes, 1)] = 100;
      for (uint a = 0; a < 4; a++) memory[place(i, memory_bytes, memory_cell, a)] = image[a];
      if (image[0] == 255) { status[word(i, 16, 0)] = 1; status[word(i, 16, 1)] = 9; }
      """))
    \(kernel("count", """
      state[word(i, state_bytes, 1)] += argument;
      execution[result] = state[word(i, state_bytes, 1)];
      """))
    \(kernel("divide", """
      if (argument == 0) { status[word(i, 16, 0)] = 2; status[word(i, 16, 1)] = 7; return; }
      execution[result] = 1000 / argument;
      """))
    \(kernel("grow", """
      uint pages = state[word(i, state_bytes, 0)];
      execution[result] = pages;
      if (pages + argument <= launch.memory_maximum_pages) state[word(i, state_bytes, 0)] = pages + argument;
      else execution[result] = 0xFFFFFFFFu;
      """))
    \(kernel("load", "execution[result] = memory[place(i, memory_bytes, memory_cell, argument)];"))
    \(kernel("spin", """
      for (uint n = 0; n < argument; n++) state[word(i, state_bytes, 1)] = state[word(i, state_bytes, 1)] * 1664525u + n;
      """))
    """
  }

  private static func kernel(_ name: String, _ body: String) -> String {
    """
    kernel void \(name)(
      constant Launch& launch [[buffer(0)]], constant uint* lanes [[buffer(1)]], device uint* status [[buffer(2)]],
      device uint* state [[buffer(3)]], device uchar* memory [[buffer(4)]], device uint* tables [[buffer(5)]],
      device uint* execution [[buffer(6)]], constant uchar* image [[buffer(7)]], uint t [[thread_position_in_grid]])
    {
      if (t >= launch.lane_count) return;
      ulong i = lanes[t];
      ulong memory_bytes = (ulong)launch.memory_capacity_pages * 65536;
      ulong execution_bytes = (ulong)launch.values_bytes + launch.call_stack_bytes + launch.scratch_bytes;
      ulong scratch = (ulong)launch.values_bytes + launch.call_stack_bytes;
      uint argument = execution[word(i, execution_bytes, scratch / 4)];
      ulong result = word(i, execution_bytes, (scratch + launch.scratch_bytes / 2) / 4);
      (void)argument; (void)result; (void)memory_bytes;
      status[word(i, 16, 0)] = 0;
      status[word(i, 16, 1)] = 0;
      \(body)
    }

    """
  }

  static func load(_ device: String, tileWidth: Int = 1, memoryCell: Int = 8, image: [UInt8] = [1, 2, 3, 4]) -> LoadModuleRequest.Parameters
  {
    .init(
      device: device, text: text(tileWidth: tileWidth, memoryCell: memoryCell), image: Data(image),
      layout: layout(tileWidth: tileWidth, memoryCell: memoryCell), instantiateKernel: "instantiate", kernels: kernels)
  }

  static func records(_ values: [UInt32]) -> Data {
    values.reduce(into: Data()) { data, value in withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
  }

  static func words(_ data: Data) -> [UInt32] {
    stride(from: 0, to: data.count, by: 4).map { start in
      data.subdata(in: start..<start + 4).withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
    }
  }
}
