import BurstProtocol

/// What waits, against what the client answers: all of it at once, and nothing else.
struct AnsweredCalls {
  let waiting: [UInt32]
  /// Number of the import that each of `waiting` waits for.
  let imports: [Int]

  private static let doesNotWait: Int32 = -1
  private static let isAnswered: Int32 = -2

  /// The lanes that go on and those that end, each ascending. Throws `invalidParams` naming the field.
  func check(
    _ answers: [ResumePoolRequest.Answer], failed: [Int], instances: Int, records: [RecordSizes]
  ) throws(ResponseError) -> (answered: [UInt32], failed: [UInt32]) {
    // An array, not a dictionary: a hundred thousand calls a round are common.
    var expected = Array(repeating: Self.doesNotWait, count: instances)
    for (lane, number) in zip(waiting, imports) { expected[Int(lane)] = Int32(number) }

    func take(_ instance: Int, _ number: Int?, _ field: String) throws(ResponseError) {
      guard expected.indices.contains(instance) else {
        throw Self.invalid(field, "the pool has no instance \(instance); it has \(instances)")
      }
      switch expected[instance] {
      case Self.doesNotWait: throw Self.invalid(field, "instance \(instance) does not wait")
      case Self.isAnswered: throw Self.invalid(field, "instance \(instance) stands twice")
      case let wanted:
        if let number, number != wanted {
          throw Self.invalid(field, "instance \(instance) waits for import \(wanted), not for \(number)")
        }
      }
      expected[instance] = Self.isAnswered
    }

    for (index, answer) in answers.enumerated() {
      guard records.indices.contains(answer.number) else {
        throw Self.invalid("answers[\(index)].import", "there is no import \(answer.number); the module was loaded with \(records.count)")
      }
      for (position, instance) in answer.instances.enumerated() {
        try take(instance, answer.number, "answers[\(index)].instances[\(position)]")
      }
      let bytes = records[answer.number].resultBytes
      guard answer.results.count == answer.instances.count * bytes else {
        throw Self.invalid(
          "answers[\(index)].results",
          "\(answer.instances.count) records of \(bytes) bytes were expected, got \(answer.results.count) bytes")
      }
    }
    for (position, instance) in failed.enumerated() { try take(instance, nil, "failed[\(position)]") }
    if let missing = expected.firstIndex(where: { $0 >= 0 }) {
      let count = expected.count { $0 >= 0 }
      throw Self.invalid("answers", "\(count) of \(waiting.count) instances that wait have no answer, the first is \(missing)")
    }
    let ended = failed.map(UInt32.init).sorted()
    for lane in ended { expected[Int(lane)] = Self.doesNotWait }
    return (waiting.filter { expected[Int($0)] == Self.isAnswered }, ended)
  }

  private static func invalid(_ field: String, _ problem: String) -> ResponseError {
    ResponseError(.invalidParams, "`\(field)`: \(problem).")
  }
}
