/// Three extents of a grid or a threadgroup, in threads or threadgroups.
public struct MTLSize: Sendable {
  public var width: Int
  public var height: Int
  public var depth: Int

  public init() {
    self.init(width: 0, height: 0, depth: 0)
  }

  public init(width: Int, height: Int, depth: Int) {
    self.width = width
    self.height = height
    self.depth = depth
  }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
public func MTLSizeMake(_ width: Int, _ height: Int, _ depth: Int) -> MTLSize {
  MTLSize(width: width, height: height, depth: depth)
}
