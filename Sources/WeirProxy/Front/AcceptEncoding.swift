/// What is asked of an upstream whose reply weir has to read: only codings that it can undo.
enum AcceptEncoding {
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
