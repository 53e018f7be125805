import WeirWire

/// What a model picker is told of one name, and its form on the wire: OpenAI's members, OpenRouter's beside them, and
/// weir's own under `weir`. What is not known is null, so that every entry has the same members.
struct ModelDescription: Sendable {
  let id: String
  /// What the name becomes; nil where that depends on the request.
  let aliasOf: String?
  /// Who makes the model; empty where that is weir's own choice.
  let owner: String
  let name: String
  let description: String
  let contextWindow: Int?
  let prices: ModelPrices?
  let badge: String?
  let category: String
  let capabilities: Set<ModelCapability>
  let costInfo: String?

  /// A JSON object. Nobody knows when an alias was made, so `created` is 0, which OpenAI's clients need as a number.
  var json: String {
    let strengths = ModelCapability.allCases.filter(capabilities.contains).map { text($0.rawValue) }
    return #"{"id":\#(text(id)),"object":"model","created":0,"owned_by":\#(text(owner.isEmpty ? "weir" : owner)),"#
      + #""name":\#(text(name)),"description":\#(text(description)),"#
      + #""context_length":\#(contextWindow.map(String.init) ?? "null"),"pricing":\#(pricing),"#
      + #""weir":{"alias_of":\#(text(aliasOf)),"badge":\#(text(badge)),"category":\#(text(category)),"#
      + #""capabilities":[\#(strengths.joined(separator: ","))],"cost_info":\#(text(costInfo))}}"#
  }

  /// OpenRouter's `pricing`: US dollars per token, as decimal text.
  private var pricing: String {
    guard let prices else { return "null" }
    let members = [
      ("prompt", prices.input), ("completion", prices.output), ("input_cache_read", prices.cached),
      ("internal_reasoning", prices.reasoning),
    ]
    let written = members.compactMap { name, price in
      price.flatMap(TokenPrice.text).map { "\(text(name)):\(text($0))" }
    }
    return "{\(written.joined(separator: ","))}"
  }

  private func text(_ string: String?) -> String { string.map { JSONText.quoted($0) } ?? "null" }
}

/// The price of one token in decimal digits, without an exponent, which not every client's decimal type reads.
enum TokenPrice {
  /// Nil for what is no price. Moves the decimal point in the shortest digits that mean the number, so that 0.57 for a
  /// million becomes 0.00000057 and not its neighbour.
  static func text(perMillion price: Double) -> String? {
    guard price.isFinite, price >= 0 else { return nil }
    let parts = "\(price.magnitude)".split(separator: "e")
    guard let mantissa = parts.first else { return nil }
    let exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
    let halves = mantissa.split(separator: ".", maxSplits: 1)
    let whole = halves.first ?? ""
    let digits = String(whole) + (halves.count > 1 ? String(halves[1]) : "")
    let point = whole.count + exponent - 6
    let padded = String(repeating: "0", count: max(1 - point, 0)) + digits
    let split = padded.index(padded.startIndex, offsetBy: max(point, 1), limitedBy: padded.endIndex) ?? padded.endIndex
    let missing = String(repeating: "0", count: max(point - padded.count, 0))
    let integer = (padded[..<split] + missing).drop { $0 == "0" }
    var fraction = padded[split...]
    while fraction.last == "0" { fraction.removeLast() }
    return (integer.isEmpty ? "0" : String(integer)) + (fraction.isEmpty ? "" : "." + fraction)
  }
}
