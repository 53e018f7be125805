/// A JSON value that keeps the order of members and the spelling of numbers (RFC 8259).
enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number as written, valid by the grammar of RFC 8259.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One name and its value; names may repeat in what a client sent.
  struct Member: Sendable, Equatable {
    var name: String
    var value: JSON
  }

  /// The value of the last member of this name (as Python and JavaScript read repeats), nil when this is no object.
  subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var bool: Bool? {
    guard case .bool(let flag) = self else { return nil }
    return flag
  }

  /// The whole number, also when it is spelt with a fraction or an exponent (`1.0`, `1e2`).
  var int: Int? {
    guard case .number(let text) = self else { return nil }
    if let whole = Int(text) { return whole }
    return Double(text).flatMap { Int(exactly: $0) }
  }

  var array: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member(name: $0.0, value: $0.1) })
  }

  init(arrayLiteral elements: JSON...) { self = .array(elements) }
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .number(String(value)) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(nilLiteral: ()) { self = .null }
}

extension JSON {
  init(_ value: Int) { self = .number(String(value)) }

  /// Null for what JSON cannot spell (infinities, NaN).
  init(_ value: Double) { self = value.isFinite ? .number(value.description) : .null }

  init(_ value: Float) { self = value.isFinite ? .number(value.description) : .null }

  init(_ value: String?) { self = value.map { .string($0) } ?? .null }

  init(_ value: Bool) { self = .bool(value) }

  /// Appends a member; does nothing on a value that is no object.
  mutating func append(_ name: String, _ value: JSON) {
    guard case .object(var members) = self else { return }
    self = .null
    members.append(Member(name: name, value: value))
    self = .object(members)
  }
}
