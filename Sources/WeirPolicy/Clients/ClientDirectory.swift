/// Who may use the traffic listener. Empty means that anyone who reaches it may.
///
/// A key is found by its `KeyID` and then compared with one hash, so the time taken depends neither on how many clients
/// there are nor on how much of a key is right.
public struct ClientDirectory: Sendable {
  /// A client and the keys that it may use, more than one while they are being replaced.
  public struct Client: Sendable {
    /// What it may do.
    public let profile: ClientProfile
    /// Of its keys.
    public let keys: [KeyHash]

    /// Pairs a client with its keys.
    public init(_ profile: ClientProfile, keys: [KeyHash]) {
      self.profile = profile
      self.keys = keys
    }
  }

  /// The header that a key came in.
  public enum Header: Sendable {
    case authorization, apiKey
  }

  private struct Entry: Sendable {
    let hash: KeyHash
    let profile: ClientProfile
  }

  /// What a request without a known key is called where keys are not asked for.
  public static let anonymous = "anonymous"

  private let entries: [KeyID: Entry]
  /// Compared with where no entry has a key's id, so that the time does not tell which ids there are.
  private let decoy = KeyHash(ofKey: "")
  /// Whether a key is asked for; so it is too where no key of any client is valid.
  public let isRequired: Bool

  /// Whether any client has a rule of its own for tools.
  var haveToolRules: Bool { entries.values.contains { $0.profile.tools != nil } }

  /// A directory of clients whose keys all differ; of two keys with one id, the first counts.
  public init(_ clients: [Client] = []) {
    var entries: [KeyID: Entry] = [:]
    for client in clients {
      for hash in client.keys where entries[hash.id] == nil {
        entries[hash.id] = Entry(hash: hash, profile: client.profile)
      }
    }
    self.entries = entries
    isRequired = !clients.isEmpty
  }

  /// The client whose key came, and in which header: `Authorization: Bearer` is looked at first. Nil where no keys are
  /// asked for.
  public func identify(
    authorization: String?, apiKey: String?
  ) throws(Refusal) -> (client: ClientProfile, header: Header)? {
    guard isRequired else { return nil }
    if let bearer = authorization.flatMap(Self.bearer), let client = client(of: bearer) {
      return (client, .authorization)
    }
    if let apiKey, let client = client(of: apiKey[...]) { return (client, .apiKey) }
    let isMissing = authorization == nil && apiKey == nil
    throw Self.refusal(isMissing ? "no API key was sent" : "the API key is not known to this proxy")
  }

  /// Whether a header's value is, or carries, a key of this proxy: such a value never goes upstream.
  public func knows(_ value: String) -> Bool {
    guard isRequired else { return false }
    return client(of: value[...]) != nil || Self.bearer(value).map { client(of: $0) != nil } ?? false
  }

  static func refusal(_ what: String, remedy: String? = nil) -> Refusal {
    Refusal(
      .unauthorized, what,
      remedy: remedy ?? "Send a key of this proxy as `Authorization: Bearer KEY` or `x-api-key: KEY`.",
      fields: [Refusal.Field(name: "www-authenticate", value: "Bearer")])
  }

  private func client(of candidate: Substring) -> ClientProfile? {
    var candidate = candidate
    guard !candidate.isEmpty else { return nil }
    return candidate.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      let entry = unsafe entries[KeyID(ofKey: bytes)]
      return unsafe (entry?.hash ?? decoy).matches(bytes) ? entry?.profile : nil
    }
  }

  /// The token of a bearer credential; the scheme's case does not matter (RFC 9110, section 11.1).
  private static func bearer(_ authorization: String) -> Substring? {
    let bytes = authorization.utf8
    let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
    guard scheme.count == 6, zip(scheme, "bearer".utf8).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
    let token = bytes[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
    return Substring(token)
  }
}
