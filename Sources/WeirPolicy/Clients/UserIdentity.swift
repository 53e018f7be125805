import WeirWire

/// Which end user a request is for, so that rollouts and limits stick to a person.
public enum UserIdentity {
  /// Longer names are cut here, so that a key made of one stays small.
  static let maximumBytes = 512

  /// The first that is present: `x-weir-user`, `x-user-id`, the body's `user`, `safety_identifier`,
  /// `metadata.user_id`; nil without any.
  static func find(_ head: RequestHead, _ envelope: Envelope?) -> String? {
    let found =
      named(head.weirUser) ?? named(head.userID) ?? named(envelope?.user) ?? named(envelope?.safetyIdentifier)
      ?? named(envelope?.metadataUserID)
    guard let found, found.utf8.count > maximumBytes else { return found }
    return String(found.unicodeScalars.prefix(128))
  }

  private static func named(_ candidate: String?) -> String? {
    candidate.flatMap { $0.isEmpty ? nil : $0 }
  }
}
