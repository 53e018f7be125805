import CWeirSimdjson

/// One value of a document that a ``JSONReader`` has validated; only valid within the closure it was given to.
@safe struct JSONValue {
  let parser: OpaquePointer
  let bytes: UnsafeRawBufferPointer
  let token: UInt32

  private func value(at token: UInt32) -> JSONValue? {
    token == UInt32.max ? nil : unsafe JSONValue(parser: parser, bytes: bytes, token: token)
  }

  /// The value of an object's member; nil when there is none, or it is null, or this is no object.
  subscript(_ name: StaticString) -> JSONValue? {
    let found = unsafe weir_json_find(parser, token, name.utf8Start, name.utf8CodeUnitCount)
    guard let member = value(at: found), member.kind != weir_json_kind_null else { return nil }
    return member
  }

  var kind: weir_json_kind { unsafe weir_json_kind_of(parser, token) }

  var isString: Bool { kind == weir_json_kind_string }

  var isObject: Bool { kind == weir_json_kind_object }

  var isArray: Bool { kind == weir_json_kind_array }

  var isTrue: Bool { kind == weir_json_kind_true }

  /// The value as it is written.
  var text: UnsafeRawBufferPointer {
    let range = unsafe weir_json_range_of(parser, token)
    guard let offsets = range.offsets, unsafe offsets.upperBound <= bytes.count else {
      return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[offsets])
  }

  /// Where the value stands in the document; nil only for one that reaches beyond it.
  var range: Range<Int>? {
    let range = unsafe weir_json_range_of(parser, token)
    guard let offsets = range.offsets, unsafe offsets.upperBound <= bytes.count else { return nil }
    return offsets
  }

  /// The elements of an array; none for another kind.
  var elements: Elements {
    let first = unsafe kind == weir_json_kind_array ? weir_json_first(parser, token) : UInt32.max
    return Elements(upcoming: value(at: first))
  }

  /// Walks an array without collecting it.
  struct Elements: Sequence, IteratorProtocol {
    fileprivate var upcoming: JSONValue?

    /// True where none is left.
    var isEmpty: Bool { upcoming == nil }

    mutating func next() -> JSONValue? {
      guard let current = upcoming else { return nil }
      upcoming = unsafe current.value(at: weir_json_next(current.parser, current.token))
      return current
    }
  }

  /// The members of an object, in order; none for another kind.
  var members: Members {
    let first = unsafe kind == weir_json_kind_object ? weir_json_first(parser, token) : UInt32.max
    return Members(upcoming: value(at: first))
  }

  /// Walks an object without collecting it.
  struct Members: Sequence, IteratorProtocol {
    fileprivate var upcoming: JSONValue?

    mutating func next() -> (key: JSONValue, value: JSONValue)? {
      guard let key = upcoming, let member = key.value(at: weir_json_value_of(key.token)) else { return nil }
      upcoming = unsafe member.value(at: weir_json_next(member.parser, member.token))
      return (key, member)
    }
  }

  /// What stands between a string's quotes, escapes as written; nil for another kind.
  var quoted: UnsafeRawBufferPointer? {
    guard kind == weir_json_kind_string else { return nil }
    let range = unsafe weir_json_range_of(parser, token)
    guard let offsets = range.offsets, offsets.count >= 2, unsafe offsets.upperBound <= bytes.count else {
      return nil
    }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[offsets.lowerBound + 1..<offsets.upperBound - 1])
  }

  /// The string, unescaped; nil for another kind, and for one above `maximumBytes`, which no name or code is.
  func string(maximumBytes: Int = 256) -> String? {
    guard let quoted = unsafe quoted, quoted.count <= maximumBytes else { return nil }
    return unsafe unescapedText(quoted)
  }

  /// True for a string that is written as `text`, with no need for escapes.
  func isString(_ text: StaticString) -> Bool {
    guard let quoted = unsafe quoted else { return false }
    let expected = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return unsafe quoted.elementsEqual(expected)
  }

  /// True for a string that ends as `text` does, as written.
  func endsWith(_ text: StaticString) -> Bool {
    guard let quoted = unsafe quoted else { return false }
    let expected = unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return unsafe quoted.suffix(expected.count).elementsEqual(expected)
  }

  /// True for a string with at least one character.
  var isText: Bool { unsafe quoted.map { unsafe !$0.isEmpty } ?? false }

  /// A finite number; nil for another kind.
  var number: Double? {
    guard kind == weir_json_kind_number else { return nil }
    var number = 0.0
    return unsafe weir_json_number(parser, token, &number) ? number : nil
  }

  /// A number that can be a count of tokens: not negative, at most a billion. Fractions are cut off.
  var tokenCount: Int? {
    guard let number, number >= 0, number <= 1e9 else { return nil }
    return Int(number)
  }

  /// A number that can be the price of one request in US dollars: not negative, at most a million.
  var price: Double? {
    guard let number, number >= 0, number <= 1e6 else { return nil }
    return number
  }
}
