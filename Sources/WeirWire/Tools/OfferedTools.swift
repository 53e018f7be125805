/// The tools that a request offers, by name, each with the text of its schema.
///
/// Reads every form there is, since they cannot be taken for one another: chat's `{"type":"function","function":{name,
/// parameters}}`, the Responses API's `{"type":"function",name,parameters}`, Anthropic's `{name,input_schema}`, and
/// the elements of OpenAI's first `functions`.
struct OfferedTools {
  /// No request is served with more: OpenAI refuses above 128, and each costs memory here.
  static let maximumCount = 4096
  /// A tool that declares no schema takes any object.
  static let anyObject = Array("{}".utf8)

  private var schemas: [String: [UInt8]] = [:]

  /// Nil when the text is no JSON array.
  ///
  /// - Parameter text: the request's `tools`, or its `functions`.
  init?(_ text: [UInt8], json: JSONReader) {
    var read: [String: [UInt8]]?
    let isJSON = unsafe text.withUnsafeBytes { bytes in
      unsafe json.read(bytes) { root in
        guard root.isArray else { return }
        read = Self.schemas(of: root)
      }
    }
    guard isJSON, let read else { return nil }
    schemas = read
  }

  private static func schemas(of tools: JSONValue) -> [String: [UInt8]] {
    var schemas: [String: [UInt8]] = [:]
    for tool in tools.elements {
      let declaration = tool["function"] ?? tool["custom"] ?? tool
      guard let name = declaration["name"]?.string(), schemas.count < maximumCount else { continue }
      // Of two with one name an upstream would refuse one or take the first.
      guard schemas[name] == nil else { continue }
      let schema = declaration["parameters"] ?? declaration["input_schema"]
      schemas[name] = schema.map { value in unsafe [UInt8](value.text) } ?? anyObject
    }
    return schemas
  }

  /// The schema's text of the tool with that name; nil when it was not offered.
  func schema(of name: String) -> [UInt8]? { schemas[name] }
}
