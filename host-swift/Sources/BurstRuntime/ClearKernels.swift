import BurstProtocol
import Metal

/// Zeroes what the instantiating kernel does not write, on the device: the memories of lanes as large as they are now, then their
/// state and tables. In this order, because a memory's size is a word of the state.
enum ClearKernels {
  static let memory = "wasmburst_clear_memory"
  static let state = "wasmburst_clear_state"

  static let names = [memory, state]

  /// A kernel that has something to clear, its `sizes` struct, and how many threads it takes.
  struct Stage {
    let kernel: String
    let words: [UInt32]
    let threads: Int

    /// `parts`: threads to a lane.
    fileprivate init(_ kernel: String, lanes: Int, parts: Int, _ plan: PoolPlan) {
      self.kernel = kernel
      threads = lanes * parts
      words = [
        UInt32(lanes), UInt32(parts), UInt32(plan.state.tileWidth), UInt32(plan.memory.cell / 4), UInt32(plan.memoryPages),
        UInt32(plan.state.bytesPerInstance / 4), UInt32(plan.tables.bytesPerInstance / 4),
      ].map(\.littleEndian)
    }
  }

  static func stages(lanes: Int, _ plan: PoolPlan) -> [Stage] {
    let words = (plan.state.bytesPerInstance + plan.tables.bytesPerInstance) / 4
    let ofState = Stage(state, lanes: lanes, parts: min(words / wordsPerPart + 1, mostParts), plan)
    // A page has 64 KiB: enough for as many threads as there may be.
    return plan.memoryPages == 0 ? [ofState] : [Stage(memory, lanes: lanes, parts: mostParts, plan), ofState]
  }

  /// The grid is counted in 32 bits.
  private static let mostParts = 64
  /// Below it a thread would cost more than its words.
  private static let wordsPerPart = 16

  // Neighbouring threads have neighbouring lanes, whose cells lie side by side.
  private static let part = """
    if (t >= sizes.lanes * sizes.parts) return;
      ulong lane = lanes[t % sizes.lanes];
      ulong part = t / sizes.lanes;
      ulong width = sizes.tile_width;
      ulong tile = lane / width * width;
    """

  static let text = """
    struct Sizes {
      uint lanes, parts, tile_width, memory_cell_words, memory_pages, state_words, table_words;
    };

    kernel void \(memory)(
      constant Sizes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device uint* state [[buffer(3)]],
      device uint* memory [[buffer(4)]], uint t [[thread_position_in_grid]])
    {
      \(part)
      uint pages = state[tile * sizes.state_words + lane % width];
      ulong cells = (ulong)(pages < sizes.memory_pages ? pages : sizes.memory_pages) * (65536 / 4 / sizes.memory_cell_words);
      ulong base = tile * sizes.memory_pages * (65536 / 4) + lane % width * sizes.memory_cell_words;
      // Neighbouring cells by one thread: side by side they lie where a tile is one lane wide.
      ulong end = cells * (part + 1) / sizes.parts;
      ulong cell = cells * part / sizes.parts;
      ulong words = sizes.memory_cell_words;
      if (words == 1) {
        for (; cell < end; cell++) memory[base + cell * width] = 0;
      } else if (words == 2) {
        for (; cell < end; cell++) *(device ulong*)(memory + base + cell * width * 2) = 0;
      } else {
        for (; cell < end; cell++) {
          for (ulong word = 0; word < words; word += 4) *(device uint4*)(memory + base + cell * width * words + word) = uint4(0);
        }
      }
    }

    kernel void \(state)(
      constant Sizes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device uint* state [[buffer(3)]],
      device uint* tables [[buffer(5)]], uint t [[thread_position_in_grid]])
    {
      \(part)
      for (ulong n = part; n < sizes.state_words; n += sizes.parts) state[tile * sizes.state_words + n * width + lane % width] = 0;
      for (ulong n = part; n < sizes.table_words; n += sizes.parts) tables[tile * sizes.table_words + n * width + lane % width] = 0;
    }
    """
}
