import NIOCore
import NIOHTTP1

/// A request to the admin listener.
struct AdminRequest {
  let head: HTTPRequestHead
  /// Who asks, as far as the connection tells.
  let peer: String
  let body: [UInt8]

  /// Whether the connection came over loopback.
  var isFromThisMachine: Bool {
    let address = peer.hasPrefix("admin ") ? peer.dropFirst(6) : peer[...]
    return address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
  }

  /// Without the query.
  var path: Substring { head.uri.prefix { $0 != "?" } }

  /// Whether there is a query, were it an empty one.
  var hasQuery: Bool { head.uri.contains("?") }

  /// The value of a query parameter, as it stands; nil when it is absent.
  func query(_ name: String) -> Substring? {
    for pair in head.uri.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if let key = parts.first, key == name { return parts.count > 1 ? parts[1] : "" }
    }
    return nil
  }
}

/// What the admin listener answers.
struct AdminReply: Sendable {
  var status: Int
  var contentType: String
  var body: [UInt8]
  var fields: [(String, String)] = []

  static func text(_ status: Int, _ text: String) -> AdminReply {
    AdminReply(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  static func json(_ status: Int, _ json: [UInt8]) -> AdminReply {
    AdminReply(status: status, contentType: "application/json", body: json)
  }

  static func html(_ text: String) -> AdminReply {
    AdminReply(status: 200, contentType: "text/html; charset=utf-8", body: Array(text.utf8))
  }

  /// A change that was asked of a process whose place another one has.
  static var handedOver: AdminReply {
    var reply = text(503, "Nothing was changed: another process has taken over. Send the request again.\n")
    reply.fields = [("retry-after", "1")]
    return reply
  }
}

/// An answer that is there, or that needs the network first.
enum AdminAnswer {
  case now(AdminReply)
  case later(EventLoopFuture<AdminReply>)
}
