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

  /// The elements of `tools`, `functions` or `mcp_servers`; nil when the text is no array.
  ///
  /// - Parameter text: a value of a body that an `Envelope` was read of.
  public static func offers(in text: [UInt8]) -> [Offer]? {
    read(text) { root in
      guard root.isArray else { return nil }
      return root.elements.compactMap { element in
        element.range.map { Offer(range: $0, tools: tools(of: element, isChoice: false)) }
      }
    } ?? nil
  }

  /// The tools that a `tool_choice` or `function_call` asks for; none for a word as `auto`.
  public static func chosen(by text: [UInt8]) -> [Names] {
    read(text) { root in root.isObject ? tools(of: root, isChoice: true) : [] } ?? []
  }

  /// The calls in `messages` or `input`.
  ///
  /// - Parameter member: what the list is called in a place.
  public static func pastCalls(in text: [UInt8], member: String) -> [PastCall] {
    read(text) { root in
      root.elements.enumerated().flatMap { index, item in
        calls(of: item).map { PastCall(names: $0, place: "\(member)[\(index)]") }
      }
    } ?? []
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

  private static func tools(of element: JSONValue, isChoice: Bool) -> [Names] {
    let lists = element.all("tools") + element.all("allowed_tools").flatMap { $0.isArray ? [$0] : $0.all("tools") }
    let inner = lists.flatMap { list in list.elements.flatMap { tools(of: $0, isChoice: isChoice) } }
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

  private static func calls(of item: JSONValue) -> [Names] {
    var calls = (item.all("tool_calls").flatMap { Array($0.elements) } + item.all("function_call")).flatMap(names)
    let type = item.text(of: "type") ?? ""
    let role = item.text(of: "role")
    if role == "tool" || role == "function" {
      calls += item.all("name").compactMap { $0.string(maximumBytes: longestName) }.map { [$0] }
    } else if type == "function_call" || type == "custom_tool_call" {
      calls += item.all("name").map { $0.string(maximumBytes: longestName).map { [$0] } ?? [] }
    } else if type.hasPrefix("mcp_") {
      calls += names(of: item)
    } else if type.hasSuffix("_call") {
      calls.append([String(type.dropLast("_call".count)), type])
    }
    for part in item.all("content").flatMap({ Array($0.elements) }) {
      guard let type = part.text(of: "type"), type.hasSuffix("tool_use") else { continue }
      calls += names(of: part)
    }
    return calls
  }
}

extension JSONValue {
  /// The values of all members of that name, compared with escapes undone.
  fileprivate func all(_ name: String) -> [JSONValue] {
    members.compactMap { key, value in key.string() == name ? value : nil }
  }

  /// The last member's string.
  fileprivate func text(of name: String) -> String? { all(name).last?.string() }
}
