/// A value that satisfies the part of a JSON Schema that tools and structured outputs use: required
/// properties, `enum`, `const`, `$ref` into the same document, `anyOf`/`oneOf`/`allOf`, lower bounds.
struct SchemaExample {
  let document: JSON
  /// References may be circular; beyond this depth everything is an empty object.
  private static let deepest = 32

  init(of document: JSON) { self.document = document }

  func value() -> JSON { value(of: document, depth: 0) }

  private func value(of schema: JSON, depth: Int) -> JSON {
    guard depth < SchemaExample.deepest else { return [:] }
    if let constant = schema["const"] { return constant }
    if let first = schema["enum"]?.array?.first { return first }
    if let target = schema["$ref"]?.string.flatMap(resolve) { return value(of: target, depth: depth + 1) }
    for keyword in ["anyOf", "oneOf", "allOf"] {
      if let first = schema[keyword]?.array?.first { return value(of: first, depth: depth + 1) }
    }
    switch typeName(of: schema) {
    case "string": return .string(String(repeating: "x", count: bound(schema, "minLength", atLeast: 1)))
    case "number", "integer": return JSON(bound(schema, "minimum", atLeast: 1))
    case "boolean": return true
    case "null": return nil
    case "array":
      let element = schema["items"].map { value(of: $0, depth: depth + 1) } ?? "x"
      return .array(Array(repeating: element, count: bound(schema, "minItems", atLeast: 0)))
    default: return object(of: schema, depth: depth)
    }
  }

  private func object(of schema: JSON, depth: Int) -> JSON {
    let properties = schema["properties"] ?? [:]
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    return .object(
      required.map { name in
        JSON.Member(name: name, value: value(of: properties[name] ?? ["type": "string"], depth: depth + 1))
      })
  }

  private func typeName(of schema: JSON) -> String {
    if let name = schema["type"]?.string { return name }
    let names = (schema["type"]?.array ?? []).compactMap(\.string)
    return names.first { $0 != "null" } ?? names.first ?? "object"
  }

  /// Bounded, since an example is no place for a gigabyte.
  private func bound(_ schema: JSON, _ keyword: String, atLeast least: Int) -> Int {
    min(max(schema[keyword]?.int ?? least, least), 10_000)
  }

  /// A JSON Pointer into the document (`#/$defs/Name`).
  private func resolve(_ reference: String) -> JSON? {
    guard reference.hasPrefix("#") else { return nil }
    var place: JSON? = document
    for step in reference.dropFirst().split(separator: "/") { place = place?[String(step)] }
    return place
  }
}
