import WeirConfiguration
import WeirPolicy

/// Keeps web pages that somebody was lured to from spending weir's key: where weir has a key and asks clients for none,
/// a browser's request must come from a page of this very address; so must a vote, key or not. Programs send none of the
/// fields looked at here.
enum BrowserAccess {
  static func refusal(
    _ fields: RequestFields, isFeedback: Bool, snapshot: RuntimeSnapshot, listensOnLoopback: Bool
  ) -> Refusal? {
    // A preflight spends nothing; what it asks for comes by itself and is looked at then.
    guard fields.origin != nil || fields.fetchSite != nil, fields.head.method != "OPTIONS" else { return nil }
    guard !snapshot.policy.clients.isRequired else { return nil }
    // Without a key of weir's a page spends what it brought itself, but votes count all the same.
    guard isFeedback || snapshot.upstreams.contains(where: { $0.authorization != nil }) else { return nil }
    if listensOnLoopback, !LoopbackName.isIn(host: fields.hostName) {
      return refusal(status: 421, "a web page asks under a name that is not this machine's")
    }
    if fields.fetchSite == "cross-site" || fields.fetchSite == "same-site" {
      return refusal(status: 403, "a web page of another site asks")
    }
    guard let origin = fields.origin?.lowercased() else { return nil }
    // Any page can have its origin left out (a sandboxed frame, `Referrer-Policy: no-referrer`), and to an address of
    // one's network browsers send no Sec-Fetch-Site. Schemes other than these are extensions' own: no page can take one.
    guard origin != "null" else { return refusal(status: 403, "a web page asks that does not tell its origin") }
    guard origin.hasPrefix("http://") || origin.hasPrefix("https://") else { return nil }
    let host = fields.hostName.lowercased()
    guard origin != "http://\(host)", origin != "https://\(host)" else { return nil }
    return refusal(status: 403, "a web page of another origin asks")
  }

  private static func refusal(status: Int, _ what: String) -> Refusal {
    Refusal(
      .unauthorized, what,
      remedy: "Set WEIR_CLIENT_KEYS and let the page send a key of its own, so that not every page can use this proxy.",
      status: status)
  }
}
