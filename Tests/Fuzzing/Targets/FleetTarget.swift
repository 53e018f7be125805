import WeirWire

@testable import WeirPolicy

/// What the fleet's store gives for a reply: whatever it is, what is read of it may go to a client, and can be written
/// again. Both what stands in the store and, past its checksum, what is inside.
enum FleetTarget {
  private static let format = FleetReplyFormat(maximumBytes: 1 << 16, maximumBodyBytes: 1 << 16, compressFrom: 512)
  private static let key = unsafe CacheKey(
    CacheKey.Request(
      tenant: TenantKey(client: "a", policy: .off), upstreams: [], method: "POST", path: "/v1/chat/completions"),
    canonicalBody: unsafe UnsafeRawBufferPointer(start: nil, count: 0))

  static func check(_ bytes: [UInt8]) throws(Finding) {
    if let generation = FleetGeneration(bytes) {
      try expect(generation.previous < generation.number, "a generation that goes back")
    }
    if (try? format.decode(bytes, for: key, remainingMilliseconds: 1, now: 0)) != nil {
      throw Finding("a value with the right checksum by chance")
    }
    guard let reply = try? format.reply(bytes[...], storedAt: 0) else { return }
    try expect(
      SafeHeadLines.areSafe(reply.head[...], contentEncoding: reply.description.contentEncoding), "unsafe head lines")
    guard let body = reply.bodyBytes() else { throw Finding("a body that cannot be read") }
    try expect(body.count == reply.bodyCount && body.count <= format.maximumBodyBytes, "another size than it says")
    guard let value = format.encode(reply, for: key, timeToLiveSeconds: 60, nonce: []) else { return }
    guard let back = try? format.decode(value, for: key, remainingMilliseconds: 60_000, now: 0) else {
      throw Finding("what was written is not read")
    }
    try expect(
      back.reply.description == reply.description && back.reply.head == reply.head && back.reply.bodyBytes() == body,
      "another reply comes back")
  }
}
