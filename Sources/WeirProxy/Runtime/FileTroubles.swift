import Synchronization

/// Which of the files that a restart reads cannot be written at the moment, and why, for `/health`. Any thread may use it.
final class FileTroubles: Sendable {
  /// What would be forgotten.
  enum Subject {
    case budgets, rollouts
  }

  private let reasons = Mutex<[Subject: String]>([:])

  /// Notes why something cannot be written; nil where it was.
  func note(_ reason: String?, of subject: Subject) { reasons.withLock { $0[subject] = reason } }

  /// Nil where nothing is wrong.
  func reason(of subject: Subject) -> String? { reasons.withLock { $0[subject] } }
}

extension ProxyState {
  /// The files beside the ledger that must not be lost, and why each cannot be written; nil where it can, or is off.
  var filesWritten: [(name: StaticString, problem: String?)] {
    [
      ("budgets", fileTroubles.reason(of: .budgets)), ("rollouts", fileTroubles.reason(of: .rollouts)),
      ("audit_log", audit?.problem),
    ]
  }
}
