import Testing
import WeirWire

@Suite("Hostile schemas and arguments")
struct HostileSchemaTests {
  @Test(
    "what is no usable schema is told so",
    arguments: [
      #"{"type":"nonsense"}"#, #"{"type":3}"#, #"{"type":[3]}"#, #"{"properties":[]}"#, #"{"properties":{"a":1}}"#,
      #"{"required":true}"#, #"{"required":[1]}"#, #"{"enum":{}}"#, #"{"minLength":-1}"#, #"{"minLength":"1"}"#,
      #"{"minimum":"1"}"#, #"{"multipleOf":0}"#, #"{"multipleOf":-1}"#, #"{"items":null}"#, #"{"anyOf":{}}"#,
      #"{"pattern":1}"#, #"{"pattern":"("}"#, #"{"pattern":"(?=a)"}"#, #"{"pattern":"(a)\\1"}"#,
      #"{"pattern":"a\u0000"}"#, #"{"patternProperties":{"[":{}}}"#, #"{"not":3}"#, #"{"properties":{"a\u0000":{}}}"#,
      ##"{"$dynamicRef":"#a"}"##, #"{"dependencies":{"a":1}}"#, "3", #""string""#, "[]",
    ])
  func invalid(schema: String) {
    #expect(verdict(schema: schema, "{}").result == .schemaUnusable)
  }

  @Test(
    "references to other documents, to nowhere and to anchors are not followed",
    arguments: [
      "http://127.0.0.1:1/s", "file:///etc/passwd", "urn:x", "other.json", "#anchor", "#/$defs/none",
      "#/properties/a/9", "", "#/-1", "##", "#/~2", "//host/s#/a",
    ])
  func foreignReferences(reference: String) {
    let schema = #"{"properties":{"a":{"$ref":"\#(reference)"}}}"#
    #expect(verdict(schema: schema, #"{"a":1}"#).result == .schemaUnusable)
  }

  @Test(
    "a schema that comes back to itself without going down into the value is unusable",
    arguments: [
      ##"{"$ref":"#"}"##, ##"{"allOf":[{"$ref":"#"}]}"##, ##"{"not":{"$ref":"#"}}"##,
      ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
      ##"{"properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/a"}]}}}"##,
      ##"{"if":{"$ref":"#/then"},"then":{"else":{},"oneOf":[{"$ref":"#"}]}}"##,
      ##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##,
    ])
  func cycles(schema: String) {
    #expect(verdict(schema: schema, #"{"a":1}"#).result == .schemaUnusable)
  }

  @Test("schemas beyond the bounds of size, depth and number are unusable")
  func large() {
    let long = #"{"description":"\#(String(repeating: "x", count: 262_144))"}"#
    #expect(verdict(schema: long, "{}").result == .schemaUnusable)
    for depth in [100, 1000] {
      let deep = String(repeating: #"{"items":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
      #expect(verdict(schema: deep, "{}").result == .schemaUnusable)
    }
    let chain = (0..<3000).map { ##""\##($0)":{"allOf":[{"$ref":"#/$defs/\##($0 + 1)"}]}"## }.joined(separator: ",")
    let chained = ##"{"$ref":"#/$defs/0","$defs":{\##(chain),"3000":{}}}"##
    #expect(verdict(schema: chained, "{}").result == .schemaUnusable)
  }

  @Test("the longest chain of references, and the deepest nesting, that are allowed do not overflow the stack")
  func deepest() {
    let chain = (0..<330).map { ##""\##($0)":{"items":{"$ref":"#/$defs/\##($0 + 1)"}}"## }.joined(separator: ",")
    let chained = ##"{"properties":{"a":{"$ref":"#/$defs/0"}},"$defs":{\##(chain),"330":{"type":"null"}}}"##
    let nested = #"{"a":"# + String(repeating: "[", count: 120) + String(repeating: "]", count: 120) + "}"
    #expect(verdict(schema: chained, nested).result == .valid)
    let deep =
      #"{"properties":{"a":"# + String(repeating: #"{"items":"#, count: 60) + #"{"type":"null"}"#
      + String(repeating: "}", count: 62)
    #expect(verdict(schema: deep, nested).result == .schemaMismatch)
  }

  @Test("branches that double at every level run out of steps, not out of time")
  func exponential() {
    let levels = (0..<60).map { level in
      ##""\##(level)":{"anyOf":[{"$ref":"#/$defs/\##(level + 1)"},{"$ref":"#/$defs/\##(level + 1)"}]}"##
    }
    let schema = ##"{"$ref":"#/$defs/0","$defs":{\##(levels.joined(separator: ",")),"60":false}}"##
    #expect(verdict(schema: schema, "{}").result == .schemaUnusable)
  }

  @Test(
    "patterns that make other engines run for ever are linear, or refused",
    arguments: [
      "^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^(.*)*x$", "(x+x+)+y", "^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*$",
      "^(((a{1,50}){1,50}){1,50}){1,50}$", "^(a?){1000}a{1000}$",
    ])
  func catastrophic(pattern: String) {
    let schema = #"{"properties":{"a":{"pattern":"\#(pattern)"}}}"#
    for count in [40, 100_000, 5_000_000] {
      let found = verdict(schema: schema, #"{"a":"\#(String(repeating: "a", count: count))!"}"#).result
      #expect(found == .schemaMismatch || found == .schemaUnusable)
    }
  }

  @Test("5 MB of arguments of every shape are judged")
  func largeArguments() {
    let schema =
      #"{"properties":{"s":{"type":"string","pattern":"^x*$","minLength":5},"n":{"items":{"type":"integer"},"#
      + #""uniqueItems":true},"o":{"additionalProperties":{"enum":["a","b"]}}}}"#
    let text = #"{"s":"\#(String(repeating: "x", count: 5_000_000))"}"#
    #expect(verdict(schema: schema, text).result == .valid)
    let numbers = #"{"n":[\#((0..<700_000).map { String($0) }.joined(separator: ",")),-1]}"#
    #expect(verdict(schema: schema, numbers).result == .valid)
    let twice = numbers.replacing("-1]", with: "699999]")
    #expect(verdict(schema: schema, twice).keyword == "uniqueItems")
    let members = (0..<300_000).map { #""k\#($0)":"b""# }.joined(separator: ",")
    #expect(verdict(schema: schema, "{\"o\":{\(members)}}").result == .valid)
    #expect(verdict(schema: schema, "{\"o\":{\(members),\"z\":\"c\"}}").path == "/o/*")
  }

  @Test("values that are compared whole, again and again, run out of steps, not out of time")
  func comparisons() {
    let items = (0..<2000).map { "[\(String(repeating: "0,", count: 100))\($0)]" }
    let unique = [String](repeating: #"{"uniqueItems":true}"#, count: 300).joined(separator: ",")
    let arguments = #"{"a":[\#(items.joined(separator: ","))]}"#
    #expect(verdict(schema: #"{"properties":{"a":{"allOf":[\#(unique)]}}}"#, arguments).result == .schemaUnusable)
    let allowed = items.prefix(1000).joined(separator: ",")
    #expect(
      verdict(schema: #"{"properties":{"a":{"items":{"enum":[\#(allowed)]}}}}"#, arguments).result == .schemaUnusable)
    // Few of them are no trouble.
    #expect(verdict(schema: #"{"properties":{"a":{"uniqueItems":true}}}"#, arguments).result == .valid)
    #expect(
      verdict(schema: #"{"properties":{"a":{"enum":[\#(items[0]),\#(items[1])]}}}"#, #"{"a":\#(items[1])}"#).result
        == .valid)
  }

  @Test("arguments that nest too deep or hold a number beyond double stay unchecked")
  func beyondBounds() {
    for depth in [200, 2_000_000] {
      let deep = #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
      #expect(verdict(schema: "{}", deep).result == .unchecked)
    }
    #expect(verdict(schema: "{}", #"{"a":1e400}"#).result == .unchecked)
  }

  @Test("half a surrogate pair in arguments is JSON, as clients have it")
  func loneSurrogates() {
    for text in [#""\ud83d""#, #""\ude00\ud83d""#, #""\ud83dx\\ud83d""#, #""\ud83d\ude00""#] {
      #expect(verdict(schema: #"{"properties":{"a":{"type":"string"}}}"#, #"{"a":\#(text)}"#).result == .valid)
    }
    #expect(verdict(schema: "{}", #"{"a":"\ud83"}"#).result == .invalidJSON)
  }

  @Test("bytes changed at random in schema and arguments crash nothing")
  func garbage() {
    var random = SeededGenerator(seed: 11)
    var judge = ToolJudge()
    let tools = Array(
      (##"[{"name":"f","parameters":{"type":"object","properties":{"a":{"$ref":"#/$defs/x"},"b":{"pattern":"^a+$"}},"##
        + #""required":["a"],"$defs":{"x":{"anyOf":[{"type":"integer","minimum":1},{"enum":["q",null]}]}}}}]"#).utf8)
    let arguments = Array(#"{"a":12,"b":"aaa","c":[1,{"d":"\ud83d\ude00"}]}"#.utf8)
    var seen: Set<ToolCallResult> = []
    for _ in 0..<4000 {
      var tools = tools
      var arguments = arguments
      if random.chance(50) { tools[random.below(tools.count)] = UInt8(random.below(256)) }
      for _ in 0..<random.below(3) { arguments[random.below(arguments.count)] = UInt8(random.below(128)) }
      let call = CollectedToolCall(name: "f", arguments: arguments)
      seen.insert(judge.judge([call], tools: tools)[0].result)
    }
    #expect(seen == Set(ToolCallResult.allCases))
  }
}
