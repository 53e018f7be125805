@testable import WeirPolicy
import WeirWire

/// Keys, formats and replies that the suites of the fleet's cache share.
enum SampleFleetReplies {
  static let nonce = Array(repeating: UInt8(7), count: ReplySeal.nonceBytes)
  static let secret = Array(UInt8(0)..<32)

  /// In clear unless a key is given.
  static func format(key: [UInt8]? = nil, maximumBytes: Int = 1 << 20, compressFrom: Int = 0) -> FleetReplyFormat {
    FleetReplyFormat(
      seal: key.flatMap { ReplySeal(key: $0) }, maximumBytes: maximumBytes, maximumBodyBytes: 1 << 20,
      compressFrom: compressFrom)
  }

  static func made(_ body: String = #"{"ok":true}"#, encoding: String? = nil) -> StoredReply {
    var reading = ReplyReading()
    reading.usage = TokenUsage(input: 12, output: 34, cached: 5, reasoning: 6)
    reading.cost = 0.001_25
    (reading.provider, reading.generationID, reading.model) = ("Kimi & Söhne", "gen-1", "moonshotai/kimi-k2")
    (reading.finishReason, reading.sawEndMarker, reading.sawContent) = ("stop", true, true)
    (reading.contentEvents, reading.toolCalls) = (3, 2)
    let coding = encoding.map { "Content-Encoding: \($0)\r\n" } ?? ""
    return StoredReply(
      StoredReply.Description(
        contentEncoding: encoding, isEventStream: true, model: "moonshotai/kimi-k2", upstream: "openrouter.ai",
        reading: reading, storedAt: seconds(5)),
      head: Array("content-type: text/event-stream\r\n\(coding)x-a:b\r\n".utf8), body: Array(body.utf8))
  }
}
