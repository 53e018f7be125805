import Testing

@testable import WeirWire

@Suite("The prices of a model list")
struct PublishedPricesTests {
  private func read(_ text: String) -> PublishedPrices? {
    unsafe Array(text.utf8).withUnsafeBytes { unsafe PublishedPrices.read($0, json: JSONReader()) }
  }

  private func entry(_ pricing: String) -> PublishedPrices? { read(#"{"data":[{"id":"a/b","pricing":\#(pricing)}]}"#) }

  @Test("are read per token, and told per million")
  func perMillion() {
    let found = entry(
      #"{"prompt":"0.00000057","completion":"0.0000023","input_cache_read":"0.00000014","internal_reasoning":"0.000003"}"#
    )
    #expect(
      found?.entries == [
        PublishedPrices.Entry(model: "a/b", input: 0.57, output: 2.3, cached: 0.14, reasoning: 3)
      ])
    #expect(found?.ignored == 0)
    #expect(found?.nextQuery == nil)
  }

  @Test("may be numbers, and 0; a cache or reasoning of 0 has no price of its own")
  func numbers() {
    let found = entry(#"{"prompt":0,"completion":2e-6,"input_cache_read":"0","internal_reasoning":"0"}"#)
    #expect(
      found?.entries == [PublishedPrices.Entry(model: "a/b", input: 0, output: 2, cached: nil, reasoning: nil)])
  }

  @Test(
    "that are none are ignored and counted",
    arguments: [
      #"{"prompt":"-1","completion":"-1"}"#, #"{"prompt":"nan","completion":"1"}"#,
      #"{"prompt":"inf","completion":"0"}"#,
      #"{"prompt":"1.01","completion":"0"}"#, #"{"prompt":"cheap","completion":"0"}"#,
      #"{"prompt":"","completion":"0"}"#,
      #"{"prompt":{},"completion":[]}"#, #"{"prompt":true,"completion":"0"}"#, #"{"prompt":"1e999","completion":"0"}"#,
      #"{"prompt":" 0.1","completion":"0"}"#,
    ])
  func ignored(pricing: String) {
    #expect(entry(pricing)?.entries == [])
    #expect(entry(pricing)?.ignored == 1)
  }

  @Test("are passed over where a model has none", arguments: ["null", "{}", #"{"prompt":"0.1"}"#, "7", #""free""#])
  func missing(pricing: String) {
    #expect(entry(pricing)?.entries == [])
    #expect(entry(pricing)?.ignored == 0)
  }

  @Test("of a wrong cache price leave the rest")
  func wrongCache() {
    let found = entry(#"{"prompt":"0.001","completion":"0.002","input_cache_read":"-1"}"#)
    let expected = PublishedPrices.Entry(model: "a/b", input: 1000, output: 2000, cached: nil, reasoning: nil)
    #expect(found?.entries == [expected])
  }

  @Test("name the next page by its query alone, wherever the link leads")
  func pages() {
    func next(_ link: String) -> String? { read(#"{"data":[],"links":{"next":\#(link)}}"#)?.nextQuery }
    #expect(next(#""/api/v1/models?offset=100&limit=100""#) == "offset=100&limit=100")
    #expect(next(#""https://evil.example/x?offset=2#frag""#) == "offset=2")
    for none in ["null", #""/models""#, #""/models?""#, #""?a b""#, #""?a\r\nb""#, "7"] { #expect(next(none) == nil) }
  }

  @Test("are none where the bytes are no list", arguments: ["", "[]", "{}", #"{"data":{}}"#, #"{"data":[}"#, "x"])
  func noList(text: String) { #expect(read(text) == nil) }
}
