/// Why the store takes no calls, in words that show neither the URL nor anything that was sent: a store's own error may
/// quote the command, and with it the password.
struct StoreTrouble: Error, Equatable {
  let reason: String

  init(_ reason: String) { self.reason = reason }

  /// An error of the store, known by its first word only.
  init(answer text: String) { self.init(Self.reason(code: Self.code(of: text))) }

  /// Errors that are about the store as a whole and not about one call. A connection that gives one is made anew: after
  /// a failover the same name is another host.
  private static let general = [
    "READONLY", "OOM", "MISCONF", "NOAUTH", "WRONGPASS", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "NOREPLICAS",
  ]
  private static let known = general + ["MOVED", "ASK", "NOPERM", "WRONGTYPE", "NOSCRIPT"]

  /// Whether an error to one call says that others will fare no better.
  static func concernsAll(_ text: String) -> Bool { general.contains(code(of: text)) }

  static func isUnknownScript(_ text: String) -> Bool { text.hasPrefix("NOSCRIPT") }

  /// The error's code; one that a script met comes within the text of another.
  static func code(of text: String) -> String {
    let first = text.prefix { $0 != " " }
    if known.contains(String(first)) { return String(first) }
    guard first == "ERR" else { return isCode(first) ? String(first) : "an error" }
    return known.first { text.contains("-\($0) ") || text.contains(" \($0) ") } ?? "ERR"
  }

  /// Where a node of a cluster says that keys are: `MOVED SLOT HOST:PORT`, without the host where it is its own. Nil for
  /// any other error.
  static func place(movedTo text: String, from place: StoreSettings.Place) -> StoreSettings.Place? {
    let words = text.split(separator: " ")
    guard words.count == 3, words[0] == "MOVED", let colon = words[2].lastIndex(of: ":"),
      let port = Int(words[2][words[2].index(after: colon)...]), (1...65_535).contains(port),
      case .network(let here, _) = place
    else { return nil }
    let host = words[2][..<colon].filter { $0 != "[" && $0 != "]" }
    guard host.utf8.count <= 253 else { return nil }
    return .network(host: host.isEmpty || host == "?" ? here : String(host), port: port)
  }

  private static func isCode(_ word: Substring) -> Bool {
    (2...20).contains(word.utf8.count) && word.utf8.allSatisfy { (65...90).contains($0) }
  }

  private static func reason(code: String) -> String {
    switch code {
    case "READONLY": "READONLY: it is a replica and takes no writes; the URL has to lead to the primary"
    case "OOM": "OOM: it is full (maxmemory) and evicts nothing"
    case "MISCONF": "MISCONF: it cannot save to its disk and takes no writes"
    case "NOAUTH": "NOAUTH: it wants a password, and WEIR_REDIS_URL has none"
    case "WRONGPASS": "WRONGPASS: it refuses the user or the password of WEIR_REDIS_URL"
    case "LOADING": "LOADING: it is reading its data from disk"
    case "MASTERDOWN": "MASTERDOWN: it is a replica without its primary"
    case "CLUSTERDOWN": "CLUSTERDOWN: its cluster is not complete"
    case "BUSY": "BUSY: a script has been running for long"
    case "NOREPLICAS": "NOREPLICAS: too few replicas follow it, and it takes no writes"
    case "MOVED", "ASK": "\(code): it is a node of a cluster that does not hold weir's keys"
    case "NOPERM": "NOPERM: the user of WEIR_REDIS_URL may not do what weir needs"
    case "WRONGTYPE": "WRONGTYPE: a key of weir's is of another type; delete it, or set another redis.prefix"
    default: "it refuses weir's commands (\(code))"
    }
  }
}
