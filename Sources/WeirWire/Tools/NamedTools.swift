/// The tools that parts of a request name, in the shapes of all APIs: chat's `{"type":"function","function":{name}}`, the
/// Responses API's `{"type":"function",name}`, its built-in tools and those of Anthropic by `type`, MCP servers by
/// `server_label`, the elements of OpenAI's first `functions`, and calls in earlier turns.
public enum NamedTools {
  /// The names that one tool goes by: its own, and its type where that says more than that it is a function. Empty for
  /// a tool that has none that can be read.
  public typealias Names = [String]

  /// An element of a list of tools.
  public struct Offer: Sendable, Equatable {
    /// The bytes of the element within the list's text.
    public let range: Range<Int>
    /// The tools that it brings; a namespace brings several.
    public let tools: [Names]
  }

  /// A call, or its result, in an earlier turn.
  public struct PastCall: Sendable, Equatable {
    /// What was called.
    public let names: Names
    /// Where, as `messages[3]`.
    public let place: String
  }

  /// There are more tools than ``mostTools``.
  public struct TooMany: Error {}

  /// More are not looked at, since each takes memory: an API takes some hundreds at most.
  public static let mostTools = 4096

  /// The elements of `tools`, `functions` or `mcp_servers`; nil when the text is no array.
  ///
  /// - Parameter text: a value of a body that an `Envelope` was read of.
  public static func offers(in text: [UInt8]) throws(TooMany) -> [Offer]? {
    var room = Room()
    let offers: [Offer]?? = read(text) { root in
      guard root.isArray else { return nil }
      var offers: [Offer] = []
      for element in root.elements {
        guard !room.isFull else { break }
        guard let range = element.range else { continue }
        offers.append(Offer(range: range, tools: tools(of: element, isChoice: false, &room)))
      }
      return offers
    }
    if room.isFull { throw TooMany() }
    return offers ?? nil
  }

  /// The tools that a `tool_choice` or `function_call` asks for; none for a word as `auto`.
  public static func chosen(by text: [UInt8]) throws(TooMany) -> [Names] {
    var room = Room()
    let chosen = read(text) { root in root.isObject ? tools(of: root, isChoice: true, &room) : [] }
    if room.isFull { throw TooMany() }
    return chosen ?? []
  }

  /// The first call in `messages` or `input` that is sought; none is kept, since there may be millions.
  ///
  /// - Parameter member: what the list is called in a place.
  public static func firstPastCall(
    in text: [UInt8], member: String, where isSought: (Names) -> Bool
  ) -> PastCall? {
    let found: PastCall?? = read(text) { root in
      for (index, item) in root.elements.enumerated() {
        if let names = firstCall(of: item, where: isSought) {
          return PastCall(names: names, place: "\(member)[\(index)]")
        }
      }
      return nil
    }
    return found ?? nil
  }

  /// What is left of `mostTools`.
  private struct Room {
    private var left = mostTools
    private(set) var isFull = false

    /// Whether there is room for another tool.
    mutating func take() -> Bool {
      if left == 0 { isFull = true }
      left -= isFull ? 0 : 1
      return !isFull
    }
  }

  private static func read<Result>(_ text: [UInt8], _ body: (JSONValue) -> Result) -> Result? {
    var result: Result?
    _ = unsafe text.withUnsafeBytes { bytes in unsafe JSONReader().read(bytes) { result = body($0) } }
    return result
  }

  /// No tool says its name or type more often; members that come twice count each.
  private static let mostNames = 8
  /// No tool is named at greater length.
  private static let longestName = 4096
  /// Types that only say how a tool is declared or asked for.
  private static let plainTypes: Set<String> = ["function", "custom", "tool", "url", "tool_use", "server_tool_use"]
  private static let choiceTypes: Set<String> = ["auto", "any", "none", "required", "allowed_tools"]

  private static func tools(of element: JSONValue, isChoice: Bool, _ room: inout Room) -> [Names] {
    guard room.take() else { return [] }
    let lists = element.all("tools") + element.all("allowed_tools").flatMap { $0.isArray ? [$0] : $0.all("tools") }
    var inner: [Names] = []
    for list in lists {
      for tool in list.elements where !room.isFull { inner += tools(of: tool, isChoice: isChoice, &room) }
    }
    let own = names(of: element)
    if isChoice, own.isEmpty || choiceTypes.contains(element.text(of: "type") ?? "") { return inner }
    // A namespace is no tool itself.
    return own.isEmpty ? (inner.isEmpty ? [[]] : inner) : own + inner
  }

  /// Of a member that comes twice both values count, since readers differ.
  private static func names(of element: JSONValue) -> [Names] {
    let declarations = [element] + element.all("function") + element.all("custom")
    let types = element.all("type").compactMap { $0.string(maximumBytes: longestName) }
    if types.contains(where: { $0.hasPrefix("mcp") }) {
      let labels = (element.all("server_label") + element.all("mcp_server_name") + element.all("server_name"))
        .compactMap { $0.string(maximumBytes: longestName) }
      return labels.isEmpty ? [["mcp"]] : labels.map { [$0, "mcp"] }
    }
    let kinds = types.filter { !plainTypes.contains($0) }
    let names = declarations.flatMap { $0.all("name") }.map { $0.string(maximumBytes: longestName) }
    // Nobody says it so often: a tool without a name that can be read is never allowed.
    guard names.count <= mostNames, types.count <= mostNames else { return [[]] }
    if names.isEmpty { return kinds.isEmpty ? [] : [kinds] }
    // The name beside a built-in's type is the client's own word, but for Anthropic's, whose types bear a version.
    let builtIns = kinds.filter { $0 != "namespace" && !isVersioned($0) }
    return names.map { name in name.map { [$0] + kinds } ?? [] } + (builtIns.isEmpty ? [] : [builtIns])
  }

  /// Whether a type ends in a number, as `web_search_20250305` does.
  private static func isVersioned(_ type: String) -> Bool {
    let parts = type.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count > 1, let end = parts.last, !end.isEmpty else { return false }
    return end.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// What the first call that is sought goes by, of those in an item of a conversation.
  private static func firstCall(of item: JSONValue, where isSought: (Names) -> Bool) -> Names? {
    for list in item.all("tool_calls") {
      for call in list.elements { if let names = names(of: call).first(where: isSought) { return names } }
    }
    for call in item.all("function_call") { if let names = names(of: call).first(where: isSought) { return names } }
    if let names = ownCalls(of: item).first(where: isSought) { return names }
    for content in item.all("content") {
      for part in content.elements {
        guard let type = part.text(of: "type"), type.hasSuffix("tool_use") else { continue }
        if let names = names(of: part).first(where: isSought) { return names }
      }
    }
    return nil
  }

  /// What an item goes by that is itself a call, or the result of one.
  private static func ownCalls(of item: JSONValue) -> [Names] {
    let type = item.text(of: "type") ?? ""
    let role = item.text(of: "role")
    if role == "tool" || role == "function" {
      return item.all("name").compactMap { $0.string(maximumBytes: longestName) }.map { [$0] }
    }
    if type == "function_call" || type == "custom_tool_call" {
      return item.all("name").map { $0.string(maximumBytes: longestName).map { [$0] } ?? [] }
    }
    if type.hasPrefix("mcp_") { return names(of: item) }
    return type.hasSuffix("_call") ? [[String(type.dropLast("_call".count)), type]] : []
  }
}

extension JSONValue {
  /// The values of all members of that name, compared with escapes undone.
  fileprivate func all(_ name: String) -> [JSONValue] {
    members.compactMap { key, value in key.string() == name ? value : nil }
  }

  /// The last member's string.
  fileprivate func text(of name: String) -> String? {
    var last: JSONValue?
    for (key, value) in members where key.string() == name { last = value }
    return last?.string()
  }
}
