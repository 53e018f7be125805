import Testing
import WeirWire

/// The canonical form as text; nil for what is no JSON.
private func canonical(_ text: String, _ writer: CanonicalJSON = CanonicalJSON()) -> String? {
  unsafe Array(text.utf8).withUnsafeBytes { bytes in
    unsafe writer.write(bytes) { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

@Suite("The canonical form of a document")
struct CanonicalJSONTests {
  @Test(
    "loses white space and the order of members, and keeps every spelling",
    arguments: [
      (#" { "b" : 1 , "a" : [ 1.0 , 1e2 , "x\u0041 y" ] } "#, #"{"a":[1.0,1e2,"x\u0041 y"],"b":1}"#),
      (#"{"b":{"d":1,"c":2},"a":null}"#, #"{"a":null,"b":{"c":2,"d":1}}"#),
      (#"[{"b":1,"a":2},{"a":2,"b":1}]"#, #"[{"a":2,"b":1},{"a":2,"b":1}]"#),
      (#"{"aa":1,"a":2,"":3}"#, #"{"":3,"a":2,"aa":1}"#),
      ("{ }", "{}"), ("[ ]", "[]"), ("[ [ ] , { } ]", "[[],{}]"), (" true ", "true"), ("\t\"a b\"\n", #""a b""#),
      (#"{"é":1,"z":2,"\u0061":3}"#, #"{"\u0061":3,"z":2,"é":1}"#),
    ])
  func form(text: String, expected: String) {
    #expect(canonical(text) == expected)
    #expect(canonical(expected) == expected)
  }

  @Test(
    "keeps members whose names mean the same in their order, however they are spelled",
    arguments: [
      (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#),
      (#"{"a":1,"\u0061":2}"#, #"{"\u0061":2,"a":1}"#),
    ])
  func duplicates(one: String, two: String) {
    #expect(canonical(one) == one)
    #expect(canonical(two) == two)
  }

  @Test(
    "is not made of what is no JSON",
    arguments: ["", " ", "{", "{]", #"{"a":1,}"#, "01", "[1 2]", #"{"a"}"#, "nul", "\u{feff}{}", "{}{}", #"["\x"]"#])
  func invalid(text: String) {
    #expect(canonical(text) == nil)
  }

  @Test("is equal exactly when nothing but the order of members and white space differs, for generated pairs")
  func pairs() {
    let writer = CanonicalJSON()
    var (same, different) = (0, 0)
    for seed in UInt64(0)..<1000 {
      var random = JSONGenerator(seed: seed)
      let tree = DocumentTree.random(depth: 3, &random)
      let text = tree.text(spaced: true, &random)
      let form = canonical(text, writer)
      #expect(form != nil, "\(text)")

      let other = tree.shuffled(&random)
      #expect(tree.isSame(as: other), "the generator is wrong for \(text)")
      #expect(form == canonical(other.text(spaced: true, &random), writer), "\(text)")

      var changed = other.changed(&random)
      if random.random.chance(50) { changed = changed.shuffled(&random) }
      let changedText = changed.text(spaced: random.random.chance(50), &random)
      let areEqual = form == canonical(changedText, writer)
      #expect(areEqual == tree.isSame(as: changed), "\(text)\n\(changedText)")
      if areEqual { same += 1 } else { different += 1 }
    }
    #expect(same > 100 && different > 500)
  }

  @Test("is the same again when it is made of itself, and never longer than the document")
  func again() throws {
    for seed in UInt64(0)..<200 {
      var random = JSONGenerator(seed: seed)
      let text = DocumentTree.random(depth: 4, &random).text(spaced: seed % 2 == 0, &random)
      let form = try #require(canonical(text))
      #expect(form.utf8.count <= text.utf8.count)
      #expect(canonical(form) == form)
    }
  }

  @Test("reads and writes nothing outside the document, which ends before a page that may not be read")
  func bounds() throws {
    let writer = CanonicalJSON()
    for seed in UInt64(0)..<200 {
      var random = JSONGenerator(seed: seed)
      let body = random.body().text
      let guarded = try #require(GuardedBytes(body))
      let form = unsafe writer.write(guarded.bytes) { unsafe String(decoding: $0, as: UTF8.self) }
      #expect(form == canonical(String(decoding: body, as: UTF8.self)))
    }
  }

  @Test("is made of 1024 containers in each other, and of no more")
  func depth() {
    let deepest = String(repeating: #"{"b":0,"a":["#, count: 512) + String(repeating: "]}", count: 512)
    let turned = String(repeating: #"{"a":["#, count: 512) + String(repeating: #"],"b":0}"#, count: 512)
    #expect(canonical(deepest) == turned)
    #expect(canonical("[\(deepest)]") == nil)
  }

  @Test("is made of an object with very many members, alike ones among them")
  func manyMembers() throws {
    let count = 20_000
    let prefix = String(repeating: "x", count: 40)
    let members = (0..<count).map { #""\#(prefix)\#($0 % 15_000)":\#($0)"# }
    var random = SeededGenerator(seed: 7)
    let unique = members.prefix(15_000)
    let one = "{" + unique.joined(separator: ",") + "}"
    let two = "{" + unique.shuffled(using: &random).joined(separator: " ,\n") + "}"
    let form = canonical(one)
    #expect(form != nil && form == canonical(two))
    let all = try #require(canonical("{" + members.joined(separator: ",") + "}"))
    let first = try #require(all.firstRange(of: #""\#(prefix)7":7,"#))
    #expect(all[first.upperBound...].hasPrefix(#""\#(prefix)7":15007,"#))
  }
}
