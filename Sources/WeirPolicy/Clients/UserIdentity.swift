import WeirWire

/// Which end user a request is for, so that rollouts and limits stick to a person.
public enum UserIdentity {
  /// Longer names are cut here, so that a key made of one stays small.
  static let maximumBytes = 512

  /// The first that is present: `x-weir-user`, `x-user-id`, the body's `user`, `safety_identifier`,
  /// `metadata.user_id`; nil without any.
  static func find(_ head: RequestHead, _ envelope: Envelope?) -> String? {
    let candidates = [
      head.weirUser, head.userID, envelope?.user, envelope?.safetyIdentifier, envelope?.metadataUserID,
    ]
    for case let candidate? in candidates where !candidate.isEmpty {
      return candidate.utf8.count <= maximumBytes ? candidate : String(candidate.unicodeScalars.prefix(128))
    }
    return nil
  }
}
