/// A value that satisfies the part of a JSON Schema that tools and structured outputs use: required
/// properties, `enum`, `const`, `$ref` into the same document, `anyOf`/`oneOf`/`allOf`, lower bounds.
struct SchemaExample {
  private let document: JSON
  /// Values that may still be made: a schema that refers to itself twice would double at every level.
  private var budget = 10_000
  /// References may be circular; beyond this depth everything is an empty object.
  private static let deepest = 32

  /// The example for a whole schema document.
  static func value(for document: JSON) -> JSON {
    var example = SchemaExample(document: document)
    return example.value(of: document, depth: 0)
  }

  private init(document: JSON) { self.document = document }

  private mutating func value(of schema: JSON, depth: Int) -> JSON {
    budget -= 1
    guard depth < SchemaExample.deepest, budget > 0 else { return [:] }
    if let constant = schema["const"] { return constant }
    if let first = schema["enum"]?.array?.first { return first }
    if let target = schema["$ref"]?.string.flatMap(resolve) { return value(of: target, depth: depth + 1) }
    for keyword in ["anyOf", "oneOf", "allOf"] {
      if let first = schema[keyword]?.array?.first { return value(of: first, depth: depth + 1) }
    }
    switch typeName(of: schema) {
    case "string": return .string(String(repeating: "x", count: bound(schema, "minLength", atLeast: 1)))
    case "number", "integer": return JSON(max(1, schema["minimum"]?.int ?? 1))
    case "boolean": return true
    case "null": return nil
    case "array": return array(of: schema, depth: depth)
    default: return object(of: schema, depth: depth)
    }
  }

  private mutating func array(of schema: JSON, depth: Int) -> JSON {
    var elements: [JSON] = []
    for _ in 0..<bound(schema, "minItems", atLeast: 0) where budget > 0 {
      elements.append(schema["items"].map { value(of: $0, depth: depth + 1) } ?? "x")
    }
    return .array(elements)
  }

  private mutating func object(of schema: JSON, depth: Int) -> JSON {
    let properties = schema["properties"] ?? [:]
    var members: [JSON.Member] = []
    for name in (schema["required"]?.array ?? []).compactMap(\.string) where budget > 0 {
      let property = properties[name] ?? ["type": "string"]
      members.append(JSON.Member(name: name, value: value(of: property, depth: depth + 1)))
    }
    return .object(members)
  }

  private func typeName(of schema: JSON) -> String {
    if let name = schema["type"]?.string { return name }
    let names = (schema["type"]?.array ?? []).compactMap(\.string)
    return names.first { $0 != "null" } ?? names.first ?? "object"
  }

  /// Bounded, since an example is no place for a megabyte.
  private func bound(_ schema: JSON, _ keyword: String, atLeast least: Int) -> Int {
    min(max(schema[keyword]?.int ?? least, least), 1000)
  }

  /// A JSON Pointer into the document (`#/$defs/Name`).
  private func resolve(_ reference: String) -> JSON? {
    guard reference.hasPrefix("#") else { return nil }
    var place: JSON? = document
    for step in reference.dropFirst().split(separator: "/") { place = place?[String(step)] }
    return place
  }
}
