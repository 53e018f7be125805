import Testing
import WeirWire

/// One schema for the member `v`, values that it must allow, and values that it must not.
struct SchemaCase: Sendable, CustomTestStringConvertible {
  let schema: String
  let allowed: [String]
  let forbidden: [String]
  let testDescription: String

  init(_ schema: String, _ allowed: [String], _ forbidden: [String]) {
    self.schema = schema
    self.allowed = allowed
    self.forbidden = forbidden
    testDescription = schema
  }
}

@Suite("JSON Schema keywords, as drafts 4 to 2020-12 have them")
struct SchemaKeywordTests {
  static let types = [
    SchemaCase(#"{"type":"integer"}"#, ["1", "-3", "1.0", "1e2", "18446744073709551615"], ["1.5", #""1""#, "true"]),
    SchemaCase(#"{"type":"number"}"#, ["1", "1.5", "-0"], [#""1""#, "null", "false"]),
    SchemaCase(#"{"type":"boolean"}"#, ["true", "false"], ["0", #""true""#, "null"]),
    SchemaCase(#"{"type":"null"}"#, ["null"], ["0", #""""#, "{}"]),
    SchemaCase(#"{"type":"array"}"#, ["[]", "[1]"], ["{}", #""[]""#]),
    SchemaCase(#"{"type":"object"}"#, ["{}"], ["[]", "null"]),
    SchemaCase(#"{"type":["string","null"]}"#, [#""a""#, "null"], ["1", "[]"]),
    SchemaCase("true", ["1", "null"], []), SchemaCase("false", [], ["1", "null"]),
    SchemaCase("{}", ["1", "null", "[]"], []),
  ]

  static let values = [
    SchemaCase(
      #"{"enum":["a",1,null,{"b":[1]}]}"#, [#""a""#, "1", "1.0", "null", #"{"b":[1]}"#], [#""b""#, "{}", "2"]),
    SchemaCase(#"{"const":"a"}"#, [#""a""#, #""\u0061""#], [#""b""#, "1"]),
    SchemaCase(#"{"const":null}"#, ["null"], ["0", "false"]),
    SchemaCase(#"{"const":false}"#, ["false"], ["0", "null", "true"]),
    SchemaCase(#"{"minimum":1,"maximum":2.5}"#, ["1", "2.5", #""x""#], ["0.99", "3"]),
    SchemaCase(#"{"exclusiveMinimum":1,"exclusiveMaximum":2}"#, ["1.5"], ["1", "2"]),
    SchemaCase(#"{"minimum":1,"exclusiveMinimum":true}"#, ["1.1"], ["1"]),
    SchemaCase(#"{"maximum":1,"exclusiveMaximum":false}"#, ["1"], ["1.1"]),
    SchemaCase(#"{"multipleOf":3}"#, ["9", "-9", "0", "9.0", #""x""#], ["8", "-8", "9.5"]),
    // Divisors beyond a signed number's range, over which the process once ended.
    SchemaCase(
      #"{"multipleOf":18446744073709551615}"#, ["0", "18446744073709551615"], ["-9223372036854775808", "-5", "1"]),
    SchemaCase(#"{"multipleOf":9223372036854775808}"#, ["-9223372036854775808", "0"], ["-1", "3"]),
    SchemaCase(#"{"multipleOf":9223372036854775807}"#, ["9223372036854775807", "0"], ["-9223372036854775808", "1"]),
    SchemaCase(#"{"multipleOf":0.1}"#, ["0.3", "4.7", "1"], ["0.35"]),
    SchemaCase(#"{"multipleOf":1e10}"#, ["0", "-0.0", "1e10", "-20000000000"], ["1", "-5", "0.1"]),
    SchemaCase(
      #"{"minLength":2,"maxLength":3.0}"#, [#""ab""#, #""\#u{1f600}\#u{1f600}""#, "1"], [#""a""#, #""abcd""#]),
    SchemaCase(#"{"pattern":"^[a-z]+$"}"#, [#""abc""#, "1"], [#""aBc""#, #""""#, #""a\n""#]),
    SchemaCase(#"{"pattern":"b"}"#, [#""abc""#], [#""ac""#]),
    SchemaCase(#"{"pattern":"^\\u00fc\\/\\d{2}$"}"#, [#""\#u{fc}/12""#], [#""u/12""#]),
    SchemaCase(#"{"pattern":"^(?<year>\\d{4})$"}"#, [#""2026""#], [#""26""#]),
    SchemaCase(#"{"format":"date"}"#, [#""not a date""#], []),
  ]

  static let containers = [
    SchemaCase(#"{"items":{"type":"string"}}"#, ["[]", #"["a"]"#, "{}"], [#"["a",1]"#]),
    SchemaCase(#"{"prefixItems":[{"type":"string"}],"items":false}"#, [#"["a"]"#, "[]"], [#"["a",1]"#, "[1]"]),
    SchemaCase(#"{"prefixItems":[{"type":"string"}]}"#, [#"["a",1]"#], ["[1]"]),
    SchemaCase(#"{"items":[{"type":"string"}],"additionalItems":{"type":"null"}}"#, [#"["a",null]"#], [#"["a",1]"#]),
    SchemaCase(#"{"contains":{"const":1}}"#, ["[2,1]"], ["[]", "[2]"]),
    SchemaCase(#"{"contains":{"const":1},"minContains":0}"#, ["[]", "[2]"], []),
    SchemaCase(#"{"minItems":1,"maxItems":2}"#, ["[1]", "[1,2]", "1"], ["[]", "[1,2,3]"]),
    SchemaCase(#"{"uniqueItems":true}"#, ["[1,2]", #"[{"a":1},{"a":2}]"#, #"[1,"1"]"#], ["[1,2,1.0]", "[[],[]]"]),
    SchemaCase(
      #"{"properties":{"a":{"type":"null"}},"additionalProperties":false}"#, ["{}", #"{"a":null}"#], [#"{"b":1}"#]),
    SchemaCase(
      #"{"patternProperties":{"^x":{"type":"null"}},"additionalProperties":{"type":"string"}}"#,
      [#"{"x1":null,"y":"a"}"#], [#"{"x1":"a"}"#, #"{"y":null}"#]),
    SchemaCase(#"{"required":["a"],"minProperties":1,"maxProperties":1}"#, [#"{"a":1}"#], ["{}", #"{"a":1,"b":2}"#]),
    SchemaCase(#"{"propertyNames":{"maxLength":1}}"#, [#"{"a":1}"#], [#"{"ab":1}"#]),
    SchemaCase(#"{"dependentRequired":{"a":["b"]}}"#, ["{}", #"{"a":1,"b":2}"#], [#"{"a":1}"#]),
    SchemaCase(#"{"dependentSchemas":{"a":{"required":["b"]}}}"#, ["{}", #"{"a":1,"b":2}"#], [#"{"a":1}"#]),
    SchemaCase(
      #"{"dependencies":{"a":["b"],"c":{"required":["d"]}}}"#, [#"{"a":1,"b":2}"#], [#"{"a":1}"#, #"{"c":1}"#]),
    SchemaCase(
      #"{"properties":{"id":{"type":"string"},"$ref":{"const":1}}}"#, [#"{"id":"x","$ref":1}"#], [#"{"$ref":2}"#]),
  ]

  static let combinations = [
    SchemaCase(#"{"anyOf":[{"type":"string"},{"minimum":5}]}"#, [#""a""#, "5", "null"], ["4"]),
    SchemaCase(#"{"oneOf":[{"minimum":1},{"maximum":5}]}"#, ["0", "6"], ["3"]),
    SchemaCase(#"{"allOf":[{"minimum":1},{"maximum":5}]}"#, ["3"], ["0", "6"]),
    SchemaCase(#"{"not":{"type":"string"}}"#, ["1"], [#""a""#]),
    SchemaCase(
      #"{"if":{"type":"string"},"then":{"minLength":1},"else":{"type":"null"}}"#, [#""a""#, "null"], [#""""#, "1"]),
    SchemaCase(#"{"if":{"type":"string"}}"#, [#""a""#, "1"], []),
  ]

  @Test("each allows what it should and forbids what it should", arguments: types + values + containers + combinations)
  func keyword(_ example: SchemaCase) {
    let schema = #"{"properties":{"v":\#(example.schema)}}"#
    for value in example.allowed {
      #expect(verdict(schema: schema, #"{"v":\#(value)}"#).result == .valid, "allowed: \(value)")
    }
    for value in example.forbidden {
      let found = verdict(schema: schema, #"{"v":\#(value)}"#)
      #expect(found.result == .schemaMismatch, "forbidden: \(value)")
      #expect(found.path?.hasPrefix("/v") == true && found.keyword != nil)
    }
  }

  @Test(
    "references reach definitions under any name, places in the schema, and themselves within values",
    arguments: [
      ##"{"properties":{"v":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}"##,
      ##"{"properties":{"v":{"$ref":"#/definitions/n"}},"definitions":{"n":{"type":"integer"}}}"##,
      ##"{"properties":{"v":{"$ref":"#/x/a~1b%20c~0"}},"x":{"a/b c~":{"type":"integer"}}}"##,
      ##"{"properties":{"v":{"$ref":"#/properties/w"},"w":{"type":"integer"}}}"##,
      ##"{"properties":{"v":{"$ref":"#/$defs/a"}},"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"type":"integer"}}}"##,
      ##"{"properties":{"v":{"title":"d","default":1,"allOf":[{"$ref":"#/$defs/n"}]}},"##
        + #""$defs":{"n":{"type":"integer"}}}"#,
      ##"{"$id":"https://example.com/s","$schema":"x","properties":{"v":{"$id":"n","$ref":"#/$defs/n"}},"##
        + #""$defs":{"n":{"id":"urn:x","type":"integer"}}}"#,
    ])
  func references(schema: String) {
    #expect(verdict(schema: schema, #"{"v":1}"#).result == .valid)
    #expect(verdict(schema: schema, #"{"v":"a"}"#).path == "/v")
  }

  @Test("if and propertyNames are read in the root and in definitions as elsewhere")
  func valijsonPaths() {
    for schema in [
      #"{"propertyNames":{"pattern":"^a$"}}"#, ##"{"$ref":"#/$defs/x","$defs":{"x":{"propertyNames":{"const":"a"}}}}"##,
      #"{"if":{"maxProperties":1},"then":{"required":["a"]},"else":false}"#,
    ] {
      #expect(verdict(schema: schema, #"{"a":1}"#).result == .valid)
      #expect(verdict(schema: schema, #"{"b":1}"#).result == .schemaMismatch)
      #expect(verdict(schema: schema, #"{"a":1,"b":1}"#).result == .schemaMismatch)
    }
  }

  @Test("words beside a reference count too")
  func besideReferences() {
    let schema = ##"{"properties":{"v":{"$ref":"#/$defs/n","minimum":3}},"$defs":{"n":{"type":"integer"}}}"##
    #expect(verdict(schema: schema, #"{"v":3}"#).result == .valid)
    #expect(verdict(schema: schema, #"{"v":2}"#).keyword == "minimum")
    #expect(verdict(schema: schema, #"{"v":3.5}"#).keyword == "type")
  }

  @Test("a schema that describes a tree by itself is followed down the value")
  func trees() {
    let schema =
      ##"{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#"}}},"##
      + #""required":["name"]}"#
    #expect(verdict(schema: schema, #"{"name":"a","children":[{"name":"b","children":[]}]}"#).result == .valid)
    let found = verdict(schema: schema, #"{"name":"a","children":[{"name":"b","children":[{"name":1}]}]}"#)
    #expect(found == ToolCallVerdict(.schemaMismatch, tool: "f", path: "/children/0/children/0/name", keyword: "type"))
  }
}
