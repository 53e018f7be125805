import CWeirSimdjson

/// What one page of an upstream's model list says of prices (OpenRouter's `GET /models`, `data[].pricing`: decimal
/// strings, US dollars per token; some servers write numbers).
public struct PublishedPrices: Sendable, Equatable {
  /// A model that has a price, in US dollars per million tokens.
  public struct Entry: Sendable, Equatable {
    /// The member `id`.
    public let model: String
    /// `prompt`.
    public let input: Double
    /// `completion`.
    public let output: Double
    /// `input_cache_read`; nil where it is missing or 0, which OpenRouter writes where it has no price of its own.
    public let cached: Double?
    /// `internal_reasoning`; nil where it is missing or 0, as for `cached`.
    public let reasoning: Double?
  }

  /// In the list's order.
  public let entries: [Entry]
  /// Models whose prices are no prices: negative (`-1` stands for "depends on who serves it"), not a number, or above
  /// a dollar a token.
  public let ignored: Int
  /// The query of the next page, without `?`; nil on the last.
  public let nextQuery: String?

  /// A price above this is a mistake: a dollar a token.
  private static let highest = 1.0
  private static let longestName = 512

  /// Nil when the bytes are not a JSON object whose member `data` is an array.
  public static func read(_ bytes: UnsafeRawBufferPointer, json: JSONReader) -> PublishedPrices? {
    var found: PublishedPrices?
    let isJSON = unsafe json.read(bytes) { root in
      guard let list = root["data"], list.isArray else { return }
      var entries: [Entry] = []
      var ignored = 0
      for model in list.elements {
        guard let id = model["id"]?.string(maximumBytes: longestName), let pricing = model["pricing"],
          let prompt = pricing["prompt"], let completion = pricing["completion"]
        else { continue }
        guard let input = price(prompt), let output = price(completion) else {
          ignored += 1
          continue
        }
        entries.append(
          Entry(
            model: id, input: input, output: output, cached: extra(pricing["input_cache_read"]),
            reasoning: extra(pricing["internal_reasoning"])))
      }
      found = PublishedPrices(entries: entries, ignored: ignored, nextQuery: nextQuery(root["links"]?["next"]))
    }
    return isJSON ? found : nil
  }

  /// Per million tokens.
  private static func price(_ value: JSONValue) -> Double? {
    let perToken = value.number ?? value.string(maximumBytes: 64).flatMap { Double($0) }
    guard let perToken, perToken >= 0, perToken <= highest else { return nil }
    // Six places more than prices have: 0.00000057 times a million is not quite 0.57.
    return (perToken * 1e12).rounded() / 1e6
  }

  private static func extra(_ value: JSONValue?) -> Double? { value.flatMap(price).flatMap { $0 > 0 ? $0 : nil } }

  /// Only the query is taken: a list that names another server or path must not choose where weir sends its key.
  private static func nextQuery(_ link: JSONValue?) -> String? {
    guard let text = link?.string(maximumBytes: longestName),
      let mark = text.utf8.firstIndex(of: UInt8(ascii: "?"))
    else { return nil }
    let query = text[text.utf8.index(after: mark)...].prefix { $0 != "#" }
    let isPlain = query.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    return isPlain && !query.isEmpty ? String(query) : nil
  }
}
