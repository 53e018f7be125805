import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import WeirProxy

/// A connection's bytes through the reader and the decoder that weir's front has, set up as there: requests begin and end
/// where a strict reading of RFC 9112 has them, however the bytes were cut, and as they do for the decoder alone.
enum HTTPTarget {
  private static let maximumHeaderBytes = 8192

  /// A request, or what became of it.
  private struct Seen: Equatable {
    var method: String
    var target: String
    var fields: [String]
    var body: [UInt8] = []
    var isWhole = false
    var isRefused: Bool
  }

  static func check(_ bytes: [UInt8]) throws(Finding) {
    var cuts = Cuts(of: bytes)
    let whole = try requests(in: [bytes[...]])
    let split = try requests(in: cuts.pieces(of: bytes))
    try expect(whole == split, "other requests when the bytes are cut")
    try expect(
      try requests(in: [bytes[...]], readsPlain: false) == whole, "other requests for the decoder alone")
    var reference = ReferenceReader(bytes)
    for seen in whole {
      // Behind one that weir refuses it closes; what follows is not taken as a request.
      if seen.isRefused || !seen.isWhole { return }
      guard let expected = reference.next() else {
        throw Finding("\(seen.method) \(seen.target): a request is seen where a strict reader sees none")
      }
      try expect(
        expected.method == seen.method && expected.target == seen.target,
        "\(seen.method) \(seen.target) begins elsewhere for a strict reader: \(expected.method) \(expected.target)")
      try expect(expected.body == seen.body, "\(seen.method) \(seen.target) has another body for a strict reader")
    }
  }

  private static func requests(
    in pieces: [ArraySlice<UInt8>], readsPlain: Bool = true
  ) throws(Finding) -> [Seen] {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = maximumHeaderBytes
    limits.maxHeaderListSize = maximumHeaderBytes
    let decoder = HTTPRequestDecoder(
      leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var seen: [Seen] = []
    var plain = PlainRequestReader(maximumHeaderBytes: maximumHeaderBytes)
    do {
      try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder, maximumBufferSize: 256 * 1024))
      for piece in pieces {
        var bytes = ByteBuffer(bytes: piece)
        while readsPlain, let part = plain.next(&bytes) { try take(part, into: &seen) }
        guard !readsPlain || plain.isOver else { continue }
        do {
          try channel.writeInbound(bytes)
        } catch {
          try take(from: channel, into: &seen)
          break
        }
        try take(from: channel, into: &seen)
      }
    } catch let finding as Finding {
      throw finding
    } catch {
      throw Finding("the channel failed: \(error)")
    }
    return seen.filter(\.isWhole)
  }

  private static func take(from channel: EmbeddedChannel, into seen: inout [Seen]) throws {
    while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let head): try take(.head(ClientHead(head)), into: &seen)
      case .body(let bytes): try take(.body(bytes), into: &seen)
      case .end: try take(.end, into: &seen)
      }
    }
  }

  private static func take(_ part: RequestPart, into seen: inout [Seen]) throws {
    switch part {
    case .head(let head):
      var fields: [String] = []
      head.forEachField { fields.append("\($0.nameText): \($0.valueText)") }
      seen.append(
        Seen(
          method: head.method, target: head.target, fields: fields, isRefused: isRefused(head, RequestFields(head))))
    case .body(let bytes):
      guard let last = seen.indices.last else { throw Finding("a body comes before any head") }
      seen[last].body += bytes.readableBytesView
    case .end:
      guard let last = seen.indices.last else { throw Finding("an end comes before any head") }
      seen[last].isWhole = true
    }
  }

  /// The rules of HTTP that `LiveExchange` adds to the decoder's, and those after which a connection ends.
  private static func isRefused(_ head: ClientHead, _ fields: RequestFields) -> Bool {
    head.method == "CONNECT" || fields.upgrade != nil || fields.hostCount > 1
      || (fields.hostCount == 0 && !head.isHTTP10) || fields.hasUnknownCoding || (fields.isChunked && head.isHTTP10)
      || !head.isKeptAlive
  }
}
