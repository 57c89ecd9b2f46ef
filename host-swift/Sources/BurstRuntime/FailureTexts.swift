import BurstProtocol

/// Why instances, or jobs, ended without a result; those with the same text together.
struct FailureTexts {
  private struct Reason: Hashable {
    let number: Int?
    let text: String
  }

  private var members: [Reason: [Int]] = [:]

  /// Bounds of what an answer has of them: instances choose the texts.
  private static let longestText = 1000
  private static let mostTexts = 10_000

  /// `number`: of the import that failed, where it was one.
  mutating func add(_ text: String, import number: Int?, of member: Int) {
    var reason = Reason(number: number, text: String(text.unicodeScalars.prefix(Self.longestText)))
    if members[reason] == nil, members.count >= Self.mostTexts {
      reason = Reason(number: number, text: "one of more than \(Self.mostTexts) different texts, too many to keep")
    }
    members[reason, default: []].append(member)
  }

  /// `rename` gives each member of `other` its number here.
  mutating func add(_ other: FailureTexts, rename: (Int) -> Int) {
    for (reason, others) in other.members {
      for member in others { add(reason.text, import: reason.number, of: rename(member)) }
    }
  }

  /// As failures of instances; `nil` where there are none.
  var ofInstances: [HostFunctionFailures]? {
    sorted?.compactMap { reason, members in
      reason.number.map { HostFunctionFailures(number: $0, message: reason.text, instances: members) }
    }
  }

  /// As reasons of jobs; `nil` where there are none.
  var ofJobs: [JobReason]? {
    sorted?.map { reason, members in JobReason(number: reason.number, message: reason.text, jobs: members) }
  }

  private var sorted: [(Reason, [Int])]? {
    if members.isEmpty { return nil }
    return members.map { ($0.key, $0.value.sorted()) }
      .sorted { ($0.0.number ?? -1, $0.1[0]) < ($1.0.number ?? -1, $1.1[0]) }
  }
}
