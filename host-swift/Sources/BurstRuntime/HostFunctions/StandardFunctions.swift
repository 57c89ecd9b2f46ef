import Dispatch

/// Bytes of one text.
private let longestLog = 65_536
/// Bytes after which the texts of a batch are sent.
private let longestMessage = 1 << 20

extension HostFunctionTable {
  /// What every host offers under the module name `wasmburst`: docs/host-functions.md. The v8 device has the same
  /// (compiler-ts/src/v8/standardFunctions.ts).
  public static let standard: HostFunctionTable = {
    var table = HostFunctionTable()
    table.register("wasmburst", "instance_index", HostFunction { call in Int32(call.instance) })
    table.register(
      "wasmburst", "clock_nanoseconds",
      HostFunction(batched: { calls in
        Array(repeating: DispatchTime.now().uptimeNanoseconds, count: calls.count)
      }))
    table.register(
      "wasmburst", "log",
      HostFunction(batched: { (calls: HostCalls, addresses: [UInt32], counts: [UInt32]) -> Void in
        var lines = ""
        for position in 0..<calls.count {
          guard counts[position] <= longestLog else {
            calls.fail(position, "a text of \(counts[position]) bytes is too long to log: at most \(longestLog)")
            continue
          }
          do throws(HostMemoryError) {
            let bytes = try calls.memory(of: position).read(addresses[position], count: Int(counts[position]))
            lines += "instance \(calls.instances[position]): \(String(decoding: bytes, as: UTF8.self))\n"
          } catch {
            calls.fail(position, error)
          }
          if lines.utf8.count > longestMessage {
            calls.show(lines)
            lines = ""
          }
        }
        if !lines.isEmpty { calls.show(lines) }
      }))
    return table
  }()
}
