import Foundation

/// Records commands for its command buffer, which gets them at `endEncoding()`. Used by one thread.
class SerialCommandEncoder: NSObject, MTLCommandEncoder {
  private let commandBuffer: SerialCommandBuffer
  private var commands: [Command] = []
  private var resources: [any MTLResource] = []
  private var isOpen = true
  var label: String?

  init(commandBuffer: SerialCommandBuffer) {
    self.commandBuffer = commandBuffer
  }

  deinit {
    require(!isOpen, "a command encoder was released without endEncoding()")
  }

  var device: any MTLDevice { commandBuffer.device }

  func endEncoding() {
    require(isOpen, "endEncoding() called twice on one command encoder")
    isOpen = false
    commandBuffer.closeEncoder(commands: commands, resources: resources)
  }

  final func record(_ command: Command) {
    require(isOpen, "a command encoder was used after endEncoding()")
    commands.append(command)
  }

  final func retain(_ resource: any MTLResource) {
    require(isOpen, "a command encoder was used after endEncoding()")
    resources.append(resource)
  }

  final func own(_ buffer: any MTLBuffer) -> any MTLBuffer {
    require(buffer.device === device, "the buffer belongs to another device")
    return buffer
  }
}
