import Metal

/// Moves what the host and the instances tell each other between the tiled regions and packed records (`LaunchRecords`), on the device:
/// a record's words lie a tile's width apart in a region of kilobytes an instance, and out there the host would wait for memory, or for a
/// copy, word by word.
enum RecordKernels {
  /// Status words 2 to 5 become zero: what an earlier invocation left is none of the next one's.
  static let begin = "wasmburst_begin"
  static let scatter = "wasmburst_scatter"
  static let report = "wasmburst_report"
  static let gather = "wasmburst_gather"

  static let names = [begin, scatter, report, gather]

  /// Of the buffer that records are read from or written to; 0 to 7 are those of docs/kernel-abi.md.
  static let recordsIndex = 8

  /// The kernels' `sizes` struct, and how many threads they take.
  struct Grid {
    let words: [UInt32]
    let threads: Int

    /// Lanes in `range` of the launch. `record`: its place in the execution buffer, in bytes. `endedOnly`: others' records stay, and
    /// of those that trapped they are zero.
    init(
      _ range: Range<Int>, _ plan: PoolPlan, record: (address: Int, bytes: Int) = (0, 0), isDetailed: Bool = false,
      endedOnly: Bool = false
    ) {
      let parts = min(max(record.bytes / 4, 1), RecordKernels.mostParts)
      threads = range.count * parts
      words = [
        UInt32(range.count), UInt32(range.lowerBound), UInt32(plan.status.tileWidth), UInt32(plan.instances),
        UInt32(plan.execution.bytesPerInstance / 4), UInt32(record.address / 4), UInt32(record.bytes / 4), UInt32(parts),
        isDetailed ? 1 : 0, endedOnly ? 1 : 0,
      ].map(\.littleEndian)
    }
  }

  /// Threads for a record at most: the grid is counted in 32 bits.
  private static let mostParts = 32

  // A record's neighbouring words are neighbouring threads', so that the packed side, which may lie beyond a bus, is read and written
  // in whole lines.
  static let text = """
    struct Lanes {
      uint count, first, tile_width, instances, region_words, address, words, parts, detailed, ended_only;
    };

    kernel void \(begin)(
      constant Lanes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device uint* status [[buffer(2)]],
      uint t [[thread_position_in_grid]])
    {
      if (t >= sizes.count) return;
      ulong lane = lanes[sizes.first + t];
      ulong width = sizes.tile_width;
      ulong base = lane / width * width * 8 + lane % width;
      for (uint n = 2; n < 6; n++) status[base + n * width] = 0;
    }

    kernel void \(scatter)(
      constant Lanes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device uint* execution [[buffer(6)]],
      device const uint* records [[buffer(\(recordsIndex))]], uint t [[thread_position_in_grid]])
    {
      if (t >= sizes.count * sizes.parts) return;
      ulong lane = lanes[sizes.first + t / sizes.parts];
      ulong width = sizes.tile_width;
      ulong base = lane / width * width * sizes.region_words + lane % width;
      for (uint n = t % sizes.parts; n < sizes.words; n += sizes.parts) {
        execution[base + (sizes.address + n) * width] = records[lane * sizes.words + n];
      }
    }

    // For each instance: trap code and function, 64 bits; fuel used, 64 bits; suspension; frames.
    kernel void \(report)(
      constant Lanes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device const uint* status [[buffer(2)]],
      device ulong* pairs [[buffer(\(recordsIndex))]], uint t [[thread_position_in_grid]])
    {
      if (t >= sizes.count) return;
      ulong lane = lanes[sizes.first + t];
      ulong width = sizes.tile_width;
      ulong count = sizes.instances;
      device uint* words = (device uint*)(pairs + 2 * count);
      ulong base = lane / width * width * 8 + lane % width;
      uint suspension = status[base + 2 * width];
      uint code = suspension == 0 ? status[base] : 0xFFFFFFFFu;
      pairs[lane] = (ulong)status[base + width] << 32 | code;
      words[lane] = suspension;
      if (sizes.detailed == 0) return;
      pairs[count + lane] = (ulong)status[base + 5 * width] << 32 | status[base + 4 * width];
      words[count + lane] = status[base + 3 * width];
    }

    kernel void \(gather)(
      constant Lanes& sizes [[buffer(0)]], constant uint* lanes [[buffer(1)]], device const uint* status [[buffer(2)]],
      device const uint* execution [[buffer(6)]], device uint* records [[buffer(\(recordsIndex))]], uint t [[thread_position_in_grid]])
    {
      if (t >= sizes.count * sizes.parts) return;
      ulong lane = lanes[sizes.first + t / sizes.parts];
      ulong width = sizes.tile_width;
      ulong tile = lane / width * width;
      bool has = true;
      if (sizes.ended_only != 0) {
        if (status[tile * 8 + lane % width + 2 * width] != 0) return;
        has = status[tile * 8 + lane % width] == 0;
      }
      ulong base = tile * sizes.region_words + lane % width;
      for (uint n = t % sizes.parts; n < sizes.words; n += sizes.parts) {
        records[lane * sizes.words + n] = has ? execution[base + (sizes.address + n) * width] : 0;
      }
    }
    """
}
