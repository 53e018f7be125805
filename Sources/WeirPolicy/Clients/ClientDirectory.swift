/// Who may use the traffic listener. Empty means that anyone who reaches it may.
public struct ClientDirectory: Sendable {
  private struct Entry: Sendable {
    let name: String
    let key: [UInt8]
  }

  /// What a request without a known key is called where keys are not asked for.
  public static let anonymous = "anonymous"

  private let entries: [Entry]

  /// Pairs of name and key.
  public init(_ clients: [(name: String, key: String)] = []) {
    entries = clients.map { Entry(name: $0.name, key: Array($0.key.utf8)) }
  }

  /// Whether a key is asked for.
  public var isRequired: Bool { !entries.isEmpty }

  /// The client's name, from `Authorization: Bearer` or `x-api-key`, whichever holds a known key.
  public func identify(authorization: String?, apiKey: String?) throws(Refusal) -> String {
    guard isRequired else { return Self.anonymous }
    if let bearer = authorization.flatMap(Self.bearer), let name = name(of: bearer) { return name }
    if let apiKey, let name = name(of: apiKey.utf8[...]) { return name }
    let isMissing = authorization == nil && apiKey == nil
    throw Refusal(
      .unauthorized, isMissing ? "no API key was sent" : "the API key is not known to this proxy",
      remedy: "Send a key of this proxy as `Authorization: Bearer KEY` or `x-api-key: KEY`.",
      fields: [Refusal.Field(name: "www-authenticate", value: "Bearer")])
  }

  /// Compares with every entry in full, so that the time taken tells nothing about any key.
  private func name(of candidate: Substring.UTF8View) -> String? {
    var found: String?
    for entry in entries where Self.matches(entry.key, candidate) { found = found ?? entry.name }
    return found
  }

  private static func matches(_ key: [UInt8], _ candidate: Substring.UTF8View) -> Bool {
    var difference: UInt8 = 0
    var count = 0
    for byte in candidate {
      difference |= byte ^ (key.isEmpty ? 0 : key[count % key.count])
      count += 1
    }
    return difference == 0 && count == key.count && count > 0
  }

  /// The token of a bearer credential; the scheme's case does not matter (RFC 9110, section 11.1).
  private static func bearer(_ authorization: String) -> Substring.UTF8View? {
    let bytes = authorization.utf8
    let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
    guard scheme.count == 6, zip(scheme, "bearer".utf8).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
    return bytes[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
  }
}
