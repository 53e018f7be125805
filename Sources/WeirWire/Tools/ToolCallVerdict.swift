/// What the check of one tool call found; the names are the values of the metric's `result` label.
public enum ToolCallResult: String, Sendable, CaseIterable {
  /// A tool of the request was called, with arguments that its schema allows.
  case valid
  /// The arguments are not JSON.
  case invalidJSON = "invalid_json"
  /// The arguments are JSON, but no object, or not as the schema has it.
  case schemaMismatch = "schema_mismatch"
  /// The request offered no tool of that name.
  case unknownTool = "unknown_tool"
  /// The tool's schema is invalid, too large, refers outside of itself, or would take too long to check.
  case schemaUnusable = "schema_unusable"
  /// Nothing can be said: the call is not whole, too large, or came when too many were waiting.
  case unchecked
}

/// The result for one tool call, with what may be told of it: names that the request's schema has, never a value.
public struct ToolCallVerdict: Sendable, Equatable {
  /// What was found.
  public var result: ToolCallResult
  /// The tool's name, where the request offered it. Any other is the model's invention and may be data.
  public var tool: String?
  /// Where in the arguments the first violation is: a JSON pointer (RFC 6901) of keys that the schema names, with `*`
  /// for others; "" is the whole. Nil without a violation.
  public var path: String?
  /// The schema's keyword that the value violates, as `required`.
  public var keyword: String?

  /// A verdict without a place, unless one is given.
  public init(_ result: ToolCallResult, tool: String? = nil, path: String? = nil, keyword: String? = nil) {
    self.result = result
    self.tool = tool
    self.path = path
    self.keyword = keyword
  }
}
