import WeirConfiguration

/// Which header lines of an upstream's reply do not go to the client.
struct ReplyHygiene: Sendable {
  let dropsCookies: Bool
  let dropsServer: Bool

  /// Every line goes on.
  static let none = ReplyHygiene(dropsCookies: false, dropsServer: false)
}

extension ReplyHygiene {
  /// Where clients have keys of their own they share the upstream's account: a cookie that it sets for one of them says
  /// nothing to that one, and could tie the others' requests to it.
  init(_ hygiene: Configuration.Hygiene, asksForKeys: Bool) {
    switch hygiene.setCookie {
    case .pass: dropsCookies = false
    case .drop: dropsCookies = true
    case .auto: dropsCookies = asksForKeys
    }
    dropsServer = hygiene.server == .drop
  }
}
