import BurstProtocol

/// A Swift type that stands for a number type of WebAssembly in the signature of a `HostFunction`.
public protocol WasmValue: Sendable {
  static var wasmType: ValueType { get }
  /// Its bits as they stand in a record (docs/kernel-abi.md, execution buffer).
  associatedtype Bits: FixedWidthInteger
  init(wasmBits: Bits)
  var wasmBits: Bits { get }
}

extension WasmValue {
  static var size: Int { MemoryLayout<Bits>.size }

  static func load(from record: UnsafeRawPointer) -> Self {
    Self(wasmBits: Bits(littleEndian: record.loadUnaligned(as: Bits.self)))
  }

  func store(to record: UnsafeMutableRawPointer) {
    withUnsafeBytes(of: wasmBits.littleEndian) { record.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }
}

extension Int32: WasmValue {
  public static var wasmType: ValueType { .i32 }
  public init(wasmBits: UInt32) { self.init(bitPattern: wasmBits) }
  public var wasmBits: UInt32 { UInt32(bitPattern: self) }
}

extension UInt32: WasmValue {
  public static var wasmType: ValueType { .i32 }
  public init(wasmBits: UInt32) { self = wasmBits }
  public var wasmBits: UInt32 { self }
}

extension Int64: WasmValue {
  public static var wasmType: ValueType { .i64 }
  public init(wasmBits: UInt64) { self.init(bitPattern: wasmBits) }
  public var wasmBits: UInt64 { UInt64(bitPattern: self) }
}

extension UInt64: WasmValue {
  public static var wasmType: ValueType { .i64 }
  public init(wasmBits: UInt64) { self = wasmBits }
  public var wasmBits: UInt64 { self }
}

extension Float: WasmValue {
  public static var wasmType: ValueType { .f32 }
  public init(wasmBits: UInt32) { self.init(bitPattern: wasmBits) }
  public var wasmBits: UInt32 { bitPattern }
}

extension Double: WasmValue {
  public static var wasmType: ValueType { .f64 }
  public init(wasmBits: UInt64) { self.init(bitPattern: wasmBits) }
  public var wasmBits: UInt64 { bitPattern }
}
