/// Which codings of a reply somebody takes (RFC 9110, section 12.5.3).
enum AcceptEncoding {
  /// Whether a client asks for gzip; one that names no coding, or gives it the weight 0, does not.
  static func allowsGzip(_ value: String?) -> Bool {
    guard let value else { return false }
    return value.lowercased().split(separator: ",").contains { part in
      let pieces = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      guard pieces.first == "gzip" || pieces.first == "x-gzip" else { return false }
      return !pieces.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
    }
  }

  /// What weir can undo, where it has to read the reply.
  private static let readable: Set<String> = ["gzip", "x-gzip", "deflate", "identity"]

  /// The client's list without the codings that weir cannot read; nil when nothing had to go.
  static func reduced(_ value: String) -> String? {
    var kept: [Substring] = []
    var isReduced = false
    for part in value.split(separator: ",") {
      let coding = part.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
      if readable.contains(coding) {
        kept.append(part.drop { $0 == " " })
      } else {
        isReduced = true
      }
    }
    guard isReduced else { return nil }
    return kept.isEmpty ? "identity" : kept.joined(separator: ", ")
  }
}
