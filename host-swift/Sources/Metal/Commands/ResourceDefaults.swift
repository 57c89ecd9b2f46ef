import Synchronization

/// The label of an object that any thread may name.
final class LabelBox: Sendable {
  private let text = Mutex<String?>(nil)

  var value: String? {
    get { text.withLock { $0 } }
    set { text.withLock { $0 = newValue } }
  }
}

protocol Labelled: AnyObject {
  var labelBox: LabelBox { get }
}

extension Labelled {
  var label: String? {
    get { labelBox.value }
    set { labelBox.value = newValue }
  }
}

// A resource's modes are what its options say.
extension MTLResource {
  var cpuCacheMode: MTLCPUCacheMode { MTLCPUCacheMode(resourceOptions) }
  var storageMode: MTLStorageMode { MTLStorageMode(resourceOptions) }
  var hazardTrackingMode: MTLHazardTrackingMode { MTLHazardTrackingMode(resourceOptions) }
}
