import Testing
import WeirWire

@Suite("A member taken out of a body")
struct RemoveMemberTests {
  /// The text without the members, in whatever order they are taken out.
  private func without(_ names: [String], _ text: String) throws -> String {
    let bytes = Array(text.utf8)
    let envelope = try parse(bytes, finding: MemberNames(names))
    var splice = BodySplice()
    for name in names {
      let isRemoved = splice.removeMember(try #require(envelope.member(name)), from: envelope)
      #expect(isRemoved)
    }
    let result = applied(splice, to: bytes)
    #expect(splice.count(from: bytes.count) == result.count)
    return String(decoding: result, as: UTF8.self)
  }

  private func applied(_ splice: BodySplice, to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    splice.forEachPiece(of: bytes.count) { piece in
      switch piece {
      case .original(let range): result += bytes[range]
      case .new(let text): result += text.utf8
      }
    }
    return result
  }

  @Test(
    "leaves a valid object, whatever its neighbours are",
    arguments: [
      (["a"], #"{"a":1}"#, "{}"), (["a"], #" { "a" : 1 } "#, " { } "),
      (["a"], #"{ "a":1, "b":2 }"#, #"{ "b":2 }"#), (["b"], #"{ "a":1, "b":2 }"#, #"{ "a":1 }"#),
      (["b"], #"{"a":1 , "b" : 2 , "c":3}"#, #"{"a":1  , "c":3}"#),
      (["a", "b"], #"{"a":1,"b":2,"c":3}"#, #"{"c":3}"#), (["b", "c"], #"{"a":1,"b":2,"c":3}"#, #"{"a":1}"#),
      (["a", "c"], #"{"a":1,"b":2,"c":3}"#, #"{"b":2}"#), (["c", "b", "a"], #"{"a":1,"b":2,"c":3}"#, "{}"),
      (["b"], "{\n  \"a\": 1,\n  \"b\": [\",}\"],\n  \"c\": 3\n}", "{\n  \"a\": 1,\n  \"c\": 3\n}"),
      (["c"], "{\n  \"a\": 1,\n  \"c\": 3\n}", "{\n  \"a\": 1\n}"),
    ])
  func neighbours(names: [String], text: String, expected: String) throws {
    #expect(try without(names, text) == expected)
    #expect(try without(names.reversed(), text) == expected)
  }

  @Test("leaves room for new members, also where none of the old ones stays")
  func insertion() throws {
    for (text, expected) in [
      (#"{ "a":1 }"#, #"{"n":0 }"#), (#"{"a":1,"b":2}"#, #"{"n":0,"b":2}"#), (#"{"b":2,"a":1}"#, #"{"n":0,"b":2}"#),
    ] {
      let bytes = Array(text.utf8)
      let envelope = try parse(bytes, finding: MemberNames(["a"]))
      let member = try #require(envelope.member("a"))
      var before = BodySplice()
      before.insertMember("n", json: "0", into: envelope)
      before.removeMember(member, from: envelope)
      var after = BodySplice()
      after.removeMember(member, from: envelope)
      after.insertMember("n", json: "0", into: envelope)
      #expect(applied(before, to: bytes) == Array(expected.utf8))
      #expect(applied(after, to: bytes) == Array(expected.utf8))
    }
  }

  @Test("takes with it what was to be replaced in it, and stays away")
  func replacement() throws {
    let bytes = Array(#"{"a":[1,2],"b":3}"#.utf8)
    let envelope = try parse(bytes, finding: MemberNames(["a"]))
    let member = try #require(envelope.member("a"))
    var splice = BodySplice()
    splice.replace(6..<7, with: "9")
    splice.removeMember(member, from: envelope)
    let isReplaced = splice.replace(member.value, with: "0")
    #expect(!isReplaced)
    let isRemovedAgain = splice.removeMember(member, from: envelope)
    #expect(isRemovedAgain)
    #expect(applied(splice, to: bytes) == Array(#"{"b":3}"#.utf8))
  }

  @Test("stays where an earlier edit reaches into its neighbour, or where it is no member of the object")
  func refused() throws {
    let bytes = Array(#"{"a":1,"b":2}"#.utf8)
    let envelope = try parse(bytes, finding: MemberNames(["a", "b"]))
    let member = try #require(envelope.member("a"))
    var splice = BodySplice()
    splice.replace(5..<9, with: "1,\"b")
    let isRemoved = splice.removeMember(member, from: envelope)
    #expect(!isRemoved)
    #expect(applied(splice, to: bytes) == Array(#"{"a":1,"b":2}"#.utf8))
    let other = try parse("{}")
    var empty = BodySplice()
    let isForeign = empty.removeMember(member, from: other)
    #expect(!isForeign)
    #expect(empty.isEmpty)
  }

  private enum Step {
    case remove(String)
    case replace(String, Range<Int>)
    case insert
  }

  @Test("changes nothing else, over generated bodies with other edits beside it")
  func property() throws {
    var generator = JSONGenerator(seed: 22)
    let parser = EnvelopeParser()
    for _ in 0..<4000 {
      let body = generator.body()
      let names = body.members.map(\.name)
      let envelope = try parse(body.text, with: parser, finding: MemberNames(names))
      let removed = Set(names.filter { _ in generator.random.chance(45) })
      let replaced = Set(names.filter { _ in generator.random.chance(25) })
      let inserts = generator.random.chance(35)
      var steps: [Step] = body.members.flatMap { [.remove($0.name), .replace($0.name, $0.range)] }
      steps.append(.insert)
      steps.shuffle(using: &generator.random)
      var splice = BodySplice()
      for step in steps {
        switch step {
        case .remove(let name) where removed.contains(name):
          splice.removeMember(try #require(envelope.member(name)), from: envelope)
        case .replace(let name, let range) where replaced.contains(name): splice.replace(range, with: "\"new\"")
        case .insert where inserts: splice.insertMember("added", json: "[ 1 ]", into: envelope)
        default: break
        }
      }

      let result = applied(splice, to: body.text)
      let kept = names.filter { !removed.contains($0) }
      let read = try parse(result, with: parser, finding: MemberNames(names + ["added"]))
      #expect(read.isEmpty == (kept.isEmpty && !inserts))
      #expect(read.member("added").map { result[$0.value].elementsEqual("[ 1 ]".utf8) } ?? !inserts)
      for member in body.members {
        let text = read.member(member.name).map { Array(result[$0.value]) }
        let expected = replaced.contains(member.name) ? Array("\"new\"".utf8) : Array(body.text[member.range])
        #expect(text == (removed.contains(member.name) ? nil : expected))
      }
      let places = kept.compactMap { read.member($0)?.before }
      #expect(places == places.sorted())
      #expect(splice.count(from: body.text.count) == result.count)
      expectOnlyCommasAndSpaceLost(body, removed: removed, replaced: replaced, splice)
    }
  }

  /// Of the bytes outside removed members and replaced values, only one comma a removed member and white space go.
  private func expectOnlyCommasAndSpaceLost(
    _ body: GeneratedBody, removed: Set<String>, replaced: Set<String>, _ splice: BodySplice
  ) {
    var isGone = [Bool](repeating: true, count: body.text.count)
    splice.forEachPiece(of: body.text.count) { piece in
      if case .original(let range) = piece { for index in range { isGone[index] = false } }
    }
    for (index, member) in body.members.enumerated() {
      if removed.contains(member.name) {
        for byte in body.keyStarts[index]..<member.range.upperBound { isGone[byte] = false }
      } else if replaced.contains(member.name) {
        for byte in member.range { isGone[byte] = false }
      }
    }
    let gone = body.text.indices.filter { isGone[$0] }.map { body.text[$0] }
    let commas = gone.count { $0 == UInt8(ascii: ",") }
    let all = body.members.count
    #expect(commas == (removed.count == all ? max(all - 1, 0) : removed.count))
    #expect(gone.allSatisfy { [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ",")].contains($0) })
  }
}
