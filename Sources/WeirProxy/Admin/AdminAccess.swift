import NIOHTTP1
import WeirConfiguration

/// Who may use the admin listener: pages that a browser was lured to may not.
enum AdminAccess {
  /// Nil when the request may go on.
  ///
  /// - Parameter isOpen: the operator said that the network itself keeps strangers out.
  static func refusal(
    _ request: AdminRequest, listensOnLoopback: Bool, token: Secret?, isOpen: Bool = false
  ) -> AdminReply? {
    let headers = request.head.headers
    if listensOnLoopback, !LoopbackName.isIn(host: headers.first(name: "host") ?? "") {
      return .text(421, "This listener answers only under a loopback name, such as 127.0.0.1 or localhost.\n")
    }
    guard changesState(request.head.method) else { return nil }
    if headers.first(name: "sec-fetch-site").map({ $0 != "same-origin" && $0 != "none" }) ?? false {
      return .text(403, "Requests from other sites may not change anything here.\n")
    }
    if let origin = headers.first(name: "origin"), !isSame(origin, host: headers.first(name: "host") ?? "") {
      return .text(403, "Requests from other origins may not change anything here.\n")
    }
    guard let token else {
      guard listensOnLoopback || isOpen || request.isFromThisMachine else {
        return .text(403, "Set WEIR_ADMIN_TOKEN to change anything from another machine.\n")
      }
      // Under a name of its own choice a page's requests would look like this listener's own.
      let isBrowser = headers.contains(name: "origin") || headers.contains(name: "sec-fetch-site")
      guard isBrowser, !listensOnLoopback else { return nil }
      return .text(403, "Set WEIR_ADMIN_TOKEN to change anything from a browser on an address that others can reach.\n")
    }
    let bearer = headers.first(name: "authorization").flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
    if let bearer, token.matches(String(bearer)) { return nil }
    var reply = AdminReply.text(401, "Send WEIR_ADMIN_TOKEN as `Authorization: Bearer TOKEN`.\n")
    reply.fields = [("www-authenticate", "Bearer")]
    return reply
  }

  private static func changesState(_ method: HTTPMethod) -> Bool {
    method != .GET && method != .HEAD && method != .OPTIONS
  }

  private static func isSame(_ origin: String, host: String) -> Bool {
    origin.lowercased() == "http://\(host.lowercased())" || origin.lowercased() == "https://\(host.lowercased())"
  }
}
