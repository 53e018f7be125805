import Testing
import WeirWire

@Suite("Body splice")
struct BodySpliceTests {
  private func apply(_ splice: BodySplice, to text: String) -> String {
    String(decoding: splice.applied(to: Array(text.utf8)), as: UTF8.self)
  }

  @Test("replaces ranges given in any order")
  func replace() {
    var splice = BodySplice()
    splice.replace(4..<5, with: "FOUR")
    splice.replace(0..<2, with: "")
    #expect(apply(splice, to: "012345") == "23FOUR5")
    #expect(splice.count(from: 6) == 7)
  }

  @Test("the same range again: the later call wins")
  func again() {
    var splice = BodySplice()
    splice.replace(1..<3, with: "x")
    splice.replace(1..<3, with: "yy")
    #expect(apply(splice, to: "0123") == "0yy3")
  }

  @Test("a range that overlaps another, or is no place in the body, is refused and changes nothing")
  func overlap() throws {
    var splice = BodySplice()
    splice.replace(2..<5, with: "x")
    for range in [0..<3, 4..<9, 3..<4, 0..<9, 3..<3, -3 ..< -1] {
      let accepted = splice.replace(range, with: "y")
      #expect(!accepted)
    }
    #expect(apply(splice, to: "0123456") == "01x56")
    #expect(apply(splice, to: "0123") == "0123")
    splice.insertMember("a", json: "1", into: try parse("     {}"))
    let accepted = splice.replace(5..<7, with: "y")
    #expect(!accepted)
  }

  @Test("adds members right after the brace, in order, also to an empty object")
  func insert() throws {
    for (body, expected) in [
      (#" { "b" : 1 }"#, #" {"a":1,"c\"":"x", "b" : 1 }"#), ("{}", #"{"a":1,"c\"":"x"}"#),
      ("{ }\n", #"{"a":1,"c\"":"x" }"# + "\n"),
    ] {
      let envelope = try parse(body)
      var splice = BodySplice()
      splice.insertMember("a", json: "1", into: envelope)
      splice.insertMember("c\"", json: "\"x\"", into: envelope)
      #expect(apply(splice, to: body) == expected)
      #expect(splice.count(from: body.utf8.count) == expected.utf8.count)
      #expect(try parse(expected).isEmpty == false)
    }
  }

  @Test("without edits the body is one piece, and an empty body none")
  func nothing() {
    let splice = BodySplice()
    #expect(splice.isEmpty)
    #expect(splice.pieces(of: 9) == [.original(0..<9)])
    #expect(splice.pieces(of: 0) == [])
  }

  @Test("changes what it was told and nothing else, over generated bodies")
  func property() throws {
    var generator = JSONGenerator(seed: 4)
    let parser = EnvelopeParser()
    for _ in 0..<4000 {
      let body = generator.body()
      let envelope = try parse(body.text, with: parser)
      var splice = BodySplice()
      var expected = body.text
      // From the end, so that earlier ranges stay true in `expected`.
      var chosen = body.members.filter { _ in generator.random.chance(40) }
      for (_, range) in chosen.reversed() {
        expected.replaceSubrange(range, with: Array("\"new \(range.lowerBound)\"".utf8))
      }
      chosen.shuffle(using: &generator.random)
      for (_, range) in chosen { splice.replace(range, with: "\"new \(range.lowerBound)\"") }
      if generator.random.chance(40) {
        splice.insertMember("added", json: "{\"z\":1e2}", into: envelope)
        let text = "\"added\":{\"z\":1e2}" + (body.members.isEmpty ? "" : ",")
        expected.insert(contentsOf: Array(text.utf8), at: envelope.objectStart + 1)
      }
      #expect(splice.applied(to: body.text) == expected)
      #expect(splice.count(from: body.text.count) == expected.count)
      #expect(refusal(expected, with: parser) == nil)
      let pieces = splice.pieces(of: body.text.count)
      #expect(pieces.allSatisfy { $0 != .original(0..<0) && $0 != .new("") })
    }
  }

  @Test("a megabyte string and the deepest nesting pass untouched around an edit")
  func extremes() throws {
    let long = String(repeating: "x\\ud83d\\ude00é", count: 100_000)
    let deep = String(repeating: "[", count: 1022) + "2.50" + String(repeating: "]", count: 1022)
    let body = "{\"prompt\":\"\(long)\",\"model\":\"kimi-k2\",\"y\":\(deep)}"
    let range = try #require(try parse(body).range(of: .model))
    var splice = BodySplice()
    splice.replace(range, with: "\"m\"")
    #expect(apply(splice, to: body) == "{\"prompt\":\"\(long)\",\"model\":\"m\",\"y\":\(deep)}")
  }
}

extension BodySplice {
  fileprivate func pieces(of count: Int) -> [Piece] {
    var pieces: [Piece] = []
    forEachPiece(of: count) { pieces.append($0) }
    return pieces
  }

  fileprivate func applied(to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    forEachPiece(of: bytes.count) { piece in
      switch piece {
      case .original(let range): result.append(contentsOf: bytes[range])
      case .new(let text): result.append(contentsOf: text.utf8)
      }
    }
    return result
  }
}
