import Testing

@testable import WeirWire

@Suite("Matches in a request")
struct RequestScreenTests {
  /// The body's bytes at each match of a pattern.
  private func matches(
    _ patterns: [String], in json: String, roles: TextRoles = .all, time: @escaping () -> Int64 = { 0 }
  ) throws -> [String] {
    let compiled = try TextPatterns(patterns)
    let probes = patterns.map { _ in RequestScreen.Probe(roles: roles) }
    let bytes = Array(json.utf8)
    var found: [String] = []
    _ = unsafe bytes.withUnsafeBytes { body in
      unsafe RequestScreen.search(body, for: compiled, probes, time: time) {
        found.append(String(decoding: bytes[$0.range], as: UTF8.self))
        return .goOn
      }
    }
    return found
  }

  private func message(_ raw: String) -> String { #"{"messages":[{"role":"user","content":"\#(raw)"}]}"# }

  @Test("are told by their bytes in the body")
  func bytes() throws {
    #expect(try matches(["b+"], in: message("abba b")) == ["bb", "b"])
    #expect(try matches([#"[a-z]+@[a-z.]+"#], in: message(#"to bob\u0040x.de\n"#)) == [#"bob\u0040x.de"#])
    #expect(try matches(["😀+"], in: message(#"x\ud83d\ude00😀y"#)) == [#"\ud83d\ude00😀"#])
    #expect(try matches(["/tmp/"], in: message(#"\/tmp/ /tmp\/"#)) == [#"\/tmp/"#, #"/tmp\/"#])
  }

  @Test("are those of the roles asked for")
  func roles() throws {
    let json = #"{"messages":[{"role":"user","content":"x"},{"role":"tool","content":"x"}]}"#
    #expect(try matches(["x"], in: json, roles: TextRoles([.tool])).count == 1)
    #expect(try matches(["x"], in: json, roles: TextRoles([.system])).isEmpty)
  }

  @Test("are not put together of two parts")
  func parts() throws {
    let json = #"{"messages":[{"role":"user","content":[{"text":"bob@"},{"text":"x.de"}]}]}"#
    #expect(try matches(["[a-z]+@[a-z.]+"], in: json).isEmpty)
  }

  @Test("are the same however the text is escaped")
  func escapes() throws {
    var random = SeededRandom(seed: 7)
    let words = ["bob@x.de", "mary", "4111 1111", "é@ü.fr", "中文", "😀", "a/b", "\"q\"", "\\", "\n", " "]
    for _ in 0..<300 {
      let text = (0..<random.next(40)).map { _ in words[random.next(words.count)] }.joined(separator: " ")
      let plain = try matches([#"[^\s@]+@[^\s@]+"#, #"\d+"#, "/"], in: message(random.escaped(text, odds: 0)))
      let escaped = try matches([#"[^\s@]+@[^\s@]+"#, #"\d+"#, "/"], in: message(random.escaped(text, odds: 2)))
      let all = try matches([#"[^\s@]+@[^\s@]+"#, #"\d+"#, "/"], in: message(random.escaped(text, odds: 1)))
      #expect(escaped.map(unescaped) == plain.map(unescaped))
      #expect(all.map(unescaped) == plain.map(unescaped))
    }
  }

  private func unescaped(_ raw: String) -> String? { JSONText.string("\"\(raw)\"") }

  @Test("are all found in a text of many megabytes, in time that grows with it")
  func long() throws {
    let unit = String(repeating: "lorem ipsum ", count: 400) + "bob@x.de "
    let text = String(repeating: unit, count: 1000)
    #expect(text.utf8.count > 4_500_000)
    #expect(try matches(["[a-z]+@[a-z.]+"], in: message(text)).count == 1000)
  }

  @Test(
    "cost a bounded time whatever the pattern",
    arguments: ["(a+)+b", "(a|aa)+$b", "(.*)(.*)(.*)(.*)z", "x[^y]*y|x", "([a-z]{0,20}){0,20}\\d"])
  func catastrophic(pattern: String) throws {
    let text = String(repeating: "ax", count: 1_000_000)
    // Backtracking would not end in this universe; that the test ends at all is what it proves.
    let found = try matches([pattern], in: message(text))
    #expect(pattern != "x[^y]*y|x" || !found.isEmpty)
  }

  @Test("reach to the end of the text where there are more than may be looked for")
  func many() throws {
    let text = String(repeating: "x", count: 200_000)
    let found = try matches(["x[^y]*y|x"], in: message(text))
    #expect(found.reduce(0) { $0 + $1.utf8.count } == 200_000)
    #expect(found.count < 200_000)
  }

  @Test("are all that is left once the time is over, in this text and in those behind it")
  func late() throws {
    let long = String(repeating: "b", count: 100_000)
    let json = #"{"messages":[{"content":"ax"},{"content":"\#(long)x"},{"content":"cd"}]}"#
    #expect(try matches(["x"], in: json) == ["x", "x"])
    var now: Int64 = 0
    let found = try matches(["x"], in: json) {
      now += SearchBudget.nanoseconds / 2
      return now
    }
    #expect(found.map(\.utf8.count) == [1, 100_001, 2])
  }

  @Test("are not told of thousands of texts that are left when the time is over", arguments: [1000, 1001, 5000])
  func unread(texts: Int) throws {
    let long = String(repeating: "b", count: 100_000)
    let rest = [String](repeating: #""c""#, count: texts).joined(separator: ",")
    let bytes = Array(#"{"messages":[{"content":["\#(long)x",\#(rest)]}]}"#.utf8)
    let patterns = try TextPatterns(["x", "y"])
    let probes = [RequestScreen.Probe(roles: .all), RequestScreen.Probe(roles: .all)]
    var (now, count): (Int64, Int) = (0, 0)
    func time() -> Int64 {
      now += SearchBudget.nanoseconds
      return now
    }
    let isThrough = unsafe bytes.withUnsafeBytes { body in
      unsafe RequestScreen.search(body, for: patterns, probes, time: time) { _ in
        count += 1
        return .goOn
      }
    }
    #expect(isThrough == (texts == RequestScreen.mostUnread))
    #expect(count == 2 + 2 * RequestScreen.mostUnread)
  }

  @Test("are no more than a million, however short their texts")
  func shortTexts() throws {
    let patterns = try TextPatterns(["x"])
    var budget = SearchBudget { 0 }
    unsafe Array("x".utf8).withUnsafeBytes { text in
      for _ in 0..<1 << 20 {
        var search = unsafe TextSearch(patterns, in: text)
        _ = search.next(of: 0, charge: TextSearch.reach, budget: &budget)
      }
    }
    #expect(budget.isUsedUp)
  }

  @Test("are found beside the end of what one search reads")
  func windows() throws {
    for shift in stride(from: -40, through: 40, by: 7) {
      for place in [TextSearch.reach / 2 + shift, TextSearch.reach + shift, 3 * TextSearch.reach + shift] {
        let text = String(repeating: "é ", count: place / 3) + "bob@x.de" + String(repeating: " é", count: 30_000)
        #expect(try matches([#"\b[a-z]+@[a-z.]+\b"#], in: message(text)) == ["bob@x.de"])
      }
    }
  }

  @Test("end the search where the caller says so")
  func stops() throws {
    let patterns = try TextPatterns(["x"])
    let bytes = Array(#"{"messages":["x x","x"]}"#.utf8)
    var count = 0
    _ = unsafe bytes.withUnsafeBytes { body in
      unsafe RequestScreen.search(body, for: patterns, [RequestScreen.Probe(roles: .all)], time: { 0 }) { _ in
        count += 1
        return .stop
      }
    }
    #expect(count == 1)
  }
}

/// The same numbers in each run.
private struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Below `bound`.
  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  /// The inside of a JSON string; each character that need not be escaped is, with one chance in `odds`, 0 for none.
  mutating func escaped(_ text: String, odds: Int) -> String {
    var raw = ""
    for character in text.unicodeScalars {
      let quoted = JSONText.quoted(String(character)).dropFirst().dropLast()
      if odds > 0, next(odds) == 0 {
        for unit in String(character).utf16 {
          let digits = String(unit, radix: 16, uppercase: next(2) == 0)
          raw += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      } else {
        raw += quoted
      }
    }
    return raw
  }
}
