/// Ends the process with `message` where a caller breaks a rule of Metal's, as Metal's own assertions do. `precondition` would
/// drop the message in release builds.
func require(_ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line) {
  if !condition { fatalError("failed assertion: \(message())", file: file, line: line) }
}
