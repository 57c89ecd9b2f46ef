import BurstProtocol
import Foundation

/// A module by hand that follows docs/kernel-abi.md: one page of memory that may grow, state of two words (memory size
/// and a global), and kernels of one i32 argument.
enum TestKernels {
  static func layout(tileWidth: Int, memoryCell: Int) -> Layout {
    Layout(
      tileWidth: tileWidth, memoryCell: memoryCell, memory: .init(minimumPages: 1, maximumPages: 4), stateBytes: 8, tableBytes: 8)
  }

  static let kernels = ["ask", "count", "divide", "grow", "load", "spin", "table", "work"]

  /// What `ask` waits for.
  static let imports = [RecordSizes(argumentBytes: 8, resultBytes: 4), RecordSizes(argumentBytes: 4, resultBytes: 8)]

  static func text(tileWidth: Int, memoryCell: Int) -> String {
    """
    #include <metal_stdlib>
    using namespace metal;

    constant ulong tile_width = \(tileWidth);
    constant ulong memory_cell = \(memoryCell);
    constant ulong state_bytes = 8;
    constant ulong table_bytes = 8;
    constant ulong status_bytes = 32;

    struct Launch {
      uint lane_count, memory_capacity_pages, memory_maximum_pages, values_bytes, call_stack_bytes, scratch_bytes, fuel, fuel_limit_low, fuel_limit_high, reserved[3];
    };

    static inline ulong place(ulong instance, ulong size, ulong cell, ulong address) {
      return instance / tile_width * tile_width * size + (address - address % cell) * tile_width + instance % tile_width * cell + address % cell;
    }

    static inline ulong word(ulong instance, ulong size, ulong index) { return place(instance, size, 4, index * 4) / 4; }

    // One frame of two words.
    static inline void suspend(device uint* status, device uint* execution, ulong i, ulong size, uint values, uint why, uint point, uint a, uint b) {
      status[word(i, status_bytes, 2)] = why;
      status[word(i, status_bytes, 3)] = 1;
      execution[word(i, size, values / 4)] = point;
      execution[word(i, size, values / 4 + 1)] = 3;
      execution[word(i, size, values / 4 + 2)] = 0;
      execution[word(i, size, values / 4 + 3)] = 2;
      execution[word(i, size, 0)] = a;
      execution[word(i, size, 1)] = b;
    }

    \(kernel("instantiate", """
      if (image[0] == 254 && resumed == 0) {
        state[word(i, state_bytes, 0)] = 1;
        execution[word(i, execution_bytes, scratch / 4)] = uint(i);
        execution[word(i, execution_bytes, scratch / 4 + 1)] = 500;
        suspend(status, execution, i, execution_bytes, launch.values_bytes, 2, 1, 0, 0);
        return;
      }
      if (image[0] == 254) {
        state[word(i, state_bytes, 1)] = execution[result];
        return;
      }
      // As where all is imported.
      if (image[0] == 253) return;
      state[word(i, state_bytes, 0)] = 1;
      state[word(i, state_bytes, 1)] = 100;
      tables[word(i, table_bytes, 0)] = 1000 + uint(i);
      for (uint a = 0; a < 4; a++) memory[place(i, memory_bytes, memory_cell, a)] = image[a];
      if (image[0] == 255) { status[word(i, status_bytes, 0)] = 1; status[word(i, status_bytes, 1)] = 9; }
      """))
    \(kernel("count", """
      state[word(i, state_bytes, 1)] += argument;
      execution[result] = state[word(i, state_bytes, 1)];
      """))
    \(kernel("divide", """
      if (argument == 0) { status[word(i, status_bytes, 0)] = 2; status[word(i, status_bytes, 1)] = 7; return; }
      execution[result] = 1000 / argument;
      """))
    \(kernel("grow", """
      uint pages = state[word(i, state_bytes, 0)];
      execution[result] = pages;
      if (pages + argument <= launch.memory_maximum_pages) state[word(i, state_bytes, 0)] = pages + argument;
      else execution[result] = 0xFFFFFFFFu;
      """))
    \(kernel("load", "execution[result] = memory[place(i, memory_bytes, memory_cell, argument)];"))
    \(kernel("table", "execution[result] = tables[word(i, table_bytes, argument)];"))
    \(kernel("spin", """
      for (uint n = 0; n < argument; n++) state[word(i, state_bytes, 1)] = state[word(i, state_bytes, 1)] * 1664525u + n;
      """))
    // As many units of fuel as the argument says; the global counts them.
    \(kernel("work", """
      uint done = 0;
      if (resumed != 0) {
        done = execution[word(i, execution_bytes, 0)];
        argument = execution[word(i, execution_bytes, 1)];
      }
      ulong used = ((ulong)status[word(i, status_bytes, 5)] << 32) | status[word(i, status_bytes, 4)];
      ulong left = (((ulong)launch.fuel_limit_high << 32) | launch.fuel_limit_low) - used;
      bool last = left <= (ulong)launch.fuel;
      uint given = last ? (uint)left : launch.fuel;
      uint units = argument - done < given ? argument - done : given;
      for (uint n = 0; n < units; n++) state[word(i, state_bytes, 1)]++;
      done += units;
      used += units;
      status[word(i, status_bytes, 4)] = (uint)used;
      status[word(i, status_bytes, 5)] = (uint)(used >> 32);
      if (done == argument) {
        execution[result] = done;
      } else if (last) {
        status[word(i, status_bytes, 0)] = 11;
        status[word(i, status_bytes, 1)] = 3;
      } else {
        suspend(status, execution, i, execution_bytes, launch.values_bytes, 1, 1, done, argument);
        status[word(i, status_bytes, 1)] = 3;
      }
      """))
    // Asks import 0 with (a, 10 a), and where the answer r is odd import 1 with r; the result is a + r + low and high word.
    \(kernel("ask", """
      uint point = resumed == 0 ? 0 : execution[word(i, execution_bytes, launch.values_bytes / 4)];
      uint sum = resumed == 0 ? argument : execution[word(i, execution_bytes, 0)] + execution[result];
      if (point == 0) {
        execution[word(i, execution_bytes, scratch / 4 + 1)] = 10 * argument;
        suspend(status, execution, i, execution_bytes, launch.values_bytes, 2, 1, sum, 0);
      } else if (point == 1 && execution[result] % 2 == 1) {
        execution[word(i, execution_bytes, scratch / 4)] = execution[result];
        suspend(status, execution, i, execution_bytes, launch.values_bytes, 3, 2, sum, 0);
      } else {
        execution[result] = point == 1 ? sum : sum + execution[result + tile_width];
      }
      if (status[word(i, status_bytes, 2)] != 0) status[word(i, status_bytes, 1)] = 4;
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
      uint resumed = status[word(i, status_bytes, 2)];
      (void)argument; (void)result; (void)memory_bytes; (void)resumed;
      status[word(i, status_bytes, 2)] = 0;
      status[word(i, status_bytes, 3)] = 0;
      status[word(i, status_bytes, 0)] = 0;
      status[word(i, status_bytes, 1)] = 0;
      \(body)
    }

    """
  }

  static func load(
    _ device: String, tileWidth: Int = 1, memoryCell: Int = 8, image: [UInt8] = [1, 2, 3, 4], identity: String? = nil,
    imports: [RecordSizes]? = TestKernels.imports, records: RecordSizes? = nil
  )
    -> LoadModuleRequest.Parameters
  {
    .init(
      device: device, text: text(tileWidth: tileWidth, memoryCell: memoryCell), image: Data(image),
      layout: layout(tileWidth: tileWidth, memoryCell: memoryCell), instantiateKernel: "instantiate", kernels: kernels,
      imports: imports, records: records, identity: identity)
  }

  static func records(_ values: [UInt32]) -> Data {
    values.reduce(into: Data()) { data, value in withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
  }

  /// Two words each of `count`: none where all are zero.
  static func status(_ data: Data, _ count: Int) -> [UInt32] {
    data.isEmpty ? Array(repeating: 0, count: count * 2) : words(data)
  }

  static func words(_ data: Data) -> [UInt32] {
    stride(from: 0, to: data.count, by: 4).map { start in
      data.subdata(in: start..<start + 4).withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
    }
  }
}
