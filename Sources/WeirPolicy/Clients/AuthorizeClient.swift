public import WeirWire

/// Whether the client may ask at all, and ask this API; and which of its own credentials may go on upstream.
enum AuthorizeClient {
  /// - Parameter wall: seconds since 1970; read only for a client whose keys expire.
  static func authorize(
    _ exchange: Exchange, head: RequestHead, policy: PolicySnapshot, wall: () -> Int64
  ) throws(Refusal) {
    let found = try policy.clients.identify(authorization: head.authorization, apiKey: head.apiKey)
    guard let (client, header) = found else { return }
    exchange.client = client.name
    exchange.profile = client
    exchange.ownCredentials = .none
    if client.isDisabled {
      throw ClientDirectory.refusal(
        "the API key belongs to a client that is switched off", remedy: "Ask the operator of this proxy.")
    }
    if let end = client.expiresAt, wall() >= end {
      throw ClientDirectory.refusal(
        "the API key expired at \(Timestamp.text(end))", remedy: "Ask the operator of this proxy for a new key.")
    }
    if let endpoints = client.endpoints, !endpoints.contains(exchange.endpoint), exchange.endpoint != .feedback {
      throw Refusal(
        .invalidRequest, "this client may not call this API",
        remedy: "It may call: \(endpoints.map(\.settingName).sorted().joined(separator: ", ")).", status: 403)
    }
    guard client.passesUpstreamKey else { return }
    let other = header == .authorization ? head.apiKey : head.authorization
    guard let other, !policy.clients.knows(other) else { return }
    exchange.ownCredentials = header == .authorization ? .apiKey : .authorization
  }
}

/// Which of the client's own credentials may go upstream.
public enum OwnCredentials: Sendable {
  /// Whatever the client sent: weir asks for no key of its own.
  case all
  /// None: what the client sent is for weir.
  case none
  /// The `Authorization` header only.
  case authorization
  /// The `x-api-key` header only.
  case apiKey
}

extension Endpoint {
  /// What the configuration calls it.
  public var settingName: String { self == .chatCompletions ? "chat" : rawValue }
}
