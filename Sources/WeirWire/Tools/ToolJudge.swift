/// Checks a reply's tool calls against the tools of its request: the name was offered, the arguments are JSON, and
/// they are as the tool's schema has them. Keeps compiled schemas. Not Sendable: belongs to one thread, which needs
/// ``stackBytes`` of stack; one call takes two seconds at the very most.
public struct ToolJudge {
  /// The stack that a thread must have, in bytes.
  public static let stackBytes = 2 * ToolSchema.stackBytes

  private let json = JSONReader()
  private var schemas = ToolSchemaCache()

  /// A judge that has seen no schema yet.
  public init() {}

  /// One verdict a call, in their order.
  ///
  /// - Parameter tools: the text of the request's `tools` member, or of its `functions`.
  public mutating func judge(_ calls: [CollectedToolCall], tools: [UInt8]) -> [ToolCallVerdict] {
    guard let offered = OfferedTools(tools, json: json) else { return calls.map { _ in ToolCallVerdict(.unchecked) } }
    return calls.map { judge($0, offered) }
  }

  private mutating func judge(_ call: CollectedToolCall, _ offered: OfferedTools) -> ToolCallVerdict {
    guard let text = offered.schema(of: call.name) else {
      // A stream may have broken off before the name.
      return ToolCallVerdict(call.isWhole || !call.name.isEmpty ? .unknownTool : .unchecked)
    }
    var verdict = ToolCallVerdict(.unchecked)
    if call.isWhole { verdict = check(call.arguments, text) }
    verdict.tool = call.name
    return verdict
  }

  private mutating func check(_ arguments: [UInt8], _ text: [UInt8]) -> ToolCallVerdict {
    if let schema = schemas.schema(for: text) { return schema.check(arguments) }
    // Arguments that no client can parse are wrong whatever the schema.
    let parsed = schemas.schema(for: OfferedTools.anyObject)?.check(arguments)
    return ToolCallVerdict(parsed?.result == .invalidJSON ? .invalidJSON : .schemaUnusable)
  }
}
