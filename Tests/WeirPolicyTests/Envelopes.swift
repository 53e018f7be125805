import Testing
import WeirWire

@testable import WeirPolicy

/// The envelope of a body.
func envelope(_ json: String, finding names: MemberNames = .none) throws -> Envelope {
  let bytes = Array(json.utf8)
  let result: Result<Envelope, EnvelopeError> = unsafe bytes.withUnsafeBytes { region in
    Result { () throws(EnvelopeError) in try unsafe EnvelopeParser().parse(region, finding: names) }
  }
  return try result.get()
}

/// What a step refuses with, or nil when it lets the request pass.
func refusal(_ step: () throws(Refusal) -> Void) -> Refusal? {
  do {
    try step()
    return nil
  } catch {
    return error
  }
}

extension BodySplice {
  /// The body as it goes out.
  func applied(to json: String) -> String {
    let bytes = Array(json.utf8)
    var result: [UInt8] = []
    forEachPiece(of: bytes.count) { piece in
      switch piece {
      case .original(let range): result += bytes[range]
      case .new(let text): result += text.utf8
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension RequestPath {
  /// Admits a body given as text; no random choice is to be made.
  static func admit(
    _ exchange: Exchange, head: RequestHead, json: String, policy: PolicySnapshot,
    shared: SharedPolicy? = nil, now: Int64 = 0, wall: Int64 = 0
  ) throws {
    let bytes = Array(json.utf8)
    let envelope = try envelope(json, finding: policy.bodyRules.memberNames)
    _ = try admit(
      exchange, head: head, envelope: envelope, policy: policy, shared: shared ?? SharedPolicy(policy), random: 0,
      now: now, wall: wall, threadTime: { 0 }, census: { BodyCensus(bytes.span) }
    ) { range in
      String(decoding: bytes[range], as: UTF8.self)
    }
  }
}

extension RequestPath {
  /// Admits an envelope for a model that has no rules for bodies, so that nobody asks for the body's text.
  static func admit(
    _ exchange: Exchange, head: RequestHead, envelope: Envelope, policy: PolicySnapshot, random: UInt64,
    now: Int64
  ) throws(Refusal) {
    _ = try admit(
      exchange, head: head, envelope: envelope, policy: policy, shared: SharedPolicy(policy), random: random, now: now,
      wall: 0, threadTime: { 0 }, census: { BodyCensus(plainBytes: 0) }
    ) { range in
      Issue.record("asked for the text at \(range)")
      return ""
    }
  }
}

extension PolicySnapshot {
  /// The built-in models; without client keys, patterns and rollouts unless some are given.
  static func of(
    clients: [(name: String, key: String)] = [], models: ModelCatalog = .builtIn, access: ModelAccess = ModelAccess(),
    isKimiEnabled: Bool = true, fallbackModel: String = "", maxTokens: Int? = nil, temperature: String? = nil
  ) -> PolicySnapshot {
    PolicySnapshot(
      clients: ClientDirectory(keys: clients), models: models, access: access,
      killSwitch: KillSwitch(isKimiEnabled: isKimiEnabled, fallbackModel: fallbackModel, catalog: models),
      kimiDefaults: KimiDefaults(maxTokens: maxTokens, temperature: temperature))
  }

  /// One client, `alice` with `key-a`.
  static let keyed = PolicySnapshot.of(clients: [(name: "alice", key: "key-a")])
}

extension RequestPath {
  /// For clients whose keys never expire.
  static func open(
    _ head: RequestHead, requestID: String, policy: PolicySnapshot, now: Int64
  ) -> (Exchange, Refusal?) {
    open(head, requestID: requestID, policy: policy, now: now, wall: 0)
  }
}

extension ClientDirectory {
  /// Clients that may do everything, by name and key.
  init(keys clients: [(name: String, key: String)]) {
    self.init(clients.map { Client(ClientProfile(name: $0.name), keys: [KeyHash(ofKey: $0.key)]) })
  }
}
