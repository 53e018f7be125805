import WeirWire

/// A request body is read and edited: what is accepted is JSON, ranges are values, and an edit changes nothing else.
enum EnvelopeTarget {
  private static let names = MemberNames(["reasoning", "thinking", "colour"])

  static func check(_ bytes: [UInt8]) throws(Finding) {
    let parser = EnvelopeParser()
    let envelope: Envelope
    do throws(EnvelopeError) {
      envelope = try read(bytes, parser)
    } catch {
      try expect(error.offset.map { $0 <= bytes.count } ?? true, "the fault is beyond the body")
      let isJSON = CanonicalTarget.canonical(bytes) != nil
      switch error.code {
      case .invalidJSON, .invalidUTF8, .tooDeep: try expect(!isJSON, "\(error.code), and yet it is JSON")
      case .duplicateKey, .notAnObject, .tooLarge: break
      }
      return
    }
    try expect(CanonicalTarget.canonical(bytes) != nil, "accepted, and yet it is not JSON")
    try checkRanges(envelope, bytes)
    try checkEdits(envelope, bytes, parser)
  }

  private static func read(_ bytes: [UInt8], _ parser: EnvelopeParser) throws(EnvelopeError) -> Envelope {
    var result: Result<Envelope, EnvelopeError>?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(EnvelopeError) {
        result = .success(try unsafe parser.parse(buffer, finding: names))
      } catch {
        result = .failure(error)
      }
    }
    guard let result else { preconditionFailure("the closure ran") }
    return try result.get()
  }

  private static func checkRanges(_ envelope: Envelope, _ bytes: [UInt8]) throws(Finding) {
    let (start, end) = (envelope.objectStart, envelope.objectEnd)
    try expect(bytes[start] == UInt8(ascii: "{") && bytes[end] == UInt8(ascii: "}"), "the object's bounds are wrong")
    for member in EnvelopeMember.allCases {
      guard let range = envelope.range(of: member) else { continue }
      try expect(start < range.lowerBound && range.upperBound <= end, "\(member.name) lies outside")
      try expect(CanonicalTarget.canonical(Array(bytes[range])) != nil, "\(member.name)'s range is no value")
    }
    for entry in envelope.models {
      try expect(bytes[entry.range.lowerBound] == UInt8(ascii: "\""), "an entry of models is no string")
    }
  }

  private static func checkEdits(_ envelope: Envelope, _ bytes: [UInt8], _ parser: EnvelopeParser) throws(Finding) {
    let new = #""weir/fuzzed""#
    var splice = BodySplice()
    if let range = envelope.range(of: .model) {
      try expect(splice.replace(range, with: new), "the model cannot be replaced")
      let expected = bytes[..<range.lowerBound] + Array(new.utf8) + bytes[range.upperBound...]
      try expect(edited(bytes, splice).elementsEqual(expected), "more than the model changed")
    } else {
      splice.insertMember("model", json: new, into: envelope)
    }
    if let member = envelope.member("colour") {
      try expect(splice.removeMember(member, from: envelope), "a member cannot be removed")
    }
    let body = edited(bytes, splice)
    try expect(body.count == splice.count(from: bytes.count), "the edited body's size is told wrong")
    let after: Envelope
    do throws(EnvelopeError) {
      after = try read(body, parser)
    } catch {
      // One more member than may be.
      try expect(error.code == .tooLarge, "the edited body is not accepted: \(error.reason)")
      return
    }
    try expectUnchanged(envelope, bytes, after, body)
  }

  private static func expectUnchanged(
    _ before: Envelope, _ bytes: [UInt8], _ after: Envelope, _ body: [UInt8]
  ) throws(Finding) {
    try expect(after.model == "weir/fuzzed", "the model is not the new one")
    try expect(after.member("colour") == nil, "the removed member is still there")
    for member in EnvelopeMember.allCases where member != .model {
      let (old, new) = (before.range(of: member).map { bytes[$0] }, after.range(of: member).map { body[$0] })
      try expect(old.map(Array.init) == new.map(Array.init), "\(member.name) changed")
    }
  }

  private static func edited(_ bytes: [UInt8], _ splice: BodySplice) -> [UInt8] {
    var body: [UInt8] = []
    splice.forEachPiece(of: bytes.count) { piece in
      switch piece {
      case .original(let range): body += bytes[range]
      case .new(let text): body += text.utf8
      }
    }
    return body
  }
}
