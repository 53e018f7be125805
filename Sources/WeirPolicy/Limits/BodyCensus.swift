/// What a request body is made of, in bytes, for the estimate of its tokens.
public struct BodyCensus: Sendable, Equatable {
  /// English-like text, code and JSON's own signs.
  public var plainBytes: Int
  /// Bytes of other characters in UTF-8: a Chinese character has three.
  public var otherBytes: Int
  /// Stretches of encoded data: images, sound, files.
  public var encodedParts: Int

  /// Describes a body.
  public init(plainBytes: Int, otherBytes: Int = 0, encodedParts: Int = 0) {
    self.plainBytes = max(plainBytes, 0)
    self.otherBytes = max(otherBytes, 0)
    self.encodedParts = max(encodedParts, 0)
  }

  /// At least so many base64 characters in a row are encoded data: no word is that long.
  static let shortestEncodedPart = 256

  /// Counts a body. Time is in proportion to its length; nothing is allocated.
  public init(_ body: Span<UInt8>) {
    let other = BodyCensus.countOthers(body)
    var encodedBytes = 0
    var parts = 0
    // A stretch covers at least one of the places looked at, so between them nothing needs to be read.
    var place = BodyCensus.shortestEncodedPart / 2
    while place < body.count {
      var end = place
      if BodyCensus.isEncoding(body[place]) {
        var start = place
        while start > 0, BodyCensus.isEncoding(body[start - 1]) { start -= 1 }
        while end < body.count, BodyCensus.isEncoding(body[end]) { end += 1 }
        if end - start >= BodyCensus.shortestEncodedPart {
          encodedBytes += end - start
          parts += 1
        }
      }
      place = max(end, place) + BodyCensus.shortestEncodedPart / 2
    }
    self.init(plainBytes: body.count - other - encodedBytes, otherBytes: other, encodedParts: parts)
  }

  /// Bytes above 127, in sums of so many that a byte holds them: the compiler then counts many bytes at once.
  private static func countOthers(_ body: Span<UInt8>) -> Int {
    var other = 0
    var start = 0
    while start < body.count {
      let stretch = body.extracting(start..<min(start + 128, body.count))
      var sum: UInt8 = 0
      for index in stretch.indices { sum &+= stretch[index] &>> 7 }
      other += Int(sum)
      start += 128
    }
    return other
  }

  /// Base64 in both alphabets (RFC 4648, sections 4 and 5), and the backslash that some encoders put before `/`.
  private static func isEncoding(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    case UInt8(ascii: "\\"): true
    default: false
    }
  }
}
