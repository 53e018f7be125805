import WeirWire

/// How a request's body is coded; nil from the initialiser means in a way that weir cannot read.
enum BodyCoding {
  case plain
  case compressed(Inflater.Encoding)

  init?(_ header: String?) {
    switch header?.lowercased() {
    case nil, "", "identity": self = .plain
    case "gzip", "x-gzip": self = .compressed(.gzip)
    case "deflate": self = .compressed(.deflate)
    default: return nil
    }
  }

  /// Whether a body is coded in any way, one that weir cannot read included.
  static func isCoded(_ header: String?) -> Bool {
    if case .plain? = BodyCoding(header) { false } else { true }
  }
}
