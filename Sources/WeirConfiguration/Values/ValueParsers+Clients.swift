import WeirPolicy
import WeirWire

extension ValueParsers {
  /// What metrics call clients without a key, and those beyond a label's bound.
  private static let reservedClientNames: Set<String> = ["anonymous", "other"]

  /// A client's name: 1 to 64 of `A-Z a-z 0-9 . _ -`. What was given is not shown: it may be a key.
  static func clientName(_ text: String, place: String) throws(ValueProblem) -> String {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isNameByte) else {
      throw ValueProblem(
        place == "it" ? "the name of a client is not valid" : "the name in \(place) is not valid",
        fix: "use 1 to 64 of the characters A-Z a-z 0-9 . _ -\(place == "it" ? "" : " before the colon")")
    }
    guard !reservedClientNames.contains(text.lowercased()) else {
      throw ValueProblem("the client name \(text) is taken by weir itself", fix: "use another name")
    }
    return text
  }

  /// A client's key as it is.
  static func clientSecret(_ text: String) throws(ValueProblem) -> Secret {
    guard !KeyHash.looksLikeOne(text) else {
      throw ValueProblem("the value is a hash of a key", fix: "call it key_hash")
    }
    return try secret(text)
  }

  /// A hash that `weir key` printed. What was given is not shown: it may be the key.
  static func keyHash(_ text: String) throws(ValueProblem) -> KeyHash {
    guard let hash = KeyHash(text) else {
      throw ValueProblem(
        "the value is not a hash of a key", fix: "give what weir key new or weir key hash printed, v1:… as a whole")
    }
    return hash
  }

  /// A point in time as RFC 3339 writes it.
  static func timestamp(_ text: String) throws(ValueProblem) -> Int64 {
    guard let seconds = Timestamp.parse(text) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a date", fix: "write 2027-01-31, or 2027-01-31T18:00:00Z")
    }
    return seconds
  }

  /// One of the APIs that a client may call.
  static func clientEndpoint(_ text: String) throws(ValueProblem) -> Endpoint {
    let known = Endpoint.allCases.filter { $0 != .feedback }
    let wanted = text.lowercased()
    if let endpoint = known.first(where: { $0.settingName == wanted || $0.rawValue == wanted }) { return endpoint }
    let names = known.map(\.settingName)
    throw ValueProblem(
      "\(ValueProblem.quoted(text)) is not one of \(names.joined(separator: ", "))",
      fix: NearestName.of(text, among: names).map { "did you mean \($0)?" } ?? "choose one of them")
  }
}

extension ClientKey {
  /// Whether a hash stands in the place of the key.
  var isHash: Bool { KeyHash.looksLikeOne(text) }

  /// What is kept of the key; a malformed hash, which `ValueParsers.clientKeys` refuses, is of no key.
  var hash: KeyHash { KeyHash(text) ?? KeyHash(ofKey: text) }

  /// For as long as it takes to hash it.
  private var text: String { key.reveal() }
}
