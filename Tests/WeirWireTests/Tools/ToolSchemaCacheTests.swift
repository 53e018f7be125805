import Testing

@testable import WeirWire

@Suite("Cache of compiled schemas")
struct ToolSchemaCacheTests {
  private func text(_ number: Int) -> [UInt8] { Array(#"{"properties":{"a":{"minimum":\#(number)}}}"#.utf8) }

  @Test("the same text gives the same compiled schema")
  func same() {
    var cache = ToolSchemaCache()
    let first = cache.schema(for: text(1))
    #expect(first != nil)
    #expect(cache.schema(for: text(1)) === first)
    #expect(cache.schema(for: text(2)) !== first)
  }

  @Test("a schema that proved unusable is remembered as such; one too long to remember is not kept")
  func unusable() {
    var cache = ToolSchemaCache()
    #expect(cache.schema(for: Array("{".utf8)) == nil)
    #expect(cache.count == 1)
    #expect(cache.schema(for: [UInt8](repeating: 0x20, count: ToolSchema.maximumBytes + 1)) == nil)
    #expect(cache.count == 1)
  }

  @Test("the least recently used goes first when there are too many")
  func leastRecent() {
    var cache = ToolSchemaCache(maximumCount: 3)
    let kept = cache.schema(for: text(0))
    for number in 1...3 {
      _ = cache.schema(for: text(number))
      _ = cache.schema(for: text(0))
    }
    #expect(cache.count == 3)
    #expect(cache.schema(for: text(0)) === kept)
  }

  @Test("memory is bounded, patterns included, and freed with what goes")
  func memory() {
    var cache = ToolSchemaCache(maximumMemory: 2 << 20)
    for number in 0..<50 {
      #expect(cache.schema(for: Array(#"{"pattern":"^a{\#(number)}$"}"#.utf8)) != nil)
      #expect(cache.memory <= 2 << 20)
    }
    #expect(cache.count == 7)
  }
}
